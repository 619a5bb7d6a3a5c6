"""What goes out, in which order, and what became of it?

Each chat has three lanes: crisis, reply and bulk. A lane is claimed, never a message, and sends
one message at a time. The pause between two messages stands on the chat; a crisis card does not
wait for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Insert,
    LargeBinary,
    SmallInteger,
    Text,
    Update,
    and_,
    case,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from wijkbot.engine.words import Purpose
from wijkbot.storage import quick
from wijkbot.storage.dialect import Flavour, as_rows, big, flavour, insert
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import chat, lane, outbox

_BACKOFF_MS = (1_000, 2_000, 5_000, 15_000, 60_000, 300_000)


class Lane(IntEnum):
    """How urgent; the lower one goes first."""

    CRISIS = 0
    REPLY = 1
    BULK = 2


class Status(IntEnum):
    """What became of a message. Everything from SENT on is final for us.

    DEAD: given up on for a reason that an operator can mend; its values stay, so that it can
    be put in again. QUEUED: the platform took it and tells later what became of it; its values
    stay so long, for it may have to go again.
    """

    WAITING = 0
    SENDING = 1
    SENT = 2
    QUEUED = 3
    DELIVERED = 4
    UNKNOWN = 5
    REFUSED = 6
    EXPIRED = 7
    DEAD = 8
    READ = 9


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to send: the published item it comes from, and its sealed values.

    ``key`` is its identity: the same key is never kept twice. ``values`` is whatever the
    sender needs to render it. ``expires_at`` in ms.
    """

    chat_id: int
    lane: Lane
    key: str
    purpose: Purpose
    item_id: str
    item_version: int
    language: str
    values: bytes
    conversation_id: int | None = None
    expires_at: int | None = None
    broadcast_id: int | None = None


def append(conn: Connection, sealer: Sealer, draft: Draft, now_ms: int) -> bool:
    """Put a message at the end of its lane.

    False when its key is there already, or when the chat refused us (:func:`suspend`).
    """
    if has(conn, draft.key):
        return False
    return append_many(conn, sealer, [draft], now_ms)[0]


def has(conn: Connection, key: str) -> bool:
    """Whether a message with this key was ever put in, as long as its row is kept."""
    return conn.execute(select(outbox.c.seq).where(outbox.c.key == key)).first() is not None


def append_many(
    conn: Connection, sealer: Sealer, drafts: Sequence[Draft], now_ms: int
) -> list[bool]:
    """Put each message at the end of its lane, those of one lane in their order.

    False for a chat that refused us. The keys are new: a key that is there already makes the
    database refuse the whole call.
    """
    # one order for everybody: two processes can never wait for each other's lanes
    ordered = sorted(drafts, key=lambda one: (one.chat_id, one.lane))
    numbers = _count(conn, ordered, now_ms)
    rows = [
        _row(sealer, draft, next(numbers[draft.chat_id, draft.lane]), now_ms)
        for draft in ordered
        if (draft.chat_id, draft.lane) in numbers
    ]
    if rows:
        of = flavour(conn)
        quick.change(conn, _inserting(of), of.for_each(rows))
    return [(draft.chat_id, draft.lane) in numbers for draft in drafts]


def _count(
    conn: Connection, drafts: list[Draft], now_ms: int
) -> dict[tuple[int, int], Iterator[tuple[int, int]]]:
    """Count new messages under the row lock of their lanes; gives their places.

    A lane that is suspended is not in the answer.
    """
    how_many = Counter((draft.chat_id, draft.lane) for draft in drafts)
    of = flavour(conn)
    rows = [
        {"chat": chat_id, "kind": int(kind), "count": count}
        for (chat_id, kind), count in how_many.items()
    ]
    places = {}
    counted = quick.rows(conn, _counting(of), {**as_rows(rows), **of.at(now_ms)})
    for row in counted:
        first = row.out_seq - how_many[row.chat_id, Lane(row.kind)] + 1
        seqs = [(row.id, seq) for seq in range(first, row.out_seq + 1)]
        places[row.chat_id, int(row.kind)] = iter(seqs)
    return places


@cache
def _inserting(of: Flavour) -> Insert:
    return of.insert_each(
        outbox,
        lane_id=BigInteger,
        seq=BigInteger,
        key=Text,
        conversation_id=BigInteger,
        purpose=Text,
        item_id=Text,
        item_version=BigInteger,
        language=Text,
        values_sealed=LargeBinary,
        broadcast_id=BigInteger,
        created_at=BigInteger,
        expires_at=BigInteger,
    )


@cache
def _counting(of: Flavour) -> ReturningInsert[Any]:
    added = of.rows(chat=BigInteger, kind=SmallInteger, count=BigInteger)
    rows = select(added.c.chat, chat.c.channel, added.c.kind, added.c.count, of.now())
    # WHERE: without it SQLite would take ON CONFLICT for the condition of a join
    rows = rows.join_from(added, chat, chat.c.id == added.c.chat).where(true())
    # the order in which they are locked: a join keeps none
    rows = rows.order_by(added.c.chat, added.c.kind)
    into = ("chat_id", "channel", "kind", "out_seq", "due_at")
    new = of.insert(lane).from_select(into, rows, include_defaults=False)
    return new.on_conflict_do_update(
        index_elements=[lane.c.chat_id, lane.c.kind],
        set_={
            "out_seq": lane.c.out_seq + new.excluded.out_seq,
            "due_at": func.coalesce(lane.c.due_at, new.excluded.due_at),
        },
        where=~lane.c.suspended,
    ).returning(lane.c.id, lane.c.chat_id, lane.c.kind, lane.c.out_seq)


def backoff_ms(attempts: int) -> int:
    """How long to wait after so many failed attempts."""
    return _BACKOFF_MS[min(attempts, len(_BACKOFF_MS)) - 1] if attempts > 0 else 0


def hold_chat(conn: Connection, chat_id: int, until_ms: int) -> None:
    """The platform told us to wait with this chat."""
    later = case((chat.c.next_send_at > big(until_ms), chat.c.next_send_at), else_=big(until_ms))
    conn.execute(update(chat).where(chat.c.id == chat_id).values(next_send_at=later))


def live_longer(conn: Connection, lane_id: int, seq: int, until_ms: int) -> None:
    """This message has until then; one that has longer keeps it."""
    at = (outbox.c.lane_id == lane_id, outbox.c.seq == seq, outbox.c.expires_at < until_ms)
    conn.execute(update(outbox).where(*at).values(expires_at=until_ms))


def suspend(conn: Connection, chat_id: int, error: str, now_ms: int) -> int:
    """This chat refuses us: drop what waits for it, and keep nothing new. Returns how many."""
    dropped = drop_open(conn, chat_id, error, now_ms)
    channel = select(chat.c.channel).where(chat.c.id == chat_id).scalar_subquery()
    for kind in Lane:  # also those it never had: a first announcement is refused as well
        new = insert(conn, lane).values(
            chat_id=chat_id, channel=channel, kind=int(kind), suspended=True
        )
        shut = new.on_conflict_do_update(
            index_elements=[lane.c.chat_id, lane.c.kind], set_={"suspended": True}
        )
        conn.execute(shut)
    return dropped


def is_shut(conn: Connection, chat_id: int) -> bool:
    """Was this chat suspended, and not resumed since?"""
    shut = select(lane.c.id).where(lane.c.chat_id == chat_id, lane.c.suspended).limit(1)
    return conn.execute(shut).first() is not None


def resume(conn: Connection, *chat_ids: int) -> None:
    """Somebody wrote there again: messages may go out."""
    of = flavour(conn)
    quick.change(conn, _resuming(of), {"b_ids": of.many(chat_ids)})


@cache
def _resuming(of: Flavour) -> Update:
    theirs = of.is_among(lane.c.chat_id, "b_ids")
    return update(lane).where(theirs, lane.c.suspended).values(suspended=False)


def drop_open(conn: Connection, chat_id: int, error: str, now_ms: int) -> int:
    """Refuse everything that is not sent yet, dead letters too, values erased.

    Returns how many.
    """
    lanes = conn.execute(
        update(lane)
        .where(lane.c.chat_id == chat_id)
        .values(sent_seq=lane.c.out_seq, due_at=None, attempts=0, lease=lane.c.lease + 1)
        .returning(lane.c.id)
    ).scalars()
    is_open = or_(outbox.c.status < int(Status.SENT), outbox.c.status == int(Status.DEAD))
    where = (outbox.c.lane_id.in_(list(lanes)), is_open)
    gone = {
        "status": int(Status.REFUSED),
        "values_sealed": None,
        "sent_at": now_ms,
        "error": error,
    }
    dropped = conn.execute(update(outbox).where(*where).values(gone)).rowcount
    # what is under way at the platform is not sent again either
    kept = (where[0], outbox.c.values_sealed.is_not(None))
    conn.execute(update(outbox).where(*kept).values(values_sealed=None))
    return dropped


def drop_waiting(conn: Connection, chat_id: int, error: str, now_ms: int) -> None:
    """Refuse what waits for this chat, but a crisis card, and send nothing of it again.

    What is on its way at this moment goes on.
    """
    kinds = lane.c.kind.in_([int(Lane.REPLY), int(Lane.BULK)])
    mine = outbox.c.lane_id.in_(select(lane.c.id).where(lane.c.chat_id == chat_id, kinds))
    is_under_way = outbox.c.status.in_([int(Status.QUEUED), int(Status.UNKNOWN)])
    conn.execute(update(outbox).where(mine, is_under_way).values(values_sealed=None))
    gone = {"status": int(Status.REFUSED), "values_sealed": None, "sent_at": now_ms}
    waits = outbox.c.status == int(Status.WAITING)
    conn.execute(update(outbox).where(mine, waits).values(**gone, error=error))


def receipt(
    conn: Connection, channel: str, message_id: str, status: Status, error: str = ""
) -> int:
    """The platform reports on a message sent earlier. Returns how many rows it changed.

    Reports come in any order: one that tells less than is known changes nothing. The values of
    a message that arrived go, but those of one whose template arrived: its resident waits.
    """
    lanes = select(lane.c.id).where(lane.c.channel == channel)
    where = and_(
        outbox.c.external_message_id == message_id,
        outbox.c.lane_id.in_(lanes),
        outbox.c.status.in_([int(one) for one in _BEFORE.get(status, _OPEN)]),
    )
    kept = case((outbox.c.by_template, outbox.c.values_sealed))
    row = {"status": int(status), "error": error, "values_sealed": kept}
    return conn.execute(update(outbox).where(where).values(row)).rowcount


_OPEN = (Status.SENT, Status.QUEUED, Status.UNKNOWN)
_BEFORE = {Status.READ: (*_OPEN, Status.DELIVERED)}
"""What a message may be until then; a failure that comes after an arrival is no news."""


def values_context(key: str) -> str:
    """What the values of a message are sealed to: its key."""
    return f"outbox.values:{key}"


def _row(sealer: Sealer, draft: Draft, place: tuple[int, int], now_ms: int) -> dict[str, object]:
    return {
        "lane_id": place[0],
        "seq": place[1],
        "key": draft.key,
        "conversation_id": draft.conversation_id,
        "purpose": draft.purpose.value,
        "item_id": draft.item_id,
        "item_version": draft.item_version,
        "language": draft.language,
        "values_sealed": sealer.seal(draft.values, values_context(draft.key)),
        "broadcast_id": draft.broadcast_id,
        "created_at": now_ms,
        "expires_at": draft.expires_at,
    }
