"""Does the browser draw seven words fairly, and know them however they are typed?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.securechat.web_client import Refusal, Wb1


@pytest.fixture(scope="module")
def wb1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wb1]:
    with Wb1(tmp_path_factory.mktemp("wb1")) as running:
        yield running


def test_15_words_are_drawn_uniformly_by_the_browser(wb1: Wb1) -> None:
    drawn = [index for code in wb1.do("draw", times=20_000) for index in code]
    assert len(drawn) == 140_000
    counts = [0] * 2048
    for index in drawn:
        counts[index] += 1
    expected = len(drawn) / 2048
    chi2 = sum((count - expected) ** 2 / expected for count in counts)
    # 2,047 degrees of freedom: six standard deviations around the mean
    assert abs(chi2 - 2047) < 6 * (2 * 2047) ** 0.5


@pytest.fixture(scope="module")
def word_file() -> str:
    """2,048 invented words, each known by its first four letters."""
    letters = "abcdefghijklmnop"
    starts = [a + b + c for a in letters for b in letters for c in letters[:8]]
    return "\n".join(f"{start}ter" for start in starts)


def test_16_typing_forgives_what_it_can(wb1: Wb1, word_file: str) -> None:
    words = word_file.split("\n")
    indices = [5, 2047, 99, 700, 1, 1024, 333]
    right = [words[index] for index in indices]
    for typed in (
        " ".join(right),
        "  ".join(right).upper() + "\n",
        "-".join(word[:4] for word in right),
        "\n".join(f"{n}. {word}" for n, word in enumerate(right, 1)),
        ", ".join(word.replace("a", "á") for word in right),
    ):
        assert indices == wb1.do("words", file=word_file, typed=typed, count=7)
    for wrong in (
        " ".join(right[:6]),
        " ".join([*right, right[0]]),
        " ".join([*right[:6], "zzzz"]),
    ):
        with pytest.raises(Refusal, match="code"):
            wb1.do("words", file=word_file, typed=wrong, count=7)


def test_16_a_message_with_the_own_code_is_seen(wb1: Wb1, word_file: str) -> None:
    words = word_file.split("\n")
    indices = [5, 2047, 99, 700, 1, 1024, 333]
    right = [words[index] for index in indices]
    asked = {"file": word_file, "indices": indices}
    assert wb1.do("has_code", text=f"mijn woorden zijn {' '.join(right)} dank", **asked)
    assert wb1.do("has_code", text=", ".join(word.upper() for word in right[1:6]), **asked)
    assert not wb1.do("has_code", text=" ".join(right[:4]), **asked)
    assert not wb1.do("has_code", text="gewoon een vraag over de huur van mijn huis", **asked)
