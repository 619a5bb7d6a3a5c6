"""Is the last turn of each limit given, the next one not, and how long must one wait?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkbot.securechat.limits import (
    DAY,
    FREE_MISSES,
    HOUR,
    LIMITS,
    LONGEST_WAIT,
    MINUTE,
    QUARTER,
    Bucket,
    Limit,
    is_full,
    look,
    retry_after,
    take,
    wait_after,
    wait_of,
)

AGREED = {
    "create_hour": (5, HOUR),
    "create_day": (20, DAY),
    "create_site": (60, MINUTE),
    "create_without_work": (30, MINUTE),
    "return": (10, MINUTE),
    "config": (60, MINUTE),
    "post": (240, MINUTE),
    "messages_minute": (20, MINUTE),
    "messages_day": (500, DAY),
    "photos_day": (10, DAY),
    "login_account": (5, QUARTER),
    "login_visitor": (20, QUARTER),
    "claim": (30, MINUTE),
    "export_day": (3, DAY),
    "card_account": (5, 10 * MINUTE),
    "card_site": (30, 10 * MINUTE),
}
NOW = 1000.0


def emptied(limit: Limit, now: float = NOW) -> Bucket:
    bucket: Bucket | None = None
    for _ in range(limit.turns):
        assert look(bucket, limit, now) == 0
        bucket = take(bucket, limit, now)
    assert bucket
    return bucket


def test_55_values_are_those_that_were_agreed() -> None:
    assert {name: (one.turns, one.seconds) for name, one in LIMITS.items()} == AGREED


@pytest.mark.parametrize("name", LIMITS)
def test_55_at_the_limit_there_is_a_turn_and_one_further_there_is_none(name: str) -> None:
    limit = LIMITS[name]
    bucket = emptied(limit)
    assert look(bucket, limit, NOW) == pytest.approx(limit.seconds / limit.turns)


@pytest.mark.parametrize("name", LIMITS)
def test_55_turns_come_back_evenly_and_never_more_than_all(name: str) -> None:
    limit = LIMITS[name]
    bucket, one = emptied(limit), limit.seconds / limit.turns
    assert look(bucket, limit, NOW + one * 0.99) > 0
    assert look(bucket, limit, NOW + one * 1.01) == 0
    assert not is_full(bucket, limit, NOW + limit.seconds * 0.99)
    assert is_full(bucket, limit, NOW + limit.seconds * 1.01)
    much_later = NOW + 100 * limit.seconds
    left = take(bucket, limit, much_later)
    assert left.left == pytest.approx(limit.turns - 1)


def test_10_looking_uses_nothing_up() -> None:
    limit = LIMITS["messages_minute"]
    bucket = Bucket(1, NOW)
    for _ in range(50):
        assert look(bucket, limit, NOW) == 0


def test_clock_that_goes_back_neither_gives_nor_locks_out() -> None:
    limit = LIMITS["create_hour"]
    bucket = emptied(limit)
    assert look(bucket, limit, NOW - DAY) == pytest.approx(720)
    again = take(bucket, limit, NOW - DAY)
    assert look(again, limit, NOW - DAY + 721) == 0


def test_under_several_limits_the_longest_wait_counts() -> None:
    hour, day = LIMITS["create_hour"], LIMITS["create_day"]
    assert wait_of([], NOW) == 0
    assert wait_of([(None, hour), (None, day)], NOW) == 0
    assert wait_of([(emptied(hour), hour), (None, day)], NOW) == pytest.approx(720)
    assert wait_of([(emptied(hour), hour), (emptied(day), day)], NOW) == pytest.approx(4320)


@given(
    turns=st.integers(1, 100),
    seconds=st.integers(1, DAY),
    waits=st.lists(st.floats(0, 1000), max_size=200),
)
def test_55_nobody_ever_gets_more_than_a_full_bucket_and_what_came_back(
    turns: int, seconds: int, waits: list[float]
) -> None:
    limit, bucket, now, given_out = Limit(turns, seconds), None, NOW, 0
    for wait in waits:
        now += wait
        if look(bucket, limit, now) == 0:
            bucket = take(bucket, limit, now)
            given_out += 1
    assert given_out <= turns + (now - NOW) * turns / seconds + 1e-6


def test_55_wrong_codes_cost_ever_more_waiting_up_to_42_seconds() -> None:
    waits = [wait_after(misses) for misses in range(FREE_MISSES + 9)]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 42, 42, 42]
    assert wait_after(10**9) == LONGEST_WAIT


@pytest.mark.parametrize(("seconds", "header"), [(0, 1), (0.2, 1), (1, 1), (1.01, 2), (720, 720)])
def test_header_is_never_too_early(seconds: float, header: int) -> None:
    assert retry_after(seconds) == header
