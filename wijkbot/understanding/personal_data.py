"""Does a text hold personal data? Which kinds, never the data themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from wijkbot.understanding.normalise import clean


class DataKind(StrEnum):
    """A kind of personal data."""

    IBAN = "iban"
    BSN = "bsn"
    BELGIAN_NUMBER = "belgian_number"
    CARD = "card"
    PHONE = "phone"
    DOOR_CODE = "door_code"
    ADDRESS = "address"


_IBAN = re.compile(
    r"\b([A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]{2,4}){2,8}[ .-]?[A-Z0-9]{0,3})\b", re.IGNORECASE
)
_NINE = re.compile(r"(?<![\d.,-])\d{3}[ .]?\d{2,3}[ .]?\d{3,4}(?![\d-])")
_BELGIAN = re.compile(r"(?<!\d)\d{2}[ .]?\d{2}[ .]?\d{2}[ -]?\d{3}[ .-]?\d{2}(?!\d)")
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
_PHONE = re.compile(
    r"(?<![\d.])(?:(?:\+|00)\d{2}[ ./-]?(?:\(0\)[ ]?)?\d(?:[ ./-]?\d){7,9}"
    r"|0\d(?:[ ./-]?\d){7,8})(?!\d)"
)
_PUBLIC_PHONE = re.compile(r"^0(?:800|900|78|70|88|14|113|30)")
_CODE = re.compile(
    r"\b(?:code|deurcode|poortcode|digicode|pincode|pin|alarmcode|kod|código|codigo|код|şifre"
    r"|kapı kodu|رمز|passcode)\b[^.!?\n]{0,30}?(?<![\d:€])\d{4,6}(?!\d)",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"\b(?:sleutel|clé|cle|key|schlüssel|llave|klucz|ключ|anahtar)\w*\b[^.!?\n]{0,30}"
    r"\b(?:onder|sous|under|unter|debajo|pod|під|altında|bloempot|mat|paillasson)\b",
    re.IGNORECASE,
)
_STREET = (
    r"(?:\w*(?:straat|laan|weg|plein|dreef|steenweg|kade|singel|gracht|hof|lei|stra(?:ss|ß)e)"
    r"|(?:rue|avenue|chauss[eé]e|boulevard|place|calle|avenida|ulica|ul\.?|вул\.?)\s+\S+"
    r"(?:\s\S+){0,2}|(?:\S+\s){1,2}(?:street|lane|road|avenue|drive|sokak|caddesi))"
)
_LIVES = (
    r"\b(?:adres\w*|adresse|address|woon\w*|habite|domicili\w+|live[sd]?|wohne?[nt]?|vivo|vive"
    r"|mieszka\w*|живу|живе|oturuyor\w*|dirección)\b"
)
_ADDRESS = re.compile(
    rf"{_LIVES}[^.!?\n]{{0,25}}?(?:{_STREET}[ ,]*(?:nr\.?|no\.?|n°|nummer)?\s*\d{{1,4}}\b"
    rf"|\b\d{{1,4}}[a-z]?,?\s+{_STREET}|\b(?:nr\.?|nummer|n°)\s*\d{{1,4}}\b)",
    re.IGNORECASE,
)
_PHONE_DIGITS = 9
"""Least digits of a number that rings somebody."""


def kinds_of(text: str) -> frozenset[DataKind]:
    """The kinds of personal data in a text; checksums are verified where a number has one."""
    shown = clean(text)
    return frozenset(kind for kind, finds in _DETECTORS if finds(shown))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _has_iban(text: str) -> bool:
    for found in _IBAN.finditer(text):
        number = re.sub(r"[ .-]", "", found[1]).upper()
        # Words behind the number may have been taken along; every IBAN has 15 to 34 characters.
        if any(_is_iban(number[:size]) for size in range(15, min(len(number), 34) + 1)):
            return True
    return False


def _is_iban(number: str) -> bool:
    turned = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def _has_bsn(text: str) -> bool:
    """Nine digits that pass the eleven test, beside a word for it or as one group."""
    is_named = re.search(r"bsn|burgerservice|sofi", text, re.IGNORECASE) is not None
    for found in _NINE.finditer(text):
        digits = _digits(found[0])
        is_shaped = is_named or not found[0].startswith("0")
        if len(digits) == 9 and is_shaped and _passes_eleven(digits):  # noqa: PLR2004
            return True
    return False


def _passes_eleven(digits: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(w * int(d) for w, d in zip(weights, digits, strict=True))
    return total % 11 == 0 and digits != "0" * 9


def _has_belgian_number(text: str) -> bool:
    for found in _BELGIAN.finditer(text):
        digits = _digits(found[0])
        body, check = digits[:9], int(digits[9:])
        # Born from 2000 on: a 2 stands before the nine digits.
        is_valid = check in {97 - int(body) % 97, 97 - int(f"2{body}") % 97}
        if is_valid and int(body[2:4]) <= 52:  # noqa: PLR2004 - months, +20/+40 in bis numbers
            return True
    return False


def _has_card(text: str) -> bool:
    return any(_passes_luhn(_digits(found[0])) for found in _CARD.finditer(text))


def _passes_luhn(digits: str) -> bool:
    doubled = [int(d) * 2 if place % 2 else int(d) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0 and digits[0] in "3456"  # noqa: PLR2004


def _has_phone(text: str) -> bool:
    """A number long enough to ring somebody; numbers of public services do not count."""
    return any(
        not _PUBLIC_PHONE.match(_digits(found[0])) and len(_digits(found[0])) >= _PHONE_DIGITS
        for found in _PHONE.finditer(text)
    )


_DETECTORS: tuple[tuple[DataKind, Callable[[str], bool]], ...] = (
    (DataKind.IBAN, _has_iban),
    (DataKind.BSN, _has_bsn),
    (DataKind.BELGIAN_NUMBER, _has_belgian_number),
    (DataKind.CARD, _has_card),
    (DataKind.PHONE, _has_phone),
    (DataKind.DOOR_CODE, lambda text: bool(_CODE.search(text) or _KEY.search(text))),
    (DataKind.ADDRESS, lambda text: _ADDRESS.search(text) is not None),
)
