"""Does anything pile up?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import conversation, inbox, lane, outbox


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits now, and for how long (ms, 0 when nothing waits).

    ``dead``: events given up on. ``unknown``: messages whose fate nobody knows.
    ``suspended``: chats that refuse us.
    """

    waiting_in: int
    oldest_in_ms: int
    waiting_out: int
    oldest_out_ms: int
    dead: int
    unknown: int
    suspended: int


def look(conn: Connection, now_ms: int) -> Backlog:
    """Count what waits."""
    behind = conversation.c.in_seq - conversation.c.done_seq
    unsent = lane.c.out_seq - lane.c.sent_seq
    suspended = select(func.count(lane.c.chat_id.distinct())).where(lane.c.suspended)
    return Backlog(
        waiting_in=_number(conn, func.sum(behind), conversation.c.due_at.is_not(None)),
        oldest_in_ms=_oldest_in(conn, now_ms),
        waiting_out=_number(conn, func.sum(unsent), lane.c.due_at.is_not(None)),
        oldest_out_ms=_oldest_out(conn, now_ms),
        dead=_number(conn, func.count(inbox.c.dead_at), inbox.c.dead_at.is_not(None)),
        unknown=_number(conn, func.count(outbox.c.status), outbox.c.status == int(Status.UNKNOWN)),
        suspended=int(conn.execute(suspended).scalar_one()),
    )


def _number(conn: Connection, value: ColumnElement[int], where: ColumnElement[bool]) -> int:
    return int(conn.execute(select(value).where(where)).scalar() or 0)


def _oldest_in(conn: Connection, now_ms: int) -> int:
    first = (
        select(func.min(inbox.c.received_at))
        .join(conversation, conversation.c.id == inbox.c.conversation_id)
        .where(conversation.c.due_at.is_not(None), inbox.c.seq > conversation.c.done_seq)
    )
    return _age(conn.execute(first).scalar(), now_ms)


def _oldest_out(conn: Connection, now_ms: int) -> int:
    head = (
        select(func.min(outbox.c.created_at))
        .join(lane, (lane.c.id == outbox.c.lane_id) & (outbox.c.seq == lane.c.sent_seq + 1))
        .where(lane.c.due_at.is_not(None))
    )
    return _age(conn.execute(head).scalar(), now_ms)


def _age(since: int | None, now_ms: int) -> int:
    return 0 if since is None else max(0, now_ms - since)
