"""Are words found however they are typed, and drawn without favour?"""

from __future__ import annotations

import json
import os
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from tests.vectors import make_vectors
from wijkbot.recovery.words import (
    LIST_LENGTH,
    UnknownWord,
    WordList,
    draw,
    letters_of,
    published_lists,
    read_list,
)

MADE = WordList(
    tuple("".join(four) for four in product("bdfgklmnprstvz", "aeiou", "klmnrst", "aeio"))[
        :LIST_LENGTH
    ]
    + tuple("x" + "".join(rest) for rest in product("abcdefgh", "abcd", "abcd"))[: 2048 - 1960]
)


def typed_words(indices: tuple[int, ...], lang: str = "nl") -> str:
    return " ".join(published_lists()[lang].say(indices))


def test_16_words_are_looked_up_as_the_vectors_say() -> None:
    for row in json.loads(Path(make_vectors.FILE).read_text())["words"]:
        assert row["letters"] == letters_of(row["typed"])[:4]


def test_16_case_accents_commas_and_hyphens_make_no_difference() -> None:
    numbers = (0, 1, 77, 1959)
    words = MADE.say(numbers)
    for between in (" ", ", ", "-", "\n", "  ;  "):
        assert numbers == MADE.find(between.join(words))
    assert numbers == MADE.find(" ".join(words).upper())
    assert numbers == MADE.find(" ".join(word.replace("a", "á") + "zomaar" for word in words))


def test_16_a_word_that_is_not_there_is_named_by_its_place_only() -> None:
    with pytest.raises(UnknownWord) as unknown:
        MADE.find(f"{MADE.words[3]} qqqq")
    assert 2 == unknown.value.place
    assert "qqqq" not in str(unknown.value)


def test_15_a_list_with_too_few_or_equal_words_is_refused() -> None:
    with pytest.raises(ValueError, match="2,048"):
        read_list("een twee drie")
    with pytest.raises(ValueError, match="2,048"):
        WordList((*MADE.words[:-1], MADE.words[0] + "ok"))


def test_15_every_word_is_drawn_as_often_as_any_other() -> None:
    every = (number.to_bytes(2, "big") for number in range(2**16))
    counts = Counter(draw(lambda _: next(every), 2**16))
    assert LIST_LENGTH == len(counts)
    assert {32} == set(counts.values())
    assert 12 == len(draw(os.urandom, 12))


def test_15_the_published_lists_are_lists() -> None:
    lists = published_lists()
    assert "nl" in lists
    for one in lists.values():
        assert tuple(range(LIST_LENGTH)) == one.find(" ".join(one.words))
