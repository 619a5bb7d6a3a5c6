"""Does time end things when it should, on days of 23 hours and with a clock that goes back?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkbot.securechat.states import Event, State
from wijkbot.securechat.timers import (
    DAY,
    HOUR,
    Keeps,
    Moments,
    due,
    kept_until,
    minute,
    purge_at,
    timers,
)

KEEPS = Keeps()
T = 1_790_000_040
"""A whole minute."""

FRESH = Moments(created=T, queued=T, last=T)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def assert_turns(state: State, moments: Moments, at: int, event: Event) -> None:
    """Nothing a second before; the event at the second, and still later."""
    assert due(state, moments, KEEPS, at - 1) is None
    assert due(state, moments, KEEPS, at) is event
    assert due(state, moments, KEEPS, at + 60) is event


def test_48_nobody_answered_for_fourteen_days() -> None:
    assert_turns(State.WAITING, FRESH, T + 14 * DAY, Event.UNANSWERED)


def test_48_waiting_counts_from_when_it_came_into_the_queue_again() -> None:
    again = replace(FRESH, queued=T + 40 * DAY, last=T + 40 * DAY)
    assert_turns(State.WAITING, again, T + 54 * DAY, Event.UNANSWERED)


def test_48_offer_is_over_after_a_day() -> None:
    offered = replace(FRESH, offered=T + 60)
    assert_turns(State.ASSIGNED, offered, T + 60 + 24 * HOUR, Event.OFFER_OVER)


def test_48_silence_closes_after_thirty_days() -> None:
    spoke = replace(FRESH, last=T + 10 * DAY)
    assert_turns(State.ASSIGNED, spoke, T + 40 * DAY, Event.SILENT)


def test_48_closed_conversation_goes_after_fourteen_days() -> None:
    closed = replace(FRESH, purge_at=purge_at(T + DAY, FRESH, KEEPS))
    assert closed.purge_at == T + 15 * DAY
    assert_turns(State.CLOSED, closed, T + 15 * DAY, Event.PURGE)


@pytest.mark.parametrize("state", State)
def test_48_nothing_is_older_than_ninety_days(state: State) -> None:
    busy = Moments(T, T + 89 * DAY, T + 89 * DAY, purge_at=T + 100 * DAY)
    assert_turns(state, busy, T + 90 * DAY, Event.TOO_OLD)
    assert kept_until(state, busy, KEEPS) == T + 90 * DAY


def test_48_closing_late_does_not_keep_longer_than_ninety_days() -> None:
    late = replace(FRESH, last=T + 85 * DAY)
    assert purge_at(T + 85 * DAY, late, KEEPS) == T + 90 * DAY


@pytest.mark.parametrize(("month", "day"), [(3, 20), (10, 20)], ids=["spring", "autumn"])
def test_48_day_of_23_or_25_hours_changes_nothing(month: int, day: int) -> None:
    """Fourteen days are 14 times 24 hours, over a clock change too."""
    closed_at = datetime(2027, month, day, 12, tzinfo=AMSTERDAM)
    now = int(closed_at.timestamp())
    moments = Moments(now, now, now)
    until = purge_at(now, moments, KEEPS)
    assert until - now == 14 * DAY
    wall = datetime.fromtimestamp(until, AMSTERDAM).replace(tzinfo=None)
    assert abs(wall - (closed_at.replace(tzinfo=None) + timedelta(days=14))) == timedelta(hours=1)
    assert due(State.CLOSED, replace(moments, purge_at=until), KEEPS, until - 1) is None


def test_48_clock_that_went_back_takes_nothing_away_earlier() -> None:
    spoke = replace(FRESH, last=T + 5 * DAY)
    went_back = T - 30 * DAY
    assert purge_at(went_back, spoke, KEEPS) == T + 19 * DAY
    offered = replace(spoke, offered=T + 5 * DAY)
    for state in State:
        assert due(state, offered, KEEPS, went_back) is None


MOMENTS = st.builds(
    Moments,
    created=st.just(T),
    queued=st.integers(T, T + 95 * DAY),
    last=st.integers(T, T + 95 * DAY),
    offered=st.none() | st.integers(T, T + 95 * DAY),
    purge_at=st.none() | st.integers(T, T + 95 * DAY),
)


@given(
    state=st.sampled_from(State),
    moments=MOMENTS,
    now=st.integers(0, 300 * DAY),
    back=st.integers(0),
)
def test_48_what_is_not_due_is_not_due_earlier(
    state: State, moments: Moments, now: int, back: int
) -> None:
    if due(state, moments, KEEPS, T + now) is None:
        assert due(state, moments, KEEPS, T + now - back) is None


@given(state=st.sampled_from(State), moments=MOMENTS)
def test_everything_ends_in_ninety_days_whatever_happens(state: State, moments: Moments) -> None:
    assert due(state, moments, KEEPS, T + 90 * DAY) is Event.TOO_OLD
    assert kept_until(state, moments, KEEPS) <= T + 90 * DAY
    times = [timer.at for timer in timers(state, moments, KEEPS)]
    assert times == sorted(times)


def test_machine_that_was_off_catches_up_in_order() -> None:
    offered = replace(FRESH, offered=T)
    assert due(State.ASSIGNED, offered, KEEPS, T + 31 * DAY) is Event.OFFER_OVER
    assert due(State.ASSIGNED, FRESH, KEEPS, T + 31 * DAY) is Event.SILENT
    assert due(State.ASSIGNED, offered, KEEPS, T + 91 * DAY) is Event.TOO_OLD


@pytest.mark.parametrize(
    ("state", "days"), [(State.WAITING, 28), (State.ASSIGNED, 44), (State.CLOSED, 14)]
)
def test_page_says_until_when_all_is_kept(state: State, days: int) -> None:
    moments = replace(FRESH, purge_at=T + 14 * DAY if state is State.CLOSED else None)
    assert kept_until(state, moments, KEEPS) == T + days * DAY


def test_settings_of_the_organisation_count() -> None:
    short = Keeps(closed_days=1, silent_days=2, max_days=5, unanswered_days=3, offer_hours=4)
    offered = replace(FRESH, offered=T)
    assert purge_at(T, FRESH, short) == T + DAY
    assert due(State.WAITING, FRESH, short, T + 2 * DAY) is Event.SILENT
    assert due(State.ASSIGNED, offered, short, T + 4 * HOUR) is Event.OFFER_OVER
    assert due(State.CLOSED, FRESH, short, T + 5 * DAY) is Event.TOO_OLD
    waits = replace(FRESH, last=T + 2 * DAY)
    assert due(State.WAITING, waits, short, T + 3 * DAY) is Event.UNANSWERED


def test_stamps_are_whole_minutes_and_nothing_goes_a_second_early() -> None:
    assert minute(T + 59) == T
    assert minute(T + 60) == T + 60
    assert purge_at(T + 1, FRESH, KEEPS) == T + 14 * DAY + 60
