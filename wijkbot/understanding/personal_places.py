"""Which home is named in a text? A street with its number, or a postcode with one."""

from __future__ import annotations

import re
from typing import NamedTuple

from wijkbot.understanding.street_words import (
    ADDRESS_WORDS,
    ADJECTIVES,
    COUNTED,
    HOME,
    NAME_PARTS,
    NO_NAME,
    NO_STREET,
    NOT_PLURAL,
    NUMBER_FIRST,
    NUMBER_WORDS,
    OPEN,
    PUBLIC,
    REQUEST,
    STREET_ENDINGS,
    STREET_FIRST,
    STREET_LAST,
    TOWARDS,
    bare,
)

_TOKEN = re.compile(r"\d+(?:[-/]\d+)*[A-Za-z]?(?![^\W_])|[^\W_]+(?:['’][^\W_]+)*|n°|№|c/|[^\w\s]")
_HOUSE = re.compile(r"[1-9]\d{0,3}(?:[-/]\d{1,3}[a-g]?|[a-g])?")
_DAY = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[-/](?:0[1-9]|1[0-2])")
_MONEY = frozenset("€$£")
_NOT_BEFORE = _MONEY | {"le"}
"""Before a number that begins no address: "le 12 place Flagey" is a day."""
_CLOCK_HOURS = 24
_STOPS = frozenset(".!?;:")
_NAME_REACH = 4
"""Words of a street's name, and of what stands between a street and its number."""
_HOME_REACH = 6
_PUBLIC_REACH = 5
_REACH = _HOME_REACH + _NAME_REACH
_POSTCODE = re.compile(
    r"\b[1-9]\d{3} ?(?!S[ADS]\b)[A-Z]{2}\b(?=[ ,]+(?:[A-Z][a-z]{2,}|\d{1,4}\b))"
)
_POSTCODE_LATER = re.compile(r"\b\d{1,4}[a-z]?,? [1-9]\d{3} ?(?!S[ADS]\b)[A-Z]{2}\b")


class _Word(NamedTuple):
    raw: str
    low: str

    @property
    def is_name(self) -> bool:
        """Has it a capital, or no small letters, as in Arabic?"""
        return self.raw[:1].isalpha() and not self.raw[:1].islower()

    @property
    def is_word(self) -> bool:
        return self.low[:1].isalpha()


def names_home(text: str) -> bool:
    """Does the text name a house where somebody may live?

    A street and number of a service ("het spreekuur in de Dorpsstraat 12") is none, unless the
    writer says that somebody lives there. Takes time in proportion to the text.
    """
    if not any(character.isdigit() for character in text):
        return False
    if _POSTCODE.search(text) or _POSTCODE_LATER.search(text):
        return True
    words = _words(text)
    return any(_is_house(words, at) for at, word in enumerate(words) if _HOUSE.fullmatch(word.low))


def names_resident(text: str) -> bool:
    """Does the text say of a house that somebody lives there?"""
    words = _words(text)
    return any(
        _is_house(words, at) and any(_lives(word.low) for word in words[max(at - _REACH, 0) : at])
        for at, word in enumerate(words)
        if _HOUSE.fullmatch(word.low)
    )


def _words(text: str) -> list[_Word]:
    return [_Word(found, bare(found)) for found in _TOKEN.findall(text)]


def _is_house(words: list[_Word], at: int) -> bool:
    street = _street_before(words, at)
    if street is None:
        street = at if _street_behind(words, at) else None
        if street is None:
            return _has_named_number(words, at)
    before = words[max(street - _HOME_REACH, 0) : street]
    if any(_is_home(word.low) for word in before):
        return True
    is_goal = bool(before) and before[-1].low in TOWARDS
    if _DAY.fullmatch(words[at].low) or (not is_goal and _counts_something(words, at)):
        return False
    return not _is_of_service(words, street, at)


def _street_before(words: list[_Word], at: int) -> int | None:
    """Where the street begins whose number stands here; None when there is none."""
    back = at - 1
    skipped = 0
    while back >= 0 and skipped < _NAME_REACH and words[back].low in NUMBER_WORDS:
        back, skipped = back - 1, skipped + 1
    if back < 0 or not words[back].is_word:
        return None
    last = words[back]
    if last.low in STREET_LAST:
        named = back > 0 and words[back - 1].is_word and words[back - 1].low not in NO_NAME
        return back - 1 if named and _may_name(words[back - 1]) else None
    if _ends_as_street(words, back):
        return back
    for first in range(back, max(back - _NAME_REACH, 0) - 1, -1):
        word = words[first]
        if word.low in STREET_FIRST and first < back:
            return first if _is_street_name(words, first, back) else None
        if not word.is_word and word.low not in {".", "-", "'"}:
            return None
    return None


def _ends_as_street(words: list[_Word], at: int) -> bool:
    low = words[at].low
    ending = next((e for e in STREET_ENDINGS if low.endswith(e)), "")
    if not ending or low in NO_STREET:
        return False
    if len(low) - len(ending) >= 2:  # noqa: PLR2004 - "A-straat" is nowhere
        return True
    before = words[at - 1] if at else None
    return before is not None and before.is_word and before.low in ADJECTIVES


def _is_street_name(words: list[_Word], first: int, last: int) -> bool:
    """Is what follows "rue" a name? For "place" and its like only with a capital or "du"."""
    names = [word for word in words[first + 1 : last + 1] if word.is_word]
    if not names or names[0].low in NO_NAME | COUNTED:
        return False
    is_plain = STREET_FIRST[words[first].low]
    return is_plain or names[0].is_name or (names[0].low in NAME_PARTS and len(names) > 1)


def _may_name(word: _Word) -> bool:
    return word.low not in NO_STREET and word.low not in COUNTED and len(word.low) > 1


def _street_behind(words: list[_Word], at: int) -> bool:
    """ "12 rue Haute", "12 High Street"."""
    if at and words[at - 1].low in _NOT_BEFORE:
        return False
    nxt = at + 1
    while nxt < len(words) and nxt <= at + 2 and words[nxt].low in {",", "bis", "ter", "a", "b"}:
        nxt += 1
    if nxt >= len(words):
        return False
    if words[nxt].low in STREET_FIRST and nxt + 1 < len(words):
        last = min(nxt + _NAME_REACH - 1, len(words) - 1)
        return _is_street_name(words, nxt, last)
    names: list[_Word] = []
    for word in words[nxt : nxt + 3]:
        if word.low in NUMBER_FIRST:
            return bool(names) and all(_may_name(name) for name in names) and _is_spelled(names)
        if not word.is_word or word.low in COUNTED | NO_STREET or _is_plural(word.low):
            return False
        names.append(word)
    return False


def _is_spelled(names: list[_Word]) -> bool:
    """Two words in small letters before "street" are seldom its name."""
    return len(names) == 1 or all(name.is_name for name in names)


def _has_named_number(words: list[_Word], at: int) -> bool:
    """ "Ik woon op nummer 12": the street is known to all."""
    before = words[max(at - _NAME_REACH, 0) : at]
    is_number = any(word.low in {"nr", "nummer", "huisnummer", "n°", "number"} for word in before)
    return is_number and any(_lives(word.low) for word in before)


def _counts_something(words: list[_Word], at: int) -> bool:
    """ "In de kerkstraat 3 kinderen", "op het dorpsplein 20 uur": that is no house number."""
    following = words[at + 1] if at + 1 < len(words) else None
    if following is None:
        return False
    if following.low in COUNTED or following.low in _MONEY or following.low == "%":
        return True
    if following.low in {":", "."} and at + 2 < len(words):
        minutes = words[at + 2].low[:2]
        hour = words[at].low
        return minutes.isdigit() and len(minutes) == 2 and _is_hour(hour)  # noqa: PLR2004
    if following.is_name or words[at].low == "1" or not following.is_word:
        return False
    return _is_plural(following.low)


def _is_hour(low: str) -> bool:
    return low.isdigit() and int(low) <= _CLOCK_HOURS


def _is_plural(low: str) -> bool:
    ends = low.endswith(("en", "s", "jes", "ów", "lar", "ler")) and len(low) > 3  # noqa: PLR2004
    return ends and low not in NOT_PLURAL


def _is_home(low: str) -> bool:
    return low in HOME or low.startswith(("oturuyor", "mieszka", "domicili"))


def _lives(low: str) -> bool:
    return _is_home(low) and low not in ADDRESS_WORDS


def _is_of_service(words: list[_Word], street: int, at: int) -> bool:
    """Is a service named just before the street, or does the text say that it is open?"""
    if any(word.low in REQUEST for word in words):
        return False
    for back in range(street - 1, max(street - _PUBLIC_REACH, 0) - 1, -1):
        low = words[back].low
        if low in _STOPS or low in TOWARDS:
            break
        if low.startswith(PUBLIC) and not _ends_as_street(words, back):
            return True
    return any(word.low in OPEN for word in words[at + 1 : at + 1 + _PUBLIC_REACH])
