"""Which numbers are these words, and which words these numbers?

A list has 2,048 words; each is known by its first four letters (docs/wb1.md, section 4). Seven
words are a resident's return code, twelve open the organisation's root.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from wijkbot.recovery.keys import Random

LIST_LENGTH = 2048
CODE_LENGTH = 7
ROOT_LENGTH = 12
_KNOWN_BY = 4
_A_LANGUAGE = re.compile(r"([a-z]{2,3})\.txt")
_LIGATURES = (("œ", "oe"), ("æ", "ae"), ("ß", "ss"))


class UnknownWord(ValueError):
    """A typed word is not in the list; ``place`` counts from 1. It never repeats the word."""

    def __init__(self, place: int) -> None:
        super().__init__(f"word {place} is not in the list")
        self.place = place


@dataclass(frozen=True)
class WordList:
    """The words of one language, in the order of their numbers."""

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not LIST_LENGTH == len(self.words) == len(self._numbers):
            raise ValueError("a list has 2,048 words that differ in their first four letters")

    def find(self, typed: str) -> tuple[int, ...]:
        """The numbers of the typed words; spaces, commas and hyphens stand between words.

        Raises:
            UnknownWord: one of them is not in the list.
        """
        return tuple(
            self._number(place, letters) for place, letters in enumerate(split(typed), start=1)
        )

    def say(self, indices: Iterable[int]) -> tuple[str, ...]:
        """The words of these numbers."""
        return tuple(self.words[index] for index in indices)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {letters_of(word)[:_KNOWN_BY]: i for i, word in enumerate(self.words)}

    def _number(self, place: int, letters: str) -> int:
        number = self._numbers.get(letters[:_KNOWN_BY])
        if number is None:
            raise UnknownWord(place)
        return number


def letters_of(word: str) -> str:
    """A word as it is looked up: small letters a to z, without accents or anything else."""
    small = word.lower()
    for ligature, letters in _LIGATURES:
        small = small.replace(ligature, letters)
    plain = unicodedata.normalize("NFKD", small)
    return "".join(letter for letter in plain if "a" <= letter <= "z")


def split(typed: str) -> tuple[str, ...]:
    """The words of what somebody typed, each as it is looked up."""
    for between in ",;-–.":
        typed = typed.replace(between, " ")
    return tuple(letters for word in typed.split() if (letters := letters_of(word)))


def draw(random: Random, count: int) -> tuple[int, ...]:
    """So many numbers of words, each as likely as any other."""
    # 2,048 divides 65,536: the rest of two bytes is uniform
    return tuple(int.from_bytes(random(2), "big") % LIST_LENGTH for _ in range(count))


def read_list(text: str) -> WordList:
    """A list from its file: one word on each line."""
    return WordList(tuple(text.split()))


def published_lists() -> dict[str, WordList]:
    """The lists that come with wijkbot, by language."""
    folder = files("wijkbot.securechat") / "words"
    return {
        found[1]: read_list(one.read_text(encoding="utf-8"))
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if (found := _A_LANGUAGE.fullmatch(one.name))
    }
