"""What was given up on, and how is it put in again or dropped?

A dead letter that came in is an event that could not be handled; one that goes out is a message
that the platform refuses, or of which nobody knows whether it arrived. Nothing here gives the
words, the address or the name of anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from wijkbot.storage.dialect import now
from wijkbot.storage.inbox import payload_context
from wijkbot.storage.outbox import Status, values_context
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import broadcast, chat, conversation, inbox, lane, outbox

REQUEUED = "requeued"
DROPPED = "dropped"
_NUMBER = re.compile(r"([io])-([0-9]{1,18})-([0-9]{1,18})")

IS_TROUBLE: ColumnElement[bool] = literal_column("outbox.status IN (5, 8)")
"""Given up on, or unknown; spelled as in the partial index, which is not used otherwise."""

_IS_DEAD: ColumnElement[bool] = inbox.c.dead_at.is_not(None)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. ``purpose`` is "message" for what came in; ``reason`` is a short code.

    ``since_ms``: since when, 0 when nobody noted it. ``hindrance`` says why it cannot be put in
    again: "unknown" (it may have arrived), "expired", "closed" (the chat), "erased", or "".
    """

    number: str
    direction: Literal["in", "out"]
    channel: str
    purpose: str
    reason: str
    since_ms: int
    attempts: int
    hindrance: str

    @property
    def can_requeue(self) -> bool:
        """Whether :func:`requeue` would put it in again."""
        return not self.hindrance


def listing(conn: Connection, now_ms: int, *, limit: int = 200) -> list[Letter]:
    """The letters, the oldest first: at most ``limit`` of each direction."""
    came = conn.execute(_came().order_by(inbox.c.dead_at).limit(limit))
    went = conn.execute(_went().order_by(outbox.c.sent_at).limit(limit))
    letters = [*(_letter_in(row) for row in came), *(_letter_out(row, now_ms) for row in went)]
    return sorted(letters, key=lambda letter: letter.since_ms)


def find(conn: Connection, number: str, now_ms: int) -> Letter | None:
    """The letter with that number, when it is one (still)."""
    place = _place(number)
    if place is None:
        return None
    if place[0] == "i":
        came = conn.execute(_came().where(*_at_in(place[1:]))).first()
        return _letter_in(came) if came else None
    went = conn.execute(_went().where(*_at_out(place[1:]))).first()
    return _letter_out(went, now_ms) if went else None


def requeue(conn: Connection, sealer: Sealer, number: str, now_ms: int) -> bool:
    """Put a letter at the end of its conversation or lane, as new; the old row is emptied.

    False when there is no such letter, or when something hinders it (:class:`Letter`).
    """
    place = _place(number)
    if place is None:
        return False
    _lock(conn, place)
    letter = find(conn, number, now_ms)
    if letter is None or not letter.can_requeue:
        return False
    again = _again_in if place[0] == "i" else put_again
    return again(conn, sealer, place[1:], now_ms)


def drop(conn: Connection, number: str, now_ms: int) -> bool:
    """Erase a letter; only its number stays until retention takes it. False: no such letter."""
    place = _place(number)
    if place is None:
        return False
    if place[0] == "i":
        return _close_in(conn, DROPPED, *_at_in(place[1:]), _IS_DEAD) == 1
    return _close_out(conn, now_ms, DROPPED, *_at_out(place[1:]), IS_TROUBLE) == 1


def drop_older(conn: Connection, before_ms: int, now_ms: int, limit: int) -> int:
    """Drop letters from before that moment, at most ``limit`` of each direction."""
    keys_in = (inbox.c.conversation_id, inbox.c.seq)
    old_in = select(*keys_in).where(_IS_DEAD, inbox.c.dead_at < before_ms).limit(limit)
    came = [tuple(row) for row in conn.execute(old_in)]
    keys_out = (outbox.c.lane_id, outbox.c.seq)
    since = func.coalesce(outbox.c.sent_at, outbox.c.created_at)
    old_out = select(*keys_out).where(IS_TROUBLE, since < before_ms).limit(limit)
    went = [tuple(row) for row in conn.execute(old_out)]
    count = 0
    if came:
        count += _close_in(conn, DROPPED, tuple_(*keys_in).in_(came), _IS_DEAD)
    if went:
        count += _close_out(conn, now_ms, DROPPED, tuple_(*keys_out).in_(went), IS_TROUBLE)
    return count


def _place(number: str) -> tuple[str, int, int] | None:
    told = _NUMBER.fullmatch(number.strip())
    return (told[1], int(told[2]), int(told[3])) if told else None


def _at_in(place: tuple[int, int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return inbox.c.conversation_id == place[0], inbox.c.seq == place[1]


def _at_out(place: tuple[int, int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return outbox.c.lane_id == place[0], outbox.c.seq == place[1]


def _lock(conn: Connection, place: tuple[str, int, int]) -> None:
    """The conversation or lane, as everybody locks it before its rows: two never requeue one."""
    table = conversation if place[0] == "i" else lane
    conn.execute(select(table.c.id).where(table.c.id == place[1]).with_for_update())


_CLOSED = or_(chat.c.address_sealed.is_(None), chat.c.left_at.is_not(None))


def _came() -> Select[Any]:
    columns = (inbox.c.conversation_id, inbox.c.seq, inbox.c.channel, inbox.c.error)
    is_empty = inbox.c.payload_sealed.is_(None)
    return select(*columns, inbox.c.dead_at, is_empty.label("is_empty")).where(_IS_DEAD)


def _went() -> Select[Any]:
    shared = exists().where(
        broadcast.c.id == outbox.c.broadcast_id, broadcast.c.values_sealed.is_not(None)
    )
    is_empty = and_(outbox.c.values_sealed.is_(None), ~shared)
    # erased by its resident: the confirmation may still go there, and nothing else
    is_closed = or_(_CLOSED, chat.c.erase_at.is_not(None), lane.c.suspended)
    return (
        select(
            *(outbox.c.lane_id, outbox.c.seq, outbox.c.purpose, outbox.c.status, outbox.c.error),
            *(outbox.c.attempts, outbox.c.expires_at, outbox.c.sent_at, lane.c.channel),
            is_empty.label("is_empty"),
            is_closed.label("is_closed"),
        )
        .join(lane, lane.c.id == outbox.c.lane_id)
        .join(chat, chat.c.id == lane.c.chat_id)
        .where(IS_TROUBLE)
    )


def _letter_in(row: Row[Any]) -> Letter:
    return Letter(
        number=f"i-{row.conversation_id}-{row.seq}",
        direction="in",
        channel=row.channel,
        purpose="message",
        reason=row.error,
        since_ms=row.dead_at,
        attempts=0,
        hindrance="erased" if row.is_empty else "",
    )


def _letter_out(row: Row[Any], now_ms: int) -> Letter:
    return Letter(
        number=f"o-{row.lane_id}-{row.seq}",
        direction="out",
        channel=row.channel,
        purpose=row.purpose,
        reason=row.error,
        since_ms=row.sent_at or 0,
        attempts=row.attempts,
        hindrance=_hindrance(row, now_ms),
    )


def _hindrance(row: Row[Any], now_ms: int) -> str:
    if row.status == int(Status.UNKNOWN):
        return "unknown"
    if row.expires_at is not None and row.expires_at <= now_ms:
        return "expired"
    if row.is_closed:
        return "closed"
    return "erased" if row.is_empty else ""


def _again_in(conn: Connection, sealer: Sealer, place: tuple[int, int], now_ms: int) -> bool:
    old = conn.execute(select(inbox).where(*_at_in(place))).one()
    payload = sealer.open_if_readable(conn, old.payload_sealed, payload_context(*place))
    if payload is None:
        return False
    counted = {
        "in_seq": conversation.c.in_seq + 1,
        "due_at": func.coalesce(conversation.c.due_at, now(conn, now_ms)),
    }
    mine = update(conversation).where(conversation.c.id == place[0]).values(counted)
    seq = conn.execute(mine.returning(conversation.c.in_seq)).scalar_one()
    row = {
        "conversation_id": place[0],
        "seq": seq,
        "channel": old.channel,
        # its own id stays with the old row, so that the platform can never bring it again
        "external_id": sealer.pseudonym(REQUEUED, old.external_id, str(seq)),
        "payload_sealed": sealer.seal(payload, payload_context(place[0], seq)),
        "received_at": old.received_at,
    }
    conn.execute(inbox.insert().values(row))
    return _close_in(conn, REQUEUED, *_at_in(place)) == 1


def put_again(
    conn: Connection,
    sealer: Sealer,
    place: tuple[int, int],
    now_ms: int,
    *,
    is_retry: bool = False,
) -> bool:
    """Put a message that went out (its lane's number and its own) at the end of its lane.

    False when its values cannot be read any more. ``is_retry``: nobody asked for it, so it is
    counted. The caller holds the lock of the lane.
    """
    old = conn.execute(select(outbox).where(*_at_out(place))).one()
    key = next_key(old.key)
    sealed = None
    if old.values_sealed is not None:
        values = sealer.open_if_readable(conn, old.values_sealed, values_context(old.key))
        if values is None:
            return False
        sealed = sealer.seal(values, values_context(key))
    counted = {
        "out_seq": lane.c.out_seq + 1,
        "due_at": func.coalesce(lane.c.due_at, now(conn, now_ms)),
    }
    mine = update(lane).where(lane.c.id == place[0]).values(counted)
    seq = conn.execute(mine.returning(lane.c.out_seq)).scalar_one()
    row = {name: getattr(old, name) for name in _CARRIED}
    row |= {"lane_id": place[0], "seq": seq, "key": key, "values_sealed": sealed}
    row["created_at"] = now_ms
    row["again"] = old.again + 1 if is_retry else 0
    # first: of one announcement each lane has one row
    closed = _close_out(conn, now_ms, REQUEUED, *_at_out(place))
    conn.execute(outbox.insert().values(row))
    return closed == 1


_CARRIED = (
    "conversation_id",
    "purpose",
    "item_id",
    "item_version",
    "language",
    "broadcast_id",
    "expires_at",
)


def next_key(key: str) -> str:
    """The key of the same message once more."""
    first, _, count = key.rpartition("+")
    return f"{first}+{int(count) + 1}" if first and count.isdecimal() else f"{key}+1"


def _close_in(conn: Connection, error: str, *where: ColumnElement[bool]) -> int:
    gone = {"payload_sealed": None, "dead_at": None, "error": error}
    return conn.execute(update(inbox).where(*where).values(gone)).rowcount


def _close_out(conn: Connection, now_ms: int, error: str, *where: ColumnElement[bool]) -> int:
    gone: dict[str, Any] = {
        "status": int(Status.REFUSED),
        "values_sealed": None,
        "sent_at": now_ms,
        "error": error,
    }
    if error == REQUEUED:
        gone["broadcast_id"] = None
    return conn.execute(update(outbox).where(*where).values(gone)).rowcount
