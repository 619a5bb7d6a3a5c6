"""Does what is planned on the wall clock happen at that hour, whatever the clocks do?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkbot.schedule.recurrence import Due, RuleError, due, instant, make_rule, times

AMSTERDAM = "Europe/Amsterdam"


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _walls(rule: str, after: str, count: int) -> list[str]:
    zone = ZoneInfo(AMSTERDAM)
    found = islice(times(rule, AMSTERDAM, _utc(after)), count)
    return [moment.astimezone(zone).strftime("%m-%d %H:%M %z") for moment in found]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (
            datetime(2026, 3, 27, 9),
            ["03-27 09:00 +0100", "03-28 09:00 +0100", "03-29 09:00 +0200", "03-30 09:00 +0200"],
        ),
        (
            datetime(2026, 10, 23, 9),
            ["10-23 09:00 +0200", "10-24 09:00 +0200", "10-25 09:00 +0100", "10-26 09:00 +0100"],
        ),
    ],
    ids=["spring", "autumn"],
)
def test_nine_o_clock_stays_nine_o_clock(first: datetime, expected: list[str]) -> None:
    assert _walls(make_rule(first, "FREQ=DAILY"), "2026-01-01", 4) == expected


def test_a_time_that_does_not_exist_moves_to_the_next_minute_that_does() -> None:
    rule = make_rule(datetime(2026, 3, 28, 2, 30), "FREQ=DAILY")
    assert _walls(rule, "2026-03-28T12:00", 2) == ["03-29 03:00 +0200", "03-30 02:30 +0200"]
    assert instant(datetime(2026, 3, 29, 2, 1), AMSTERDAM) == _utc("2026-03-29T01:00")


def test_a_time_that_comes_twice_counts_once_the_first_time() -> None:
    rule = make_rule(datetime(2026, 10, 24, 2, 30), "FREQ=DAILY")
    assert _walls(rule, "2026-10-24T12:00", 2) == ["10-25 02:30 +0200", "10-26 02:30 +0100"]


def test_rule_counts_from_its_first_moment() -> None:
    rule = make_rule(datetime(2026, 11, 25, 9), "rrule:freq=weekly;interval=2;byday=MO;count=2")
    assert _walls(rule, "2026-11-21", 9) == ["12-07 09:00 +0100", "12-21 09:00 +0100"]


@pytest.mark.parametrize(
    "every",
    [
        "",
        "every monday",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;COLOUR=RED",
        "FREQ=DAILY;UNTIL=20261231T000000Z",
        "FREQ=DAILY\nDTSTART:20200101T000000",
        "FREQ=DAILY;BYHOUR=25",
    ],
)
def test_what_is_no_rule_is_refused(every: str) -> None:
    with pytest.raises(RuleError):
        make_rule(datetime(2026, 11, 25, 9), every)


def test_of_several_missed_ones_the_latest_is_due() -> None:
    rule = make_rule(datetime(2026, 11, 23, 9), "FREQ=DAILY")
    planned = _utc("2026-11-23T08:00")
    assert due(rule, AMSTERDAM, planned, _utc("2026-11-23T07:59")) == Due(None, planned)
    missed = due(rule, AMSTERDAM, planned, _utc("2026-11-27T12:00"))
    assert missed == Due(_utc("2026-11-27T08:00"), _utc("2026-11-28T08:00"))


def test_once_is_once_and_a_rule_may_end() -> None:
    planned = _utc("2026-11-23T08:00")
    assert due("", AMSTERDAM, planned, planned) == Due(planned, None)
    rule = make_rule(datetime(2026, 11, 23, 9), "FREQ=DAILY;COUNT=2")
    last = planned + timedelta(days=1)
    assert due(rule, AMSTERDAM, planned, planned) == Due(planned, last)
    assert due(rule, AMSTERDAM, last, last) == Due(last, None)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(
        lambda at: at.replace(second=0, microsecond=0)
    ),
    st.sampled_from(["Europe/Amsterdam", "Europe/Brussels", "Australia/Lord_Howe", "UTC"]),
)
def test_moments_grow_and_show_the_wished_time_unless_it_does_not_exist(
    first: datetime, zone: str
) -> None:
    """No day is passed over, none comes twice, on any start and in any zone."""
    place = ZoneInfo(zone)
    found = list(islice(times(make_rule(first, "FREQ=DAILY"), zone, _utc("2025-12-01")), 40))
    assert found == sorted(set(found))
    days = [moment.astimezone(place).date() for moment in found]
    assert days == [first.date() + timedelta(days=n) for n in range(40)]
    for moment in found:
        shown = moment.astimezone(place).time()
        exists = instant(datetime.combine(moment.astimezone(place).date(), first.time()), zone)
        assert shown == first.time() or (shown > first.time() and exists == moment)
