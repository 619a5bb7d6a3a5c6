"""Is there one clock, aware and movable, and is chance really chance?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wijkbot.clock import Clock


def test_the_clock_is_aware_and_right() -> None:
    now = Clock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_milliseconds_are_the_same_moment() -> None:
    clock = Clock()
    assert abs(clock.now_ms() - clock.now().timestamp() * 1000) < 1000


def test_shifts_add_up_and_reset_ends_them() -> None:
    clock = Clock()
    clock.shift(3600)
    clock.shift(3600)
    ahead = clock.now() - datetime.now(UTC)
    assert timedelta(hours=1, minutes=59) < ahead < timedelta(hours=2, minutes=1)
    clock.reset()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_shift_moves_one_clock_only() -> None:
    clock, other = Clock(), Clock()
    clock.shift(3600)
    assert clock.now() - other.now() > timedelta(minutes=59)


def test_tokens_are_fresh_and_fit_in_a_link() -> None:
    clock = Clock()
    words = {clock.token(16) for _ in range(100)}
    assert len(words) == 100
    assert all(
        word.isascii() and word.replace("-", "").replace("_", "").isalnum() for word in words
    )
    assert len(clock.random_bytes(12)) == 12
