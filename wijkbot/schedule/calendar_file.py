"""How does one opening of a consultation hour get into somebody's calendar? RFC 5545, one event.

It is one moment in UTC and not a rule: a calendar app knows nothing of our holidays, so a rule
would send people to a closed door.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

MEDIA_TYPE = "text/calendar"
_FOLD = 75
"""Octets in one line; a longer one goes on behind a line break and a space."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``uid`` names it for ever: the same one again replaces it in a calendar.

    Moments are aware; ``written_at`` is when this was said.
    """

    uid: str
    title: str
    place: str
    description: str
    starts_at: datetime
    ends_at: datetime
    written_at: datetime
    url: str = ""


def calendar_of(event: Event, maker: str) -> bytes:
    """The file; ``maker`` names who wrote it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_text(maker)}//wijkbot//NL",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(event.uid)}",
        f"DTSTAMP:{_utc(event.written_at)}",
        f"DTSTART:{_utc(event.starts_at)}",
        f"DTEND:{_utc(event.ends_at)}",
        f"SUMMARY:{_text(event.title)}",
        *([f"LOCATION:{_text(event.place)}"] if event.place else []),
        *([f"DESCRIPTION:{_text(event.description)}"] if event.description else []),
        *([f"URL:{event.url}"] if event.url else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(part + b"\r\n" for line in lines for part in _folded(line))


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """Words as a value: the four signs that mean something else are marked."""
    marked = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(marked.splitlines())


def _folded(line: str) -> Iterator[bytes]:
    """The line in pieces of at most 75 octets; no character is broken."""
    piece = b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > _FOLD:
            yield piece
            piece = b" "
        piece += octets
    yield piece
