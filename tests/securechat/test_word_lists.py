"""Can a person in trouble write, spell, hear and type every word of the return code?"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from scipy.stats import chisquare

WORDS = Path(__file__).parents[2] / "wijkbot" / "securechat" / "words"
LANGUAGES = ("nl", "fr", "en")
SIZE = 2048
CODE_WORDS = 7

# What is heard alike is written alike here. Rough on purpose: a false alarm costs one word.
SOUNDS: dict[str, tuple[tuple[str, str], ...]] = {
    "nl": (
        ("ij|y", "ei"),
        ("ouw|auw|ou", "au"),
        ("ch", "g"),
        ("ph", "f"),
        ("th|dt", "t"),
        ("qu", "kw"),
        ("c(?=[eiy])", "s"),
        ("[cq]", "k"),
        ("x", "ks"),
        ("d$", "t"),
        ("b$", "p"),
        (r"([^aeou])\1", r"\1"),
    ),
    "fr": (
        ("^h", ""),
        ("ph", "f"),
        ("th", "t"),
        ("e?au", "o"),
        ("ain|ein|aim|im(?=[bp])|yn", "in"),
        ("en|em(?=[bp])|am(?=[bp])", "an"),
        ("ai|ei", "e"),
        ("qu|k", "c"),
        ("sc(?=[ei])|ss|c(?=[eiy])", "s"),
        ("ge(?=[ao])", "j"),
        ("y", "i"),
        ("(?<=.{2})(er|ez|es|e)$", ""),
        ("(?<=.{2})[stdxpz]$", ""),
        (r"(.)\1", r"\1"),
    ),
    "en": (
        ("^kn", "n"),
        ("^wr", "r"),
        ("^wh", "w"),
        ("gh", ""),
        ("ph", "f"),
        ("ck|q|c(?![eiyh])", "k"),
        ("c(?=[eiy])", "s"),
        ("x", "ks"),
        ("ea|ee|ie", "i"),
        ("ai|ay|ei|ey", "a"),
        ("oa|ow|ou", "o"),
        ("(?<=.{2})e$", ""),
        (r"(.)\1", r"\1"),
    ),
}


def shown(language: str) -> list[str]:
    """The words as a resident sees them, in their order."""
    return (WORDS / f"{language}.txt").read_text(encoding="utf-8").splitlines()


def normal(word: str) -> str:
    """The plain form that typing and the key derivation use."""
    whole = word.lower().replace("œ", "oe").replace("æ", "ae")
    apart = unicodedata.normalize("NFD", whole)
    return "".join(mark for mark in apart if not unicodedata.combining(mark))


def plain(language: str) -> list[str]:
    return [normal(word) for word in shown(language)]


def sound(language: str, word: str) -> str:
    for pattern, heard in SOUNDS[language]:
        word = re.sub(pattern, heard, word)
    return word


def rejected(language: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Whole words, and stems, that the blocklist forbids in a language."""
    entries: set[str] = set()
    section = ""
    for line in (WORDS / "rejected.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#") and section in ("all", language):
            entries.update(normal(entry) for entry in line.split())
    stems = tuple(sorted(entry[:-1] for entry in entries if entry.endswith("*")))
    return frozenset(entry for entry in entries if not entry.endswith("*")), stems


def shortened(word: str) -> set[str]:
    """The word and every form that lacks one letter: near words share one of these."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def one_slip_apart(one: str, other: str) -> bool:
    """Is the Levenshtein distance at most 1?"""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((at for at in range(len(short)) if short[at] != long[at]), len(short))
    return short[same + (len(short) == len(long)) :] == long[same + 1 :]


def draw_indices(random_bytes: Callable[[int], bytes]) -> list[int]:
    """Seven numbers of 11 bits from ten random bytes; the last three bits are thrown away."""
    bits = int.from_bytes(random_bytes(10), "big") >> 3
    return [bits >> (11 * place) & (SIZE - 1) for place in reversed(range(CODE_WORDS))]


def repeatable_bytes() -> Callable[[int], bytes]:
    """A byte source that is the same in every run, so that this test never fails by luck."""

    def stream() -> Iterator[int]:
        block = 0
        while True:
            yield from hashlib.sha256(b"return code" + block.to_bytes(8, "big")).digest()
            block += 1

    flow = stream()
    return lambda count: bytes(next(flow) for _ in range(count))


@pytest.mark.parametrize("language", LANGUAGES)
class TestEveryList:
    def test_holds_2048_words_once_each(self, language: str) -> None:
        assert len(shown(language)) == SIZE
        assert len(set(plain(language))) == SIZE

    def test_file_holds_only_lowercase_words_in_alphabetical_order(self, language: str) -> None:
        raw = (WORDS / f"{language}.txt").read_bytes()
        assert raw.endswith(b"\n")
        assert not raw.endswith(b"\n\n")
        assert b"\r" not in raw
        assert not raw.startswith(b"\xef\xbb\xbf")
        assert raw.decode() == unicodedata.normalize("NFC", raw.decode())
        assert [word for word in shown(language) if word != word.lower().strip()] == []
        assert plain(language) == sorted(plain(language))

    def test_words_are_three_to_eight_plain_letters(self, language: str) -> None:
        odd = [word for word in plain(language) if not re.fullmatch("[a-z]{3,8}", word)]
        assert odd == []

    def test_first_four_letters_tell_every_word(self, language: str) -> None:
        starts = Counter(word[:4] for word in plain(language))
        assert [start for start, times in starts.items() if times > 1] == []

    def test_no_short_word_begins_another(self, language: str) -> None:
        words = plain(language)
        short = tuple(word for word in words if len(word) == 3)
        assert [word for word in words if len(word) > 3 and word.startswith(short)] == []

    def test_one_slip_of_the_finger_never_gives_another_word(self, language: str) -> None:
        seen: dict[str, list[str]] = {}
        near = set()
        for word in plain(language):
            for form in shortened(word):
                for other in seen.setdefault(form, []):
                    if one_slip_apart(word, other):
                        near.add((other, word))
                seen[form].append(word)
        assert near == set()

    def test_no_two_words_sound_alike(self, language: str) -> None:
        heard: dict[str, list[str]] = {}
        for word in plain(language):
            heard.setdefault(sound(language, word), []).append(word)
        assert [words for words in heard.values() if len(words) > 1] == []

    def test_no_word_stands_on_the_blocklist(self, language: str) -> None:
        whole, stems = rejected(language)
        hurting = [word for word in plain(language) if word in whole or word.startswith(stems)]
        assert hurting == []

    def test_first_four_letters_are_no_coarse_word(self, language: str) -> None:
        whole, _ = rejected("all")
        assert [word for word in plain(language) if word[:4] in whole] == []


def test_dutch_words_have_no_accents_and_are_no_diminutives() -> None:
    assert shown("nl") == plain("nl")
    assert [word for word in shown("nl") if re.search("jes?$", word)] == []


def test_only_french_words_carry_accents() -> None:
    assert shown("en") == plain("en")
    assert any(word != normal(word) for word in shown("fr"))


@pytest.mark.parametrize(
    ("language", "hurting"),
    [
        ("nl", "mes pil bloed graf dood politie ziekte schuld hoer verkrachting kerk"),
        ("fr", "couteau sang tombe mort police maladie dette pute violence église"),
        ("en", "knife pill blood grave death police illness debt whore rape church"),
        ("nl", "bitch pute"),
        ("fr", "kut fuck"),
        ("en", "salope hoer"),
    ],
)
def test_blocklist_is_broad(language: str, hurting: str) -> None:
    whole, stems = rejected(language)
    words = [normal(word) for word in hurting.split()]
    assert [word for word in words if word not in whole and not word.startswith(stems)] == []


def test_blocklist_gives_a_reason_for_every_block() -> None:
    lines = (WORDS / "rejected.txt").read_text(encoding="utf-8").splitlines()
    sections = [line for line in lines if line.startswith("[")]
    assert sections == ["[all]", "[nl]", "[fr]", "[en]"]
    after_headings = [lines[at + 1] for at, line in enumerate(lines) if line in sections]
    assert all(line.startswith("# ") for line in after_headings)
    entries = " ".join(line for line in lines if line[:1] not in ("[", "#")).split()
    assert [entry for entry in entries if not re.fullmatch("[a-z]+\\*?", normal(entry))] == []


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("nl", "hart", "hard"),
        ("nl", "leiden", "lijden"),
        ("nl", "rauw", "rouw"),
        ("fr", "mer", "mere"),
        ("fr", "pain", "pin"),
        ("en", "beach", "beech"),
        ("en", "knot", "not"),
    ],
)
def test_sound_rules_hear_known_homophones(language: str, one: str, other: str) -> None:
    assert sound(language, one) == sound(language, other)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [("boom", "boon", False), ("beer", "eer", False), ("kaas", "haas", False),
     ("bank", "banken", True), ("roos", "rots", False), ("melk", "kelk", False),
     ("tafel", "stoel", True), ("abc", "acb", True)],
)  # fmt: skip
def test_slip_counts_one_change_insertion_or_loss(one: str, other: str, apart: bool) -> None:
    assert one_slip_apart(one, other) is not apart


def test_ten_bytes_give_every_index_at_every_place() -> None:
    for place in range(CODE_WORDS):
        for index in (0, 1, 1023, 1024, SIZE - 1):
            bits = index << (11 * (CODE_WORDS - 1 - place)) << 3
            drawn = draw_indices(partial(bits.to_bytes, byteorder="big"))
            assert drawn[place] == index
            assert sum(drawn) == index


def test_indices_are_uniform_over_the_whole_list() -> None:
    source = repeatable_bytes()
    codes = [draw_indices(source) for _ in range(30_000)]
    for place in range(CODE_WORDS):
        counts = Counter(code[place] for code in codes)
        assert chisquare([counts[index] for index in range(SIZE)]).pvalue > 0.001
    every = Counter(index for code in codes for index in code)
    assert chisquare([every[index] for index in range(SIZE)]).pvalue > 0.001


def test_a_skewed_draw_is_seen_by_the_same_measure() -> None:
    source = repeatable_bytes()
    skewed = Counter(index * 2047 // 2048 for _ in range(30_000) for index in draw_indices(source))
    assert chisquare([skewed[index] for index in range(SIZE)]).pvalue < 0.001
