"""When is the next opening, and which ones fall out before it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from wijkbot.schedule.calendars import holiday_name
from wijkbot.schedule.hours import Cancelled, Change, Hours, Opening, WeekRule

HORIZON = timedelta(days=400)
"""How far we look: a yearly rule still has a next date, an ended one has none."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes: the openings in order, and the days that fall out before the first."""

    openings: tuple[Opening, ...]
    cancelled: tuple[Cancelled, ...]


def outlook(hours: Hours, after: datetime, count: int = 1) -> Outlook:
    """The next ``count`` openings that have not ended at ``after`` (aware), and what falls out."""
    zone = ZoneInfo(hours.timezone)
    local = after.astimezone(zone)
    found: list[Opening] = []
    fallen: list[Cancelled] = []
    for day, blocks in _days(hours, local.date()):
        state = _state(hours, day, blocks, zone)
        if isinstance(state, Cancelled):
            if not found:
                fallen.append(state)
            continue
        found.extend(block for block in state if block.ends_at > after)
        if len(found) >= count:
            break
    return Outlook(tuple(found[:count]), tuple(dict.fromkeys(fallen)))


def next_opening(hours: Hours, after: datetime) -> Opening | None:
    """The next opening, or the one that is open now; None when there is none for a year."""
    openings = outlook(hours, after).openings
    return openings[0] if openings else None


@lru_cache(maxsize=64)
def _days(hours: Hours, first: date) -> tuple[tuple[date, tuple[WeekRule, ...]], ...]:
    """Every day on which a rule or a change says something, in order, with its rules.

    The same all day for the same hours, while every answer that names them asks again.
    """
    # a rule's day may fall on a holiday a week before ``first`` and so have moved into it
    begin = first - timedelta(days=7)
    last = first + HORIZON
    planned: dict[date, list[WeekRule]] = {}
    for rule in hours.rules:
        for day in _rule_days(rule, begin, last):
            moved = _moved(hours, day)
            if moved >= first:
                planned.setdefault(moved, []).append(rule)
            if moved != day and day >= first:
                planned.setdefault(day, [])
    for change in hours.changes:
        if first <= change.day <= last:
            planned.setdefault(change.day, [])
    return tuple((day, tuple(planned[day])) for day in sorted(planned))


def _moved(hours: Hours, day: date) -> date:
    """Where a rule's day goes: a holiday with effect "next_week" moves it, week by week."""
    while hours.holidays.effect == "next_week" and _holiday(hours, day):
        day += timedelta(days=7)
    return day


def _rule_days(rule: WeekRule, first: date, last: date) -> Iterator[date]:
    series = rrulestr(rule.rrule, dtstart=datetime.combine(rule.starts, time()))
    until = datetime.combine(last, time())
    for moment in series.between(datetime.combine(first, time()), until, inc=True):
        yield moment.date()


def _state(
    hours: Hours, day: date, rules: tuple[WeekRule, ...], zone: ZoneInfo
) -> list[Opening] | Cancelled:
    change = next((c for c in hours.changes if c.day == day), None)
    if change is not None:
        return _changed(change, rules, zone)
    for closure in hours.closures:
        if closure.first <= day <= closure.last:
            return Cancelled(day, "closed", closure.reason)
    if hours.holidays.effect != "open" and (name := _holiday(hours, day)):
        return Cancelled(day, "holiday", name)
    return sorted(
        (_block(day, rule.begins, rule.ends, zone) for rule in rules),
        key=lambda block: block.starts_at,
    )


def _changed(
    change: Change, rules: tuple[WeekRule, ...], zone: ZoneInfo
) -> list[Opening] | Cancelled:
    if change.is_cancelled:
        return Cancelled(change.day, "cancelled", change.reason)
    begins = change.begins or (rules[0].begins if rules else None)
    ends = change.ends or (rules[0].ends if rules else None)
    if begins is None or ends is None:
        return []
    block = _block(change.day, begins, ends, zone)
    return [
        Opening(
            block.starts_at,
            block.ends_at,
            place=change.place,
            is_changed=True,
            reason=change.reason,
        )
    ]


def _block(day: date, begins: time, ends: time, zone: ZoneInfo) -> Opening:
    return Opening(
        datetime.combine(day, begins, tzinfo=zone), datetime.combine(day, ends, tzinfo=zone)
    )


def _holiday(hours: Hours, day: date) -> str:
    rule = hours.holidays
    if day in rule.without:
        return ""
    if day in rule.extra:
        return "extra"
    if not rule.country:
        return ""
    return holiday_name(rule.country, rule.subdivision, day)
