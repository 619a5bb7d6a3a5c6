"""What goes out, in which order, and what became of it?

Each chat has three lanes: crisis, reply and bulk. A lane is claimed, never a message, and sends
one message at a time. The pause between two messages stands on the chat; a crisis card does not
wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import Connection, and_, case, func, select, update

from wijkbot.engine.words import Purpose
from wijkbot.storage.dialect import big, insert
from wijkbot.storage.errors import LeaseLost
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
    be put in again.
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
    new = insert(conn, lane).values(
        chat_id=draft.chat_id,
        channel=select(chat.c.channel).where(chat.c.id == draft.chat_id).scalar_subquery(),
        kind=int(draft.lane),
        out_seq=1,
        due_at=now_ms,
    )
    counted = new.on_conflict_do_update(
        index_elements=[lane.c.chat_id, lane.c.kind],
        set_={
            "out_seq": lane.c.out_seq + 1,
            "due_at": func.coalesce(lane.c.due_at, new.excluded["due_at"]),
        },
        where=~lane.c.suspended,
    ).returning(lane.c.id, lane.c.out_seq)
    put = conn.execute(counted).first()
    if put is None:
        return False
    stored = conn.execute(
        insert(conn, outbox)
        .values(_row(sealer, draft, (put.id, put.out_seq), now_ms))
        .on_conflict_do_nothing(index_elements=[outbox.c.key])
        .returning(outbox.c.seq)
    ).first()
    if stored is None:
        # give the number back while the lane is locked: numbers have no gaps
        back = {"out_seq": lane.c.out_seq - 1}
        conn.execute(update(lane).where(lane.c.id == put.id).values(back))
    return stored is not None


def backoff_ms(attempts: int) -> int:
    """How long to wait after so many failed attempts."""
    return _BACKOFF_MS[min(attempts, len(_BACKOFF_MS)) - 1] if attempts > 0 else 0


def hold_chat(conn: Connection, chat_id: int, until_ms: int) -> None:
    """The platform told us to wait with this chat."""
    later = case((chat.c.next_send_at > big(until_ms), chat.c.next_send_at), else_=big(until_ms))
    conn.execute(update(chat).where(chat.c.id == chat_id).values(next_send_at=later))


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


def resume(conn: Connection, chat_id: int) -> None:
    """Somebody wrote there again: messages may go out."""
    where = (lane.c.chat_id == chat_id, lane.c.suspended)
    conn.execute(update(lane).where(*where).values(suspended=False))


def drop_open(conn: Connection, chat_id: int, error: str, now_ms: int) -> int:
    """Refuse everything that is not sent yet, values erased. Returns how many."""
    lanes = conn.execute(
        update(lane)
        .where(lane.c.chat_id == chat_id)
        .values(sent_seq=lane.c.out_seq, due_at=None, attempts=0, lease=lane.c.lease + 1)
        .returning(lane.c.id)
    ).scalars()
    where = (outbox.c.lane_id.in_(list(lanes)), outbox.c.status < int(Status.SENT))
    gone = {
        "status": int(Status.REFUSED),
        "values_sealed": None,
        "sent_at": now_ms,
        "error": error,
    }
    return conn.execute(update(outbox).where(*where).values(gone)).rowcount


def receipt(
    conn: Connection, channel: str, message_id: str, status: Status, error: str = ""
) -> int:
    """The platform reports on a message sent earlier. Returns how many rows it was about."""
    lanes = select(lane.c.id).where(lane.c.channel == channel)
    where = and_(
        outbox.c.external_message_id == message_id,
        outbox.c.lane_id.in_(lanes),
        outbox.c.status.in_([int(Status.SENT), int(Status.QUEUED), int(Status.UNKNOWN)]),
    )
    row = {"status": int(status), "error": error}
    return conn.execute(update(outbox).where(where).values(row)).rowcount


def values_context(key: str) -> str:
    """What the values of a message are sealed to: its key."""
    return f"outbox.values:{key}"


def check_lease(conn: Connection, lane_id: int, lease: int, row: dict[str, object]) -> None:
    """Change a lane that is still ours.

    Raises:
        LeaseLost: it is somebody else's now.
    """
    where = (lane.c.id == lane_id, lane.c.lease == lease)
    if conn.execute(update(lane).where(*where).values(row)).rowcount != 1:
        raise LeaseLost("lane")


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
