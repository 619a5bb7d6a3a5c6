"""Does a text hold personal data? Which kinds, never the data themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum

from wijkbot.understanding import personal_access, personal_numbers, personal_places
from wijkbot.understanding.normalise import clean


class DataKind(StrEnum):
    """A kind of personal data."""

    IBAN = "iban"
    BSN = "bsn"
    BELGIAN_NUMBER = "belgian_number"
    CARD = "card"
    PHONE = "phone"
    MAIL = "mail"
    DOOR_CODE = "door_code"
    ADDRESS = "address"
    LICENCE_PLATE = "licence_plate"


_PUBLIC_LENGTH = 5
"""Fewest letters and digits of a public value that is looked for: "112" is no phone anyway."""
_NOTHING = re.compile(r"(?!)")
_DIGIT = re.compile(r"\d")
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
_LONG_NUMBER = re.compile(r"\d(?:[^\d\n]{0,3}\d){7}|[A-Za-z]{2} ?\d\d")
"""Eight digits with little between them, or how an account number begins."""


def kinds_of(text: str, public: re.Pattern[str] = _NOTHING) -> frozenset[DataKind]:
    """The kinds of personal data in a text; checksums are verified where a number has one.

    What ``public`` finds (see :func:`public_values`) is nobody's own. Takes any string without
    an exception, in bounded time. Nothing that was found leaves this function.
    """
    shown = public.sub(" ; ", _FOREIGN_DIGIT.sub(_european, clean(text)))
    found = {kind for kind, finds in _IN_WORDS if finds(shown)}
    if _DIGIT.search(shown):
        found.update(kind for kind, finds in _IN_DIGITS if finds(shown))
    if _LONG_NUMBER.search(shown):
        found.update(kind for kind, finds in _IN_NUMBERS if finds(shown))
        apart = personal_numbers.without_registered(shown)
        found.update(kind for kind, finds in _BESIDE_REGISTERED if finds(apart))
    return frozenset(found)


def _european(digit: re.Match[str]) -> str:
    return str(unicodedata.digit(digit[0]))


def names_resident(text: str, public: re.Pattern[str] = _NOTHING) -> bool:
    """Does the text say of a house that somebody lives there?

    An announcement may name the house where something is on, never where somebody lives.
    """
    return personal_places.names_resident(public.sub(" ; ", clean(text)))


def public_values(values: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds these numbers and addresses, however their parts are separated."""
    found = []
    for value in values:
        parts = re.findall(r"[^\W\d_]+|\d", clean(value))
        if sum(len(part) for part in parts) >= _PUBLIC_LENGTH:
            joined = r"[\W_]{0,3}".join(re.escape(part) for part in parts)
            found.append(rf"(?<![^\W_]){joined}(?![^\W_])")
    longest_first = sorted(set(found), key=lambda pattern: (-len(pattern), pattern))
    return re.compile("|".join(longest_first), re.IGNORECASE) if longest_first else _NOTHING


_IN_WORDS: tuple[tuple[DataKind, Callable[[str], bool]], ...] = (
    (DataKind.DOOR_CODE, personal_access.tells_key),
    (DataKind.MAIL, personal_access.has_mail),
)
_IN_DIGITS: tuple[tuple[DataKind, Callable[[str], bool]], ...] = (
    (DataKind.DOOR_CODE, personal_access.tells_code),
    (DataKind.ADDRESS, personal_places.names_home),
    (DataKind.LICENCE_PLATE, personal_access.has_plate),
)
_IN_NUMBERS: tuple[tuple[DataKind, Callable[[str], bool]], ...] = (
    (DataKind.IBAN, personal_numbers.has_iban),
    (DataKind.BSN, personal_numbers.has_bsn),
    (DataKind.BELGIAN_NUMBER, personal_numbers.has_belgian_number),
)
_BESIDE_REGISTERED: tuple[tuple[DataKind, Callable[[str], bool]], ...] = (
    (DataKind.CARD, personal_numbers.has_card),
    (DataKind.PHONE, personal_numbers.has_phone),
)
