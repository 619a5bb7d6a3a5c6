"""Does every helpline hold, and does every crisis card find its numbers in every country?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from wijkbot.content.load import Loaded
from wijkbot.content.model import Helpline, Item, Text
from wijkbot.content.problems import Problem
from wijkbot.content.texts import REQUIRED, all_texts, chain

HELPLINE_DAYS = 180
"""How long a check of a helpline counts."""
COUNTRIES = ("NL", "BE")
CARD_ROLES = frozenset({"suicide", "listen", "violence"})
"""What a card may not lack. A sentence with another role (poison) is left out where none is."""
_ROLE = re.compile(r"\{helpline\.([a-z_]+)\}")


def check_helpline(loaded: Loaded, item: Item) -> Iterator[Problem]:
    """A line that is trusted too long, or without saying where it stands."""
    if not isinstance(item, Helpline):
        return
    if item.expires > item.last_checked + timedelta(days=HELPLINE_DAYS):
        what = f"{item.id} expires more than {HELPLINE_DAYS} days after it was checked"
        yield loaded.problem(item.id, ("expires",), what, "check it again, or expire it earlier")
    if not item.source:
        yield loaded.problem(
            item.id, ("source",), f"{item.id} has no source", "say where it stands"
        )


def check_card_lines(loaded: Loaded, item: Item) -> Iterator[Problem]:
    """Roles on a crisis card that no checked line fills, for each country that reads the text."""
    if not isinstance(item, Text) or item.purpose != "crisis":
        return
    for key, texts in all_texts(item).items():
        for written, text in texts.items():
            for country in _countries_that_read(written, texts):
                for role in sorted(CARD_ROLES.intersection(_ROLE.findall(text))):
                    if not has_checked_line(loaded, role, country):
                        what = (
                            f"the crisis text {item.id} has no checked helpline"
                            f" for {role!r} in {country}"
                        )
                        todo = (
                            f"add a line of {country} with roles: [{role}] in helplines/,"
                            " or check its number and set confidence: checked"
                        )
                        yield loaded.problem(item.id, (key, written), what, todo)


def _countries_that_read(written: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    """The countries in which this variant is shown: "nl" only where "nl-BE" is missing."""
    shown = [
        language
        for language in REQUIRED
        if written == next((code for code in chain(language) if code in texts), "")
    ]
    regions = [language.partition("-")[2] for language in shown]
    return tuple(country for country in COUNTRIES if {"", country}.intersection(regions))


def has_checked_line(loaded: Loaded, role: str, country: str) -> bool:
    """Is there a checked line with this role, of this country or of both?"""
    return any(
        isinstance(line, Helpline)
        and role in line.roles
        and line.country in {country, "both"}
        and line.confidence == "checked"
        and bool(line.phone)
        for line in loaded.items.values()
    )
