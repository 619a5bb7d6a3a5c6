"""Which messages go out now, and how did each one end? The sender's half of the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, or_, select, update

from wijkbot.engine.words import Purpose
from wijkbot.storage import chats, limiter
from wijkbot.storage.dialect import big, skipping_locked
from wijkbot.storage.errors import KeyGone, SealBroken
from wijkbot.storage.outbox import Lane, Status, check_lease, values_context
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import chat, lane, outbox

LEASE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait between two messages to one chat, in ms."""

    private_gap_ms: int = 1_000
    group_gap_ms: int = 3_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message that is ours to send now.

    ``attempts`` counts this one. ``was_in_flight``: an earlier sender stopped between sending
    and telling, so it may have arrived already. ``address`` and ``values`` None can never be
    read again.
    """

    lane_id: int
    seq: int
    lease: int
    lane: Lane
    key: str
    chat_id: int
    channel: str
    address: str | None
    is_private: bool
    neighbourhood: str
    conversation_id: int | None
    purpose: Purpose
    item_id: str
    item_version: int
    language: str
    values: bytes | None
    attempts: int
    was_in_flight: bool
    broadcast_id: int | None
    created_at: int
    expires_at: int | None


def claim(
    conn: Connection,
    sealer: Sealer,
    channel: str,
    now_ms: int,
    *,
    limit: int = 20,
    pace: Pace | None = None,
) -> list[Outgoing]:
    """Take messages of one channel, as many as its rate allows: crisis, then reply, then bulk.

    Expired messages are settled on the way.
    """
    if not _anything_due(conn, channel, now_ms):
        return []  # an idle channel costs no write
    granted = limiter.grant(conn, channel, limit, now_ms)
    out: list[Outgoing] = []
    for kind in Lane:
        # an expired head leaves room: look again until the lanes of this kind are through
        while len(out) < granted:
            rows = _due(conn, channel, kind, now_ms, granted - len(out))
            taken = [_take(conn, sealer, row, now_ms, pace or Pace()) for row in rows]
            out += [one for one in taken if one is not None]
            if all(one is not None for one in taken):
                break
    limiter.give_back(conn, channel, granted - len(out))
    return out


def settle(
    conn: Connection,
    out: Outgoing,
    status: Status,
    now_ms: int,
    *,
    message_id: str | None = None,
    error: str = "",
) -> None:
    """This is what became of it, for good: its values are erased and the lane goes on.

    Raises:
        LeaseLost: the lane is somebody else's now.
    """
    _go_on(conn, out.lane_id, out.lease, out.seq, now_ms)
    row = {
        "status": int(status),
        "values_sealed": None,
        "external_message_id": message_id,
        "error": error,
        "sent_at": now_ms,
    }
    conn.execute(update(outbox).where(_is(out.lane_id, out.seq)).values(row))


def retry(conn: Connection, out: Outgoing, now_ms: int, *, after_ms: int, error: str) -> None:
    """It certainly did not arrive: try this same message again after so many ms.

    The lane waits for it: messages to one chat keep their order. LeaseLost as above.
    """
    row = {"due_at": now_ms + after_ms, "lease": lane.c.lease + 1}
    check_lease(conn, out.lane_id, out.lease, row)
    waits = {"status": int(Status.WAITING), "error": error}
    conn.execute(update(outbox).where(_is(out.lane_id, out.seq)).values(waits))


def renew(conn: Connection, out: Outgoing, now_ms: int) -> None:
    """Hold the lane for longer (LeaseLost when it is not ours any more)."""
    check_lease(conn, out.lane_id, out.lease, {"due_at": now_ms + LEASE_MS})


def _anything_due(conn: Connection, channel: str, now_ms: int) -> bool:
    kinds = lane.c.kind.in_([int(kind) for kind in Lane])  # names the index column by equality
    where = (lane.c.channel == channel, kinds, lane.c.due_at <= now_ms)
    return conn.execute(select(lane.c.id).where(*where).limit(1)).first() is not None


def _due(conn: Connection, channel: str, kind: Lane, now_ms: int, limit: int) -> list[Row[Any]]:
    may_go = chat.c.next_send_at <= now_ms
    query = (
        select(lane, chat.c.address_sealed, chat.c.is_private, chat.c.neighbourhood)
        .join(chat, chat.c.id == lane.c.chat_id)
        .where(lane.c.channel == channel, lane.c.kind == int(kind), lane.c.due_at <= now_ms)
        .where(or_(lane.c.kind == int(Lane.CRISIS), may_go))
        .order_by(lane.c.due_at)
        .limit(limit)
    )
    # the chat is locked too: two lanes of one chat never break its pause together
    return list(conn.execute(skipping_locked(conn, query, lane, chat)))


def _take(
    conn: Connection, sealer: Sealer, row: Row[Any], now_ms: int, pace: Pace
) -> Outgoing | None:
    head = conn.execute(select(outbox).where(_is(row.id, row.sent_seq + 1))).first()
    if head is None:  # nothing waits: an append gave its number back
        conn.execute(update(lane).where(lane.c.id == row.id).values(due_at=None))
        return None
    if head.status >= int(Status.SENT):  # an erasure took it away while it waited
        _go_on(conn, row.id, row.lease, head.seq, now_ms)
        return None
    if head.expires_at is not None and head.expires_at <= now_ms:
        _expire(conn, row, now_ms)
        return None
    leased = {
        "lease": row.lease + 1,
        "due_at": now_ms + LEASE_MS,
        "attempts": row.attempts + 1,
    }
    conn.execute(update(lane).where(lane.c.id == row.id).values(leased))
    flies = {"status": int(Status.SENDING), "attempts": head.attempts + 1}
    conn.execute(update(outbox).where(_is(row.id, head.seq)).values(flies))
    gap = pace.private_gap_ms if row.is_private else pace.group_gap_ms
    pause = case(
        (chat.c.next_send_at > big(now_ms + gap), chat.c.next_send_at), else_=big(now_ms + gap)
    )
    conn.execute(update(chat).where(chat.c.id == row.chat_id).values(next_send_at=pause))
    return _outgoing(conn, sealer, row, head)


def _outgoing(conn: Connection, sealer: Sealer, row: Row[Any], head: Row[Any]) -> Outgoing:
    return Outgoing(
        lane_id=row.id,
        seq=head.seq,
        lease=row.lease + 1,
        lane=Lane(row.kind),
        key=head.key,
        chat_id=row.chat_id,
        channel=row.channel,
        address=chats.open_address(conn, sealer, row.chat_id, row.address_sealed),
        is_private=row.is_private,
        neighbourhood=row.neighbourhood,
        conversation_id=head.conversation_id,
        purpose=Purpose(head.purpose),
        item_id=head.item_id,
        item_version=head.item_version,
        language=head.language,
        values=_values(conn, sealer, head),
        attempts=head.attempts + 1,
        was_in_flight=head.status == int(Status.SENDING),
        broadcast_id=head.broadcast_id,
        created_at=head.created_at,
        expires_at=head.expires_at,
    )


def _values(conn: Connection, sealer: Sealer, head: Row[Any]) -> bytes | None:
    if head.values_sealed is None:
        return None
    try:
        return sealer.open(conn, head.values_sealed, values_context(head.key))
    except (KeyGone, SealBroken):
        return None


def _expire(conn: Connection, row: Row[Any], now_ms: int) -> None:
    _go_on(conn, row.id, row.lease, row.sent_seq + 1, now_ms)
    gone = {"status": int(Status.EXPIRED), "values_sealed": None, "sent_at": now_ms}
    conn.execute(update(outbox).where(_is(row.id, row.sent_seq + 1)).values(gone))


def _go_on(conn: Connection, lane_id: int, lease: int, seq: int, now_ms: int) -> None:
    """Move the lane past a message; counters say whether another one waits."""
    more = and_(lane.c.out_seq > big(seq), ~lane.c.suspended)
    row = {
        "sent_seq": seq,
        "attempts": 0,
        "lease": lane.c.lease + 1,
        "due_at": case((more, big(now_ms))),
    }
    check_lease(conn, lane_id, lease, row)


def _is(lane_id: int, seq: int) -> ColumnElement[bool]:
    return and_(outbox.c.lane_id == lane_id, outbox.c.seq == seq)
