"""Which messages go out now, and how did each one end? The sender's half of the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    FromClause,
    Row,
    SmallInteger,
    Text,
    Update,
    and_,
    bindparam,
    case,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from wijkbot.engine.words import Purpose
from wijkbot.storage import broadcasts, chats, heads, limiter, quick, underway
from wijkbot.storage.dialect import Flavour, as_rows, flavour, now
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.outbox import Lane, Status, values_context
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import chat, lane, outbox


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
    pace: heads.Pace | None = None,
) -> list[Outgoing]:
    """Take messages of one channel, as many as its rate allows: crisis, then reply, then bulk.

    Expired messages are settled on the way.
    """
    pace = pace or heads.Pace()
    kinds = [kind for kind in heads.kinds_due(conn, channel, now_ms) if kind in pace.lanes]
    if not kinds:
        return []  # an idle channel costs no write
    granted = limiter.grant(conn, channel, limit, now_ms)
    room = min(granted, underway.room(conn, channel, pace.most_per_s, now_ms))
    out: list[Outgoing] = []
    for kind in kinds:
        # what cannot go leaves room: look again until the lanes of this kind are through
        while len(out) < room:
            rows = heads.due(conn, channel, kind, now_ms, room - len(out))
            flying = _pass_over(conn, rows, now_ms)
            heads.take(conn, flying, now_ms, pace)
            out += _outgoing(conn, sealer, flying)
            if len(flying) == len(rows):
                break
    limiter.give_back(conn, channel, granted - len(out))
    return out


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one message, for good; ``by_template``: not its text went out."""

    out: Outgoing
    status: Status
    message_id: str | None = None
    error: str = ""
    by_template: bool = False


def settle_many(
    conn: Connection, ended: Sequence[Settlement], now_ms: int, pace: heads.Pace | None = None
) -> list[bool]:
    """This is what became of them: their values are erased and their lanes go on.

    For each of them: does more wait in its lane?

    A dead letter (``Status.DEAD``) keeps its values, so that it can be put in again, and so
    does what the platform only took (``Status.QUEUED``) until it tells what became of it.

    Raises:
        LeaseLost: one of the lanes is somebody else's now; nothing of this transaction may stay.
    """
    heads.rest(conn, [one.out.chat_id for one in ended], now_ms, pace or heads.Pace())
    ordered = sorted(ended, key=lambda one: one.out.lane_id)
    places = [(one.out.lane_id, one.out.lease, one.out.seq) for one in ordered]
    more = _go_on(conn, places, now_ms)
    rows = [
        {
            "lane": one.out.lane_id,
            "seq": one.out.seq,
            "status": int(one.status),
            "message": one.message_id,
            "error": one.error,
            "by_template": one.by_template,
        }
        for one in ordered
    ]
    quick.change(conn, _ending(flavour(conn)), {**as_rows(rows), "b_at": now_ms})
    return [one.out.lane_id in more for one in ended]


def settle(
    conn: Connection,
    out: Outgoing,
    status: Status,
    now_ms: int,
    *,
    message_id: str | None = None,
    error: str = "",
) -> None:
    """As :func:`settle_many`, for one message.

    Raises:
        LeaseLost: the lane is somebody else's now.
    """
    settle_many(conn, [Settlement(out, status, message_id, error)], now_ms)


def retry(conn: Connection, out: Outgoing, now_ms: int, *, after_ms: int, error: str) -> None:
    """It certainly did not arrive: try this same message again after so many ms.

    The lane waits for it: messages to one chat keep their order. LeaseLost as above.
    """
    row = {"due_at": now(conn, now_ms) + after_ms, "lease": lane.c.lease + 1}
    _check_lease(conn, out, row)
    _wait(conn, out, {"error": error})


def hold_back(conn: Connection, out: Outgoing, now_ms: int, *, after_ms: int, error: str) -> None:
    """As :func:`retry`, but nothing was tried: it is not counted, nor looked for later."""
    row = {
        "due_at": now(conn, now_ms) + after_ms,
        "lease": lane.c.lease + 1,
        "attempts": lane.c.attempts - 1,
    }
    _check_lease(conn, out, row)
    _wait(conn, out, {"error": error, "attempts": out.attempts - 1})


def _wait(conn: Connection, out: Outgoing, row: Mapping[str, object]) -> None:
    where = (outbox.c.lane_id == out.lane_id, outbox.c.seq == out.seq)
    waits = {"status": int(Status.WAITING), **row}
    conn.execute(update(outbox).where(*where).values(waits))


def renew(conn: Connection, out: Outgoing, now_ms: int) -> None:
    """Hold the lane for longer (LeaseLost when it is not ours any more)."""
    _check_lease(conn, out, {"due_at": now(conn, now_ms) + heads.LEASE_MS})


def _check_lease(conn: Connection, out: Outgoing, row: Mapping[str, object]) -> None:
    where = (lane.c.id == out.lane_id, lane.c.lease == out.lease)
    if conn.execute(update(lane).where(*where).values(row)).rowcount != 1:
        raise LeaseLost("lane")


def _pass_over(conn: Connection, rows: list[Row[Any]], now_ms: int) -> list[Row[Any]]:
    """The rows that can go now; lanes whose head cannot are moved on."""
    flying = []
    for row in rows:
        if row.seq is None:  # nothing waits after all
            conn.execute(update(lane).where(lane.c.id == row.lane).values(due_at=None))
        elif row.status >= int(Status.SENT):  # an erasure took it away while it waited
            _go_on(conn, [(row.lane, row.lease, row.seq)], now_ms)
        elif row.expires_at is not None and row.expires_at <= now_ms:
            _expire(conn, row, now_ms)
        else:
            flying.append(row)
    return flying


def _expire(conn: Connection, row: Row[Any], now_ms: int) -> None:
    _go_on(conn, [(row.lane, row.lease, row.seq)], now_ms)
    gone = {"status": int(Status.EXPIRED), "values_sealed": None, "sent_at": now_ms}
    where = (outbox.c.lane_id == row.lane, outbox.c.seq == row.seq)
    conn.execute(update(outbox).where(*where).values(gone))


@cache
def _ending(of: Flavour) -> Update:
    ended = of.rows(
        lane=BigInteger,
        seq=BigInteger,
        status=SmallInteger,
        message=Text,
        error=Text,
        by_template=Boolean,
    )
    may_go_again = or_(*(ended.c.status == int(one) for one in (Status.DEAD, Status.QUEUED)))
    return (
        update(outbox)
        .where(outbox.c.lane_id == ended.c.lane, outbox.c.seq == ended.c.seq)
        .values(
            status=ended.c.status,
            values_sealed=case((may_go_again, outbox.c.values_sealed), else_=None),
            external_message_id=ended.c.message,
            error=ended.c.error,
            by_template=ended.c.by_template,
            sent_at=bindparam("b_at"),
        )
    )


def _go_on(conn: Connection, places: list[tuple[int, int, int]], now_ms: int) -> set[int]:
    """Move lanes (id, lease, number of the message) past a message; gives where more waits.

    Counters say whether another one waits; it is due when its chat has paused long enough.
    """
    of = flavour(conn)
    rows = [{"lane": lane_, "lease": lease, "seq": seq} for lane_, lease, seq in places]
    moved = quick.rows(conn, _moving(of), {**of.at(now_ms), **as_rows(rows)})
    if len(moved) != len(rows):
        raise LeaseLost("lane")
    return {row.id for row in moved if row.due_at is not None}


def _in_order(of: Flavour, past: FromClause) -> FromClause:
    """These places, their lanes locked in the order in which messages are appended to them.

    Without it PostgreSQL breaks deadlocks of the two all the time, and each costs a second.
    """
    if of.is_sqlite:
        return past
    query = select(past.c.lane, past.c.lease, past.c.seq).join(lane, lane.c.id == past.c.lane)
    query = query.order_by(lane.c.chat_id, lane.c.kind)
    return query.with_for_update(of=lane).subquery("past")


@cache
def _moving(of: Flavour) -> ReturningUpdate[Any]:
    at = of.now()
    past = _in_order(of, of.rows(lane=BigInteger, lease=BigInteger, seq=BigInteger))
    pause = select(chat.c.next_send_at).where(chat.c.id == lane.c.chat_id).scalar_subquery()
    paused = case((and_(lane.c.kind != int(Lane.CRISIS), pause > at), pause), else_=at)
    return (
        update(lane)
        .where(lane.c.id == past.c.lane, lane.c.lease == past.c.lease)
        .values(
            sent_seq=past.c.seq,
            attempts=0,
            lease=lane.c.lease + 1,
            due_at=case((and_(lane.c.out_seq > past.c.seq, ~lane.c.suspended), paused)),
        )
        .returning(lane.c.id, lane.c.due_at)
    )


def _outgoing(conn: Connection, sealer: Sealer, rows: list[Row[Any]]) -> list[Outgoing]:
    shared: dict[int, bytes | None] = {}
    for row in rows:
        if row.broadcast_id is not None and row.broadcast_id not in shared:
            shared[row.broadcast_id] = broadcasts.values_of(conn, sealer, row.broadcast_id)
    return [
        Outgoing(
            lane_id=row.lane,
            seq=row.seq,
            lease=row.lease + 1,
            lane=Lane(row.kind),
            key=row.key,
            chat_id=row.chat,
            channel=row.channel,
            address=chats.open_address(conn, sealer, row.chat, row.address_sealed),
            is_private=row.is_private,
            neighbourhood=row.neighbourhood,
            conversation_id=row.conversation_id,
            purpose=Purpose(row.purpose),
            item_id=row.item_id,
            item_version=row.item_version,
            language=row.language,
            values=_values(conn, sealer, row, shared),
            attempts=row.attempts + 1,
            was_in_flight=row.status == int(Status.SENDING),
            broadcast_id=row.broadcast_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]


def _values(
    conn: Connection, sealer: Sealer, row: Row[Any], shared: dict[int, bytes | None]
) -> bytes | None:
    if row.values_sealed is None:
        return None if row.broadcast_id is None else shared[row.broadcast_id]
    return sealer.open_if_readable(conn, row.values_sealed, values_context(row.key))
