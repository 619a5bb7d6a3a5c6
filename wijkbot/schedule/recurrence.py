"""When does something that is planned on wall time happen? Once, or by a rule. Pure.

Nine o'clock stays nine o'clock when the clocks change. A time that does not exist on a day
becomes the next minute that does; a time that comes twice counts the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

_FORM = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


class RuleError(ValueError):
    """This is no rule that can be planned by; says what to write."""


@dataclass(frozen=True, slots=True)
class Due:
    """Of what fell due: the ``latest``, if any, and when it is due again, if ever (in UTC)."""

    latest: datetime | None
    following: datetime | None


def make_rule(first: datetime, every: str) -> str:
    """The rule in one text that keeps its first moment (wall time, naive), as iCalendar does.

    Raises:
        RuleError: it is not a rule of RFC 5545 by days, weeks, months or years.
    """
    wanted = every.strip().upper().removeprefix("RRULE:")
    if not _FORM.fullmatch(wanted):
        raise RuleError("write a rule such as FREQ=WEEKLY;BYDAY=MO")
    text = f"DTSTART:{first:%Y%m%dT%H%M%S}\nRRULE:{wanted}"
    try:
        _series(text)
    except (ValueError, TypeError, KeyError) as error:
        raise RuleError(f"not a rule of RFC 5545 ({error})") from None
    return text


def times(rule: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Every moment later than ``after`` (aware) at which the rule falls due, in order, in UTC."""
    place = ZoneInfo(zone)
    last = after
    # a day early: the clocks never move further than that
    since = after.astimezone(place).replace(tzinfo=None) - _DAY
    for wall in _series(rule).xafter(since):
        moment = instant(wall, zone)
        if moment > last:
            yield moment
            last = moment


def due(rule: str, zone: str, planned: datetime, now: datetime) -> Due:
    """What is due of something planned for ``planned``, when it is looked at ``now``.

    Of several that were missed only the latest counts. Without a rule there is one moment.
    """
    if planned > now:
        return Due(None, planned)
    latest: datetime = planned
    if rule:
        for moment in times(rule, zone, planned):
            if moment > now:
                return Due(latest, moment)
            latest = moment
    return Due(latest, None)


def instant(wall: datetime, zone: str) -> datetime:
    """The moment (UTC) at which the clock on the wall there says this (naive)."""
    place = ZoneInfo(zone)
    while True:
        moment = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
        if moment.astimezone(place).replace(tzinfo=None) == wall:
            return moment
        wall = wall.replace(second=0, microsecond=0) + _MINUTE


def _series(rule: str) -> rrule:
    series = rrulestr(rule)
    if not isinstance(series, rrule):
        raise TypeError("one rule at a time")
    return series
