"""How much may one visitor, one conversation or one account do, and how long must they wait?

A bucket holds so many turns and fills up evenly. Time is in seconds of any clock that the caller
keeps to. Residents share addresses, so a full bucket means "wait", and never "locked out".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MINUTE = 60
QUARTER = 15 * MINUTE
HOUR = 3600
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``turns`` at once, which come back evenly over ``seconds``."""

    turns: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many turns are left (parts count), as of a moment."""

    left: float
    at: float


LIMITS: Mapping[str, Limit] = {
    "create_hour": Limit(5, HOUR),
    "create_day": Limit(20, DAY),
    "create_site": Limit(60, MINUTE),
    "create_without_work": Limit(30, MINUTE),
    "return": Limit(10, MINUTE),
    "config": Limit(60, MINUTE),
    "post": Limit(240, MINUTE),
    "messages_minute": Limit(20, MINUTE),
    "messages_day": Limit(500, DAY),
    "photos_day": Limit(10, DAY),
    "login_account": Limit(5, QUARTER),
    "login_visitor": Limit(20, QUARTER),
    "card_account": Limit(5, 10 * MINUTE),
    "card_site": Limit(30, 10 * MINUTE),
    "claim": Limit(30, MINUTE),
    "export_day": Limit(3, DAY),
}
"""Turns of one visitor, site, conversation or account, each by its name."""

OPEN_POLLS = 4
"""How many requests of one token may wait for news at the same time."""

FREE_MISSES = 5
"""So many wrong return codes in a row, and each further attempt waits."""

LONGEST_WAIT = 42
"""Seconds; the most that a wrong return code costs."""


def look(bucket: Bucket | None, limit: Limit, now: float) -> float:
    """Seconds until there is a turn, 0 when there is one. A bucket never used is full."""
    left = _filled(bucket, limit, now)
    return 0 if left >= 1 else (1 - left) * limit.seconds / limit.turns


def take(bucket: Bucket | None, limit: Limit, now: float) -> Bucket:
    """The bucket after a turn. Ask :func:`look` first: it is never emptier than empty."""
    return Bucket(max(_filled(bucket, limit, now) - 1, 0), now)


def wait_of(asked: Sequence[tuple[Bucket | None, Limit]], now: float) -> float:
    """Seconds until all of these have a turn; the answer to somebody under several limits."""
    return max((look(bucket, limit, now) for bucket, limit in asked), default=0)


def is_full(bucket: Bucket, limit: Limit, now: float) -> bool:
    """May this bucket be forgotten, because a new one would say the same?"""
    return _filled(bucket, limit, now) >= limit.turns


def wait_after(misses: int) -> int:
    """Seconds to wait after so many wrong codes in a row: 0, then 1, 2, 4 … to LONGEST_WAIT."""
    over = misses - FREE_MISSES
    return min(2 ** min(over, LONGEST_WAIT), LONGEST_WAIT) if over >= 0 else 0


def retry_after(seconds: float) -> int:
    """As the header says it: whole seconds, rounded up, at least one."""
    return max(1, math.ceil(seconds))


def _filled(bucket: Bucket | None, limit: Limit, now: float) -> float:
    if bucket is None:
        return limit.turns
    # a clock that went back fills nothing, and takes nothing
    since = max(0, now - bucket.at)
    return min(limit.turns, bucket.left + since * limit.turns / limit.seconds)
