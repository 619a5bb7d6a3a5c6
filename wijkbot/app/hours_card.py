"""What does the card of a consultation hour say now? Date, place, who, what for, price, check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from wijkbot.app.when_text import day_text, is_open, opening_text
from wijkbot.content.model import Hours as HoursItem
from wijkbot.content.model import Item
from wijkbot.content.texts import in_language
from wijkbot.schedule.calendars import holiday_name
from wijkbot.schedule.hours import (
    Cancelled,
    Change,
    Closure,
    HolidayRule,
    Hours,
    WeekRule,
)
from wijkbot.schedule.openings import Outlook, outlook


def to_schedule(item: HoursItem) -> Hours:
    """The rules of an item as the schedule computes them."""
    return Hours(
        id=item.id,
        timezone=item.timezone,
        rules=tuple(WeekRule(r.rrule, r.begins, r.ends, r.starts) for r in item.rules),
        holidays=HolidayRule(
            effect=item.on_holiday,
            country=item.holidays.country or item.country,
            subdivision=item.holidays.subdivision,
            extra=frozenset(item.holidays.extra),
            without=frozenset(item.holidays.without),
        ),
        closures=tuple(Closure(c.first, c.last, f"closed.{i}") for i, c in enumerate(item.closed)),
        changes=tuple(
            Change(c.date, c.cancelled, c.begins, c.ends, c.place, f"changes.{i}")
            for i, c in enumerate(item.changes)
        ),
    )


def short_text(item: Item, language: str, now: datetime) -> str:
    """ "dinsdag 24 november van 14 tot 16 uur, Dorpsplein 1"; "" when none is planned."""
    if not isinstance(item, HoursItem):
        return ""
    view = outlook(to_schedule(item), now)
    if not view.openings:
        return ""
    opening = view.openings[0]
    return f"{opening_text(opening, language)}, {opening.place or item.place}"


def card_fields(item: HoursItem, language: str, now: datetime) -> Mapping[str, str]:
    """The fields that the texts of cards (T02, T02n) fill in; a field without value is ""."""
    view = outlook(to_schedule(item), now)
    opening = view.openings[0] if view.openings else None
    price = item.price if isinstance(item.price, dict) else {}
    return {
        "title": in_language(item.title, language) or "",
        "when": opening_text(opening, language) if opening else "",
        "place": (opening.place if opening else "") or item.place,
        "who": in_language(item.who, language) or "",
        "what_for": in_language(item.what_for, language) or "",
        "price": in_language(price, language) or "",
        "checked": day_text(item.last_checked, language, with_weekday=False),
        "open_now": "yes" if opening and is_open(opening, now) else "",
        "changed": _reason(item, opening.reason, language) if opening else "",
        "fallen": ", ".join(day_text(day, language) for day in _fallen(view)[:3]),
        "fallen_why": _why(item, view, language),
    }


def _fallen(view: Outlook) -> list[date]:
    """The days that fall out for the reason of the first: the card gives one reason."""
    first = view.cancelled[0] if view.cancelled else None
    return [c.day for c in view.cancelled if first and _cause(c) == _cause(first)]


def _cause(fallen: Cancelled) -> tuple[str, str]:
    return fallen.kind, fallen.reason


def _why(item: HoursItem, view: Outlook, language: str) -> str:
    if not view.cancelled:
        return ""
    first: Cancelled = view.cancelled[0]
    if first.kind == "holiday":
        country = item.holidays.country or item.country
        return holiday_name(country, item.holidays.subdivision, first.day, language[:2])
    return _reason(item, first.reason, language)


def _reason(item: HoursItem, reason: str, language: str) -> str:
    kind, _, index = reason.partition(".")
    if not index:
        return ""
    entries = item.closed if kind == "closed" else item.changes
    return in_language(entries[int(index)].reason, language) or ""
