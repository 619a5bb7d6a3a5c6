"""Which command of the house is this message? Fixed words, published with the dialogs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from wijkbot.engine.book import DialogBook
from wijkbot.engine.pick import plain

LONGEST = 60
"""Characters of the longest command; a longer text tells something else."""


class Command(StrEnum):
    """What somebody can have the bot do, or ask about the bot itself."""

    ABOUT = "about"
    PRIVACY = "privacy"
    MY_DATA = "my_data"
    IGNORE_ME = "ignore_me"
    START = "start"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    STOP_NEWS = "stop_news"
    STOP_JOBS = "stop_jobs"
    SILENCE = "silence"
    SPEAK = "speak"
    LEAVE = "leave"
    WHO_WAS_IT = "who_was_it"
    HUMAN = "human"
    CARD = "card"
    MENU = "menu"
    YES = "yes"
    NO = "no"


ADMIN_ONLY = frozenset({Command.SILENCE, Command.SPEAK, Command.LEAVE})
"""What only an admin of the group decides; a short silence anybody may ask for."""

NAMES_AN_AREA = frozenset({Command.SUBSCRIBE, Command.UNSUBSCRIBE})
"""After these the word of a neighbourhood may follow, as a link or QR code has it."""
NEAR = 0.8
"""Least likeness of a misspelled word of a neighbourhood."""

_UNITS = {
    1: "u uur uren h heure heures hour hours",
    24: "d dag dagen j jour jours day days",
    24 * 7: "w week weken semaine semaines weeks",
}
_HOURS = {name: hours for hours, names in _UNITS.items() for name in names.split()}
_DURATION = re.compile(r"^(?P<words>.+?) (?P<many>\d{1,3}) ?(?P<unit>[a-z]*)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command; for how many hours, and for which neighbourhood, where one was named."""

    command: Command
    hours: int | None = None
    area: str | None = None


def find(book: DialogBook, text: str) -> Asked | None:
    """The command that a whole message is, or None. A slash before it is no matter."""
    if len(text) > LONGEST:
        return None
    words = plain(text)
    known = book.commands.get(words)
    if known:
        return Asked(Command(known))
    return _with_duration(book, words) or _with_area(book, words)


def area_of(book: DialogBook, text: str) -> str | None:
    """The neighbourhood whose word this is, perhaps misspelled; None when it is none."""
    words = plain(text.replace("_", " "))
    near = get_close_matches(words, book.areas, 1, NEAR)
    return book.areas[near[0]] if near else None


def _with_area(book: DialogBook, words: str) -> Asked | None:
    """ "aanmeld zonnewijk": with any other word after it, it tells something else."""
    parts = words.split(" ")
    for length in range(len(parts) - 1, 0, -1):
        known = book.commands.get(" ".join(parts[:length]))
        if known in NAMES_AN_AREA:
            area = area_of(book, " ".join(parts[length:]))
            return None if area is None else Asked(Command(known), area=area)
    return None


def _with_duration(book: DialogBook, words: str) -> Asked | None:
    found = _DURATION.match(words)
    known = book.commands.get(found["words"]) if found else None
    if found is None or known != Command.SILENCE:
        return None
    hours = _HOURS.get(found["unit"] or "d")
    return None if hours is None else Asked(Command.SILENCE, int(found["many"]) * hours)
