"""Is the calendar file of an opening what RFC 5545 asks for?"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from wijkbot.schedule.calendar_file import Event, calendar_of

BRUSSELS = ZoneInfo("Europe/Brussels")


def _event(title: str = "Spreekuur", place: str = "", description: str = "") -> Event:
    return Event(
        uid="Z4.2026-11-24@wijkbot",
        title=title,
        place=place,
        description=description,
        starts_at=datetime(2026, 11, 24, 14, tzinfo=BRUSSELS),
        ends_at=datetime(2026, 11, 24, 16, tzinfo=BRUSSELS),
        written_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
    )


def _unfolded(file: bytes) -> list[str]:
    assert file.endswith(b"\r\n")
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert b"\n" not in file.replace(b"\r\n", b"")
    return file.decode().replace("\r\n ", "").split("\r\n")[:-1]


def test_two_in_the_afternoon_in_brussels_is_thirteen_hours_utc_in_winter() -> None:
    lines = _unfolded(calendar_of(_event(), "De Brug"))
    assert "DTSTART:20261124T130000Z" in lines
    assert "DTEND:20261124T150000Z" in lines
    assert "DTSTAMP:20261121T100000Z" in lines
    assert "UID:Z4.2026-11-24@wijkbot" in lines
    assert ("BEGIN:VCALENDAR", "END:VCALENDAR") == (lines[0], lines[-1])
    assert "VERSION:2.0" in lines


def test_signs_that_mean_something_else_are_marked() -> None:
    lines = _unfolded(calendar_of(_event("Wie, wat; waar\\", "Plein 1, Gent", "a\nb"), "De; Brug"))
    assert r"SUMMARY:Wie\, wat\; waar\\" in lines
    assert r"LOCATION:Plein 1\, Gent" in lines
    assert r"DESCRIPTION:a\nb" in lines


def test_long_lines_are_folded_between_characters() -> None:
    words = "Kom langs 👋🏽 voor élke vraag. " * 20
    lines = _unfolded(calendar_of(_event(description=words.strip()), "De Brug"))
    assert f"DESCRIPTION:{words.strip()}" in lines


def test_what_is_not_known_is_left_out() -> None:
    lines = _unfolded(calendar_of(_event(), "De Brug"))
    assert not any(line.startswith(("LOCATION", "DESCRIPTION", "URL")) for line in lines)


def test_line_break_in_a_name_adds_no_line_of_its_own() -> None:
    lines = _unfolded(calendar_of(_event("Hallo\r\nATTENDEE:mailto:x@example.org"), "De Brug"))
    assert not any(line.startswith("ATTENDEE") for line in lines)
