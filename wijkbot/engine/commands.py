"""Which command of the house is this message? Fixed words, published with the dialogs."""

from __future__ import annotations

import re
from dataclasses import dataclass
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

_UNITS = {
    1: "u uur uren h heure heures hour hours",
    24: "d dag dagen j jour jours day days",
    24 * 7: "w week weken semaine semaines weeks",
}
_HOURS = {name: hours for hours, names in _UNITS.items() for name in names.split()}
_DURATION = re.compile(r"^(?P<words>.+?) (?P<many>\d{1,3}) ?(?P<unit>[a-z]*)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, and for how many hours where one was named."""

    command: Command
    hours: int | None = None


def find(book: DialogBook, text: str) -> Asked | None:
    """The command that a whole message is, or None. A slash before it is no matter."""
    if len(text) > LONGEST:
        return None
    words = plain(text)
    known = book.commands.get(words)
    if known:
        return Asked(Command(known))
    return _with_duration(book, words)


def _with_duration(book: DialogBook, words: str) -> Asked | None:
    found = _DURATION.match(words)
    known = book.commands.get(found["words"]) if found else None
    if found is None or known != Command.SILENCE:
        return None
    hours = _HOURS.get(found["unit"] or "d")
    return None if hours is None else Asked(Command.SILENCE, int(found["many"]) * hours)
