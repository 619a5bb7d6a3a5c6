"""Which pages can be looked at from outside? That of residents, and that of the team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from wijkbot.web.pages import PAGE_LANGUAGES
from wijkbot.web.secure.headers import CONSOLE_HEADERS, SECURE_HEADERS, is_below
from wijkbot.web.secure.resident_page import CHAT_LANGUAGES


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A page: where it is, what it is made of, and what its data may hold."""

    name: str
    languages: tuple[str, ...]
    templates: str
    texts: str
    headers: Mapping[str, str]
    fields: frozenset[str]
    more: tuple[str, ...] = ()
    has_exit: bool = False

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/{self.name}"


_FIELDS = frozenset({"lang", "pin", "exit", "list", "words", "texts"})
RESIDENTS = Room(
    name="c",
    languages=tuple(CHAT_LANGUAGES),
    templates="chat*.html",
    texts="chat_texts.html",
    headers=SECURE_HEADERS,
    fields=_FIELDS | {"api"},
    has_exit=True,
)
TEAM = Room(
    name="werk",
    languages=tuple(PAGE_LANGUAGES),
    templates="werk*.html",
    texts="werk_texts.html",
    headers=CONSOLE_HEADERS,
    fields=_FIELDS | {"roles"},
    more=("/werk/uitnodiging",),
)


def room_of(url: str) -> Room:
    """The page behind an address: that of residents, unless it is clearly the team's."""
    return TEAM if is_below(urlsplit(url).path, TEAM.path) else RESIDENTS
