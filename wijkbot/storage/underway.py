"""How many messages may reach a platform at this very moment, sent by any process?

The account's rate spreads what leaves. What leaves two processes evenly may arrive at once, so
what has no answer yet counts until a second after it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, and_, bindparam, func, or_, select
from sqlalchemy import cast as sql_cast

from wijkbot.storage import quick
from wijkbot.storage.dialect import Flavour, flavour
from wijkbot.storage.heads import LEASE_MS
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.tables import lane, outbox

FULL_MS = 50
"""So soon it is worth to look again when there was no room."""
_SECOND_MS = 1_000
_FLIES_MS = 5_000
"""What has no answer after that belongs to a process that was killed, and is there or lost."""
_ARRIVED = (Status.SENT, Status.QUEUED, Status.UNKNOWN, Status.DELIVERED, Status.READ)


def room(conn: Connection, channel: str, most: int, now_ms: int) -> int:
    """How many more may leave now, when no second may hold more than ``most`` (0: no limit).

    On SQLite one process sends, whose adapter knows the moments better than any table.
    """
    of = flavour(conn)
    if not most or of.is_sqlite:
        return most or _NO_LIMIT
    asked = {**of.at(now_ms), "b_channel": channel, "b_mine": now_ms}
    (found,) = quick.rows(conn, _counting(of), asked)
    return max(0, most - int(found.flying) - int(found.answered))


_NO_LIMIT = 1_000_000


@cache
def _counting(of: Flavour) -> Select[Any]:
    """Under way, by the lease of its lane; and answered, by the clock that wrote it down."""
    its = and_(lane.c.channel == bindparam("b_channel"), or_(*(lane.c.kind == k for k in Lane)))
    is_head = and_(outbox.c.lane_id == lane.c.id, outbox.c.seq == lane.c.sent_seq + 1)
    flies = and_(
        lane.c.due_at > of.now() + LEASE_MS - _FLIES_MS,
        outbox.c.status == int(Status.SENDING),
    )
    flying = select(func.count()).select_from(lane).join(outbox, is_head).where(its, flies)
    mine = sql_cast(bindparam("b_mine"), BigInteger)
    # another machine's clock may be before ours: what it wrote is not counted for ever
    lately = and_(outbox.c.sent_at > mine - _SECOND_MS, outbox.c.sent_at <= mine + _SECOND_MS)
    arrived = outbox.c.status.in_([int(one) for one in _ARRIVED])
    answered = select(func.count()).select_from(outbox).join(lane, lane.c.id == outbox.c.lane_id)
    answered = answered.where(its, lately, arrived)
    return select(
        flying.scalar_subquery().label("flying"), answered.scalar_subquery().label("answered")
    )
