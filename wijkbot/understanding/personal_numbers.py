"""Which numbers in a text belong to a person? Account, identity, card and phone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

_LENGTHS = {
    code[:2]: int(code[2:])
    for code in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 "
        "DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 "
        "IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 "
        "MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 "
        "SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    ).split()
}
"""Characters of an account number, by country."""

_IBAN_START = re.compile(r"(?<![^\W_])[A-Za-z]{2}[ ]?\d{2}(?=[ .-]?[A-Za-z0-9])")
_IBAN_SEPARATORS = " .-"
_NINE = re.compile(
    r"(?<![\w.,+/-])(?:\d{9}|\d{3}[ .]\d{3}[ .]\d{3}|\d{4}[ .]\d{2}[ .]\d{3})(?![\w-])"
)
_BSN_WORD = re.compile(r"\b(?:bsn|burger ?service|sofi)", re.IGNORECASE)
_BSN_NAMED = re.compile(
    r"\b(?:bsn|burger ?service\w*|sofi\w*)[^\d\n]{0,25}(\d(?:[ .]?\d){7,8})(?!\d)", re.IGNORECASE
)
_BELGIAN = re.compile(r"(?<![\d+])\d{2}[ .]?\d{2}[ .]?\d{2}[ .-]?\d{3}[ .-]?\d{2}(?!\d)")
_CARD = re.compile(r"(?<![\w+])\d(?:[ -]?\d){13,18}(?![ -]?\d)")
_RUN = re.compile(r"(?<![^\W\d_])(?:\+|\(\+?)?\d(?:[ ./()-]{0,2}\d){7,40}")
_GROUP = re.compile(r"\+?\d+")
_DATE = re.compile(
    r"(?<![\d/.-])(?:\d{1,2}([-/.])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([-/.])\d{1,2}\2\d{1,2})(?!\d)"
)
_STRUCTURED = re.compile(r"[+*]{3}\d{3}/\d{4}/\d{5}[+*]{3}")
_ENTERPRISE = re.compile(r"(?<!\d)[01]\d{3}\.?\d{3}\.?\d{3}(?!\d)")
_NO_PERSON = re.compile(
    r"(?:order|bestel|klant|factuur|invoice|facture|commande|ticket|dossier|reference|referentie"
    r"|référence|\bref|isbn|issn|\bean\b|barcode|streepjescode|kvk|ondernemings|btw|tva|vat\b"
    r"|tracking|track|zending|colis|serie|artikel|article)[^\d\n]{0,20}$",
    re.IGNORECASE,
)
"""Words before a number that belongs to a thing."""
_NO_PERSON_REACH = 34
_RINGS = re.compile(
    r"\b(?:bel|belle|belt|tel|telefoon\w*|gsm\w*|mobiel\w*|whatsapp\w*|sms|app|num[eé]ro|nummer"
    r"|appel\w*|call|phone|text|ring|t[eé]l[eé]phone|telefon\w*|numara\w*|dzwo\w+|zadzwo\w+"
    r"|numer|телефон\w*|номер|дзвон\w*|تلفون|هاتف|رقم|اتصل\w*|tel[eé]fono|m[oó]vil|ll[aá]m\w+"
    r"|handy\w*|ruf)\b",
    re.IGNORECASE,
)
_RINGS_REACH = 30
_REGIONS = ("NL", "BE")
_RINGS_SOMEBODY = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
"""Not those of services: free, paid, shared cost, company-wide, voicemail."""
LEAST_DIGITS, MOST_DIGITS = 9, 15
"""Digits of a number that rings somebody, with or without its country."""
_GROUPS = 12
"""Groups of digits of one run that are looked at; a list of lottery numbers has more."""


def has_iban(text: str) -> bool:
    """Is there an account number of the right length whose check digits hold?"""
    return any(_passes_97(number) for number, _ in _ibans(text))


def without_registered(text: str) -> str:
    """The text without all that has the shape of an account number, and national numbers.

    Parts of them pass for phone and card numbers.
    """
    for _, (start, end) in reversed(list(_ibans(text))):
        text = f"{text[:start]}; {text[end:]}"
    return _BELGIAN.sub(lambda m: "; " if _is_belgian(digits(m[0])) else m[0], text)


def _ibans(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    after = 0
    for found in _IBAN_START.finditer(text):
        length = _LENGTHS.get(found[0][:2].upper())
        if length is None or found.start() < after:
            continue
        number, end = _characters(text, found.start(), length)
        if len(number) == length and not text[end : end + 1].isdigit():
            after = end
            yield number, (found.start(), end)


def _characters(text: str, start: int, wanted: int) -> tuple[str, int]:
    """Return so many letters and digits with at most one separator between two of them."""
    found, at, separated = "", start, False
    while at < len(text) and len(found) < wanted:
        character = text[at]
        if character.isascii() and character.isalnum():
            found, separated = found + character.upper(), False
        elif character in _IBAN_SEPARATORS and not separated:
            separated = True
        else:
            break
        at += 1
    return found, at


def _passes_97(number: str) -> bool:
    turned = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def has_bsn(text: str) -> bool:
    """Is there a number that passes the eleven test, named, or with nine digits in a row?"""
    if _BSN_WORD.search(text) and any(
        passes_eleven(digits(found[1]).zfill(9)) for found in _BSN_NAMED.finditer(text)
    ):
        return True
    return any(
        not found[0].startswith("0")
        and passes_eleven(digits(found[0]))
        and not _is_of_a_thing(text, found.start())
        for found in _NINE.finditer(text)
    )


def passes_eleven(number: str) -> bool:
    """The test of Dutch citizen numbers."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, number, strict=True))
    return total % 11 == 0 and len(set(number)) > 1


def has_belgian_number(text: str) -> bool:
    """Is there a date of birth, a serial number and the check digits of either century?"""
    return any(_is_belgian(digits(found[0])) for found in _BELGIAN.finditer(text))


def _is_belgian(number: str) -> bool:
    body, check = number[:9], int(number[9:])
    # Months are 20 or 40 higher in numbers of who is not in the register, 0 when not known.
    month, day = int(number[2:4]), int(number[4:6])
    is_date = month <= 52 and month % 20 <= 12 and day <= 31  # noqa: PLR2004 - as in a calendar
    is_somebody = number[6:9] not in {"000", "999"}
    # Born from 2000 on: a 2 stands before the nine digits.
    return is_date and is_somebody and check in {97 - int(body) % 97, 97 - int(f"2{body}") % 97}


def has_card(text: str) -> bool:
    """Is there a number with length, beginning and check digit of a payment card?"""
    return any(
        _is_card_shaped(number) and _passes_luhn(number) and len(set(number)) > 1
        for number in (digits(found[0]) for found in _CARD.finditer(text))
    )


def _is_card_shaped(number: str) -> bool:
    size, two, four = len(number), int(number[:2]), int(number[:4])
    if size == 16:  # noqa: PLR2004 - Visa, Mastercard, Maestro and Bancontact, JCB, Discover
        is_master = 51 <= two <= 55 or 2221 <= four <= 2720  # noqa: PLR2004
        return number[0] in "46" or is_master or two in {35, 50, 56, 57, 58}
    if size == 15:  # noqa: PLR2004 - American Express
        return two in {34, 37}
    if size == 14:  # noqa: PLR2004 - Diners
        return two in {30, 36, 38}
    return number[0] == "6" or two in {50, 56, 57, 58} or (size == 19 and number[0] == "4")  # noqa: PLR2004


def _passes_luhn(number: str) -> bool:
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(number))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0  # noqa: PLR2004


def has_phone(text: str) -> bool:
    """Is there a number that rings somebody? Numbers of services are everybody's.

    Written with its zero, in the Netherlands or Belgium, or with its country; without either
    only behind a word such as "gsm". Expects what :func:`without_registered` gives.
    """
    shown = _STRUCTURED.sub(";", _DATE.sub(";", text))
    return any(_rings_in(shown, found) for found in _RUN.finditer(shown))


def _rings_in(text: str, run: re.Match[str]) -> bool:
    if _is_of_a_thing(text, run.start()) or _is_enterprise(run[0]):
        return False
    groups = _GROUP.findall(run[0])[:_GROUPS]
    before = text[max(run.start() - _RINGS_REACH, 0) : run.start()]
    if not groups[0].startswith(("0", "+")) and _RINGS.search(before):
        bare = "".join(groups)
        has_country = bare.startswith(_COUNTRIES) and _rings(f"+{bare}")
        if _LEAST_BARE <= len(bare) <= MOST_DIGITS and (has_country or _rings(f"0{bare}")):
            return True
    for index, group in enumerate(groups):
        if not group.startswith(("0", "+")):
            continue
        for number in accumulate(groups[index:]):
            size = len(number.lstrip("+"))
            if size > MOST_DIGITS:
                break
            if size >= LEAST_DIGITS and _has_shape(groups[index:]) and _rings(number):
                return True
    return False


_LEAST_BARE = 8
_COUNTRIES = ("31", "32")
"""What a number may begin with when its plus was forgotten."""


def _has_shape(groups: list[str]) -> bool:
    """A row of days ("05 12 19 26 03") is in pairs too, but so is "06 12 34 56 78"."""
    in_pairs = all(len(group) == 2 for group in groups)  # noqa: PLR2004
    return not in_pairs or groups[0] in {"06", "00"}


def _rings(number: str) -> bool:
    for region in _REGIONS:
        try:
            parsed = phonenumbers.parse(number, region)
        except NumberParseException:
            continue
        if phonenumbers.number_type(parsed) in _RINGS_SOMEBODY:
            return True
        if number.startswith(("+", "00")):
            break
    return False


def _is_enterprise(run: str) -> bool:
    """The number of a Belgian company, which is public and looks like a Dutch phone number."""
    number = digits(run)
    found = _ENTERPRISE.fullmatch(run)
    return found is not None and "." in run and int(number[:8]) % 97 == 97 - int(number[8:])


def _is_of_a_thing(text: str, start: int) -> bool:
    found = _NO_PERSON.search(text[max(start - _NO_PERSON_REACH, 0) : start])
    # "my order is late, call 0470 …": the number behind the verb rings somebody
    return found is not None and not _RINGS.search(found[0])


def digits(text: str) -> str:
    """Only the digits of a text."""
    return re.sub(r"\D", "", text)
