"""What is a consultation hour, as rules?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time


@dataclass(frozen=True, slots=True)
class WeekRule:
    """One recurring block: an RFC 5545 RRULE on days, with wall times of the zone.

    ``starts`` anchors rules such as "every 14 days".
    """

    rrule: str
    begins: time
    ends: time
    starts: date


@dataclass(frozen=True, slots=True)
class Closure:
    """Closed from ``first`` up to and including ``last``; ``reason`` is the item's text key."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One day that differs: cancelled, or at other times or another place. It beats the rules."""

    day: date
    is_cancelled: bool = False
    begins: time | None = None
    ends: time | None = None
    place: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """What public holidays do: "skip", "next_week" or "open"; ``extra`` and ``without`` amend."""

    effect: str = "skip"
    country: str = ""
    subdivision: str = ""
    extra: frozenset[date] = frozenset()
    without: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Hours:
    """Everything needed to compute openings. ``timezone`` is an IANA name."""

    id: str
    timezone: str
    rules: tuple[WeekRule, ...]
    holidays: HolidayRule
    closures: tuple[Closure, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """One block that is open; both ends aware. ``is_changed``: it differs from the rule."""

    starts_at: datetime
    ends_at: datetime
    place: str = ""
    is_changed: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A day on which the rule would have opened, and why it does not.

    ``kind`` is "holiday", "closed" or "cancelled"; ``reason`` names the holiday or the text.
    """

    day: date
    kind: str
    reason: str = ""
