"""Which process is the home of a channel, and what did a stopped process leave claimed?"""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from wijkbot.storage.dialect import insert, moment, now
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import conversation, lane, lease, outbox


def acquire(conn: Connection, name: str, holder: str, now_ms: int, ttl_ms: int) -> int | None:
    """Become the holder for so many ms; returns the fence, or None while another holds it.

    The fence grows with each change of holder; taking one's own lease again keeps it.
    """
    new = insert(conn, lease).values(name=name, holder=holder, fence=1, expires_at=0)
    conn.execute(new.on_conflict_do_nothing())
    row = conn.execute(select(lease).where(lease.c.name == name).with_for_update()).one()
    now_ms = moment(conn, now_ms)
    if row.holder != holder and row.expires_at > now_ms:
        return None
    fence = int(row.fence) if row.holder == holder else int(row.fence) + 1
    mine = {"holder": holder, "fence": fence, "expires_at": now_ms + ttl_ms}
    conn.execute(update(lease).where(lease.c.name == name).values(mine))
    return fence


def is_free(conn: Connection, name: str, holder: str, now_ms: int) -> bool:
    """Could this holder have the lease now? Only a look, that costs no write."""
    row = conn.execute(select(lease).where(lease.c.name == name)).first()
    return row is None or row.holder == holder or row.expires_at <= moment(conn, now_ms)


def renew(conn: Connection, name: str, fence: int, now_ms: int, ttl_ms: int) -> bool:
    """Stay the holder for so many ms more; False when another took over."""
    where = (lease.c.name == name, lease.c.fence == fence)
    longer = update(lease).where(*where).values(expires_at=now(conn, now_ms) + ttl_ms)
    return conn.execute(longer).rowcount == 1


def release(conn: Connection, name: str, fence: int) -> None:
    """Let go, so that another process need not wait."""
    where = (lease.c.name == name, lease.c.fence == fence)
    conn.execute(update(lease).where(*where).values(expires_at=0, holder=""))


def check(conn: Connection, name: str, fence: int) -> None:
    """Nothing while we hold it; it cannot be lost before this transaction ends.

    Raises:
        LeaseLost: another process is the home now.
    """
    where = (lease.c.name == name, lease.c.fence == fence)
    held = select(lease.c.name).where(*where, lease.c.expires_at > 0).with_for_update()
    if conn.execute(held).first() is None:
        raise LeaseLost(name)


def recover(conn: Connection, now_ms: int) -> int:
    """Make claimable at once what a stopped process held. Returns how many.

    Only for the one process that owns an embedded database, at its start.
    """
    waiting = or_(
        conversation.c.in_seq > conversation.c.done_seq, conversation.c.timer_at.is_not(None)
    )
    held = update(conversation).where(conversation.c.due_at > now_ms, waiting)
    idle = update(conversation).where(conversation.c.due_at > now_ms, ~waiting)
    free = {"due_at": now_ms, "lease": conversation.c.lease + 1}
    count = conn.execute(held.values(free)).rowcount
    conn.execute(idle.values({**free, "due_at": None}))
    flying = select(outbox.c.lane_id).where(
        outbox.c.lane_id == lane.c.id,
        outbox.c.seq == lane.c.sent_seq + 1,
        outbox.c.status == int(Status.SENDING),
    )
    conn.execute(update(lease).values(expires_at=0, holder=""))
    lanes = update(lane).where(lane.c.due_at > now_ms, flying.exists())
    return count + conn.execute(lanes.values(due_at=now_ms, lease=lane.c.lease + 1)).rowcount
