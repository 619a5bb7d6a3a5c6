"""How long until something may go out on a channel? Asked when nothing could be taken."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from wijkbot.storage import limiter, quick, underway
from wijkbot.storage.dialect import Flavour, flavour
from wijkbot.storage.outbox import Lane
from wijkbot.storage.tables import lane


def wait_ms(
    conn: Connection, channel: str, now_ms: int, at_most_ms: int, most_per_s: int = 0
) -> int:
    """The time, in ms, until a lane is due and the account may send again.

    A chat that pauses because of another of its lanes is found after ``at_most_ms``.
    """
    of = flavour(conn)
    asked = {**of.at(now_ms), "b_channel": channel}
    (found,) = quick.rows(conn, _earliest(of), asked)
    first = [due for due in found if due is not None]
    if not first:
        return at_most_ms
    until_due = max(0, min(first))
    until_rate = limiter.wait_ms(conn, channel, now_ms)
    wait = max(until_due, until_rate)
    # due, and the account may send: what holds it is a pause that nobody can see from here
    if wait or underway.room(conn, channel, most_per_s, now_ms):
        return min(wait, at_most_ms) if wait else at_most_ms
    return min(underway.FULL_MS, at_most_ms)


@cache
def _earliest(of: Flavour) -> Select[Any]:
    """For each kind of lane: in how many ms the first is due. One look at each index."""
    return select(
        *(
            select(func.min(lane.c.due_at) - of.now())
            .where(
                lane.c.channel == bindparam("b_channel"),
                lane.c.kind == int(kind),
                lane.c.due_at.is_not(None),
            )
            .scalar_subquery()
            for kind in Lane
        )
    )
