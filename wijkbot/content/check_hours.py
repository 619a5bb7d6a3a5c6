"""Can every consultation hour be computed: its rule, its time zone, its holidays, its days?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import holidays
from dateutil.rrule import rrulestr

from wijkbot.content.load import Loaded
from wijkbot.content.model import Hours, HoursRule, Item
from wijkbot.content.problems import Problem
from wijkbot.content.texts import REQUIRED, in_language

_RULE = re.compile(
    r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;INTERVAL=[1-9]\d?|;(?!INTERVAL|FREQ)[A-Z]+=[^;:=\s]+)*"
)
"""An hour comes back by days or more; an interval of 0 would never end."""


def check_hours(loaded: Loaded, item: Item) -> Iterator[Problem]:
    """What would make the next opening wrong, or impossible to compute."""
    if not isinstance(item, Hours):
        return
    if not _is_zone(item.timezone):
        what = f"the time zone {item.timezone!r} is unknown"
        yield loaded.problem(item.id, ("timezone",), what, 'use "Europe/Brussels", for example')
    yield from _rules(loaded, item)
    yield from _holidays(loaded, item)
    yield from _days(loaded, item)
    yield from _reasons(loaded, item)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # OSError: the name of a folder of zones ("Europe"), or too long for a file
        return False
    return True


def _rules(loaded: Loaded, item: Hours) -> Iterator[Problem]:
    for index, rule in enumerate(item.rules):
        place = ("rules", index)
        if rule.begins >= rule.ends:
            yield loaded.problem(item.id, place, "this ends before it begins", "mend from/until")
        wrong = _wrong_rule(rule)
        if wrong:
            yield loaded.problem(item.id, (*place, "rrule"), *wrong)


def _wrong_rule(rule: HoursRule) -> tuple[str, str] | None:
    no_rule = f"the rule {rule.rrule!r} is no RRULE", 'write it as "FREQ=WEEKLY;BYDAY=TU"'
    if not _RULE.fullmatch(rule.rrule):
        return no_rule
    first = datetime.combine(rule.starts, rule.begins)
    try:
        series = rrulestr(rule.rrule, dtstart=first)
        day = series.after(first, inc=True)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError):
        return no_rule
    if day is None:
        return f"the rule {rule.rrule!r} never falls on a day", "mend BYDAY, BYMONTH or UNTIL"
    return None


def _holidays(loaded: Loaded, item: Hours) -> Iterator[Problem]:
    country, part = item.holidays.country or item.country, item.holidays.subdivision
    known = holidays.list_supported_countries()
    if country not in known:
        what = f"there is no holiday calendar of {country!r}"
        yield loaded.problem(item.id, ("holidays", "country"), what, "use NL or BE")
    elif part and part not in known[country]:
        what = f"the holiday calendar of {country} has no part {part!r}"
        yield loaded.problem(item.id, ("holidays", "subdivision"), what, "remove it")


def _days(loaded: Loaded, item: Hours) -> Iterator[Problem]:
    for index, closed in enumerate(item.closed):
        if closed.first > closed.last:
            what = "this closure ends before it begins"
            yield loaded.problem(item.id, ("closed", index), what, "mend from/until")
    for index, change in enumerate(item.changes):
        place = ("changes", index)
        if change.begins and change.ends and change.begins >= change.ends:
            what = "this change ends before it begins"
            yield loaded.problem(item.id, place, what, "mend from/until")
        if [other.date for other in item.changes].index(change.date) < index:
            what = f"{change.date} is changed twice"
            yield loaded.problem(item.id, place, what, "keep one of them")


def _reasons(loaded: Loaded, item: Hours) -> Iterator[Problem]:
    """A reason that lacks a language would take the sentence along with it."""
    places = [(("closed", i, "reason"), closed.reason) for i, closed in enumerate(item.closed)]
    places += [(("changes", i, "reason"), change.reason) for i, change in enumerate(item.changes)]
    for place, reason in places:
        for language in REQUIRED:
            if reason and in_language(reason, language) is None:
                what = f"the reason has no text in {language}"
                todo = f"add {language.split('-', maxsplit=1)[0]!r}"
                yield loaded.problem(item.id, place, what, todo)
