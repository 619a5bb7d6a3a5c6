"""Who handles a conversation, and how far is it?

A conversation is claimed, never an event, so that its events are handled in order by one
process at a time. Counters say whether more waits; a lease number fences who came too late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, select, update

from wijkbot.storage.dialect import big, skipping_locked
from wijkbot.storage.errors import KeyGone, LeaseLost, SealBroken
from wijkbot.storage.inbox import payload_context
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import conversation, inbox

LEASE_MS = 30_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event to handle; ``payload`` None can never be read again (its key is gone)."""

    seq: int
    channel: str
    payload: bytes | None
    received_at: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A conversation that is ours until its lease ends.

    ``messages`` are its next ones, in order. ``timer_rang``: its timer was due.
    ``is_poison``: it was claimed too often without getting on; :func:`bury` its first message.
    """

    id: int
    chat_id: int
    member_hmac: str
    lease: int
    done_seq: int
    in_seq: int
    attempts: int
    state: bytes | None
    timer_at: int | None
    timer_rang: bool
    is_poison: bool
    messages: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversation is: the last number handled, its new state, its timer (ms)."""

    done_seq: int
    state: bytes | None
    timer_at: int | None


def claim(
    conn: Connection,
    sealer: Sealer,
    now_ms: int,
    *,
    limit: int = 20,
    batch: int = 10,
    max_attempts: int = 5,
) -> list[Claimed]:
    """Take conversations with something to do, the longest waiting first."""
    rows = _take(conn, conversation.c.due_at <= now_ms, conversation.c.due_at, now_ms, limit)
    if len(rows) < limit:
        rang = and_(conversation.c.due_at.is_(None), conversation.c.timer_at <= now_ms)
        rows += _take(conn, rang, conversation.c.timer_at, now_ms, limit - len(rows))
    claimed = [_claimed(conn, sealer, row, now_ms, max_attempts) for row in rows]
    return [replace(one, messages=_messages(conn, sealer, one, batch)) for one in claimed]


def finish(
    conn: Connection, sealer: Sealer, claimed: Claimed, now_ms: int, progress: Progress
) -> None:
    """Keep what was decided, erase what was handled, and let the conversation go.

    Raises:
        LeaseLost: somebody else has it now; nothing of this transaction may stay.
    """
    more = conversation.c.in_seq > big(progress.done_seq)
    row = {"lease": conversation.c.lease + 1, "due_at": case((more, big(now_ms)))}
    _advance(conn, sealer, claimed, now_ms, progress, row)


def proceed(
    conn: Connection, sealer: Sealer, claimed: Claimed, now_ms: int, progress: Progress
) -> Claimed:
    """As :func:`finish`, but the conversation stays ours for the next of its messages."""
    _advance(conn, sealer, claimed, now_ms, progress, {"due_at": now_ms + LEASE_MS})
    rest = tuple(one for one in claimed.messages if one.seq > progress.done_seq)
    return replace(
        claimed,
        done_seq=progress.done_seq,
        state=progress.state,
        timer_at=progress.timer_at,
        timer_rang=False,
        attempts=1,
        messages=rest,
    )


def renew(conn: Connection, claimed: Claimed, now_ms: int) -> None:
    """Hold a conversation for longer (LeaseLost when it is not ours any more)."""
    _fenced(conn, claimed, {"due_at": now_ms + LEASE_MS})


def give_back(conn: Connection, claimed: Claimed, now_ms: int, *, after_ms: int) -> None:
    """Handling failed: let somebody try again after so many ms (LeaseLost as above)."""
    row = {"due_at": now_ms + after_ms, "lease": conversation.c.lease + 1}
    _fenced(conn, claimed, row)


def bury(conn: Connection, claimed: Claimed, error: str, now_ms: int) -> None:
    """Give up on the first message (or the timer) and go on with the next.

    ``error`` is the name of an error class. The text of the message is erased: only its
    number, moment and error stay. LeaseLost as above.
    """
    seq = claimed.done_seq + 1
    has_message = claimed.in_seq >= seq
    done = seq if has_message else claimed.done_seq
    more = conversation.c.in_seq > big(done)
    row = {
        "done_seq": done,
        "attempts": 0,
        "lease": conversation.c.lease + 1,
        "due_at": case((more, big(now_ms))),
    }
    if not has_message:
        row["timer_at"] = None
    _fenced(conn, claimed, row)
    where = (inbox.c.conversation_id == claimed.id, inbox.c.seq == seq)
    dead = {"payload_sealed": None, "dead_at": now_ms, "error": error}
    conn.execute(update(inbox).where(*where).values(dead))


def _take(
    conn: Connection,
    is_due: ColumnElement[bool],
    order: ColumnElement[int],
    now_ms: int,
    limit: int,
) -> list[Row[Any]]:
    due = select(conversation.c.id).where(is_due).order_by(order).limit(limit)
    chosen = skipping_locked(conn, due, conversation)
    row = {
        "lease": conversation.c.lease + 1,
        "attempts": conversation.c.attempts + 1,
        "due_at": now_ms + LEASE_MS,
    }
    taken = update(conversation).where(conversation.c.id.in_(chosen)).values(row)
    return list(conn.execute(taken.returning(conversation)))


def _claimed(
    conn: Connection, sealer: Sealer, row: Row[Any], now_ms: int, max_attempts: int
) -> Claimed:
    return Claimed(
        id=row.id,
        chat_id=row.chat_id,
        member_hmac=row.member_hmac,
        lease=row.lease,
        done_seq=row.done_seq,
        in_seq=row.in_seq,
        attempts=row.attempts,
        state=_open(conn, sealer, row.state_sealed, _state_context(row.id)),
        timer_at=row.timer_at,
        timer_rang=row.timer_at is not None and row.timer_at <= now_ms,
        is_poison=row.attempts > max_attempts,
    )


def _messages(
    conn: Connection, sealer: Sealer, claimed: Claimed, batch: int
) -> tuple[Waiting, ...]:
    where = (inbox.c.conversation_id == claimed.id, inbox.c.seq > claimed.done_seq)
    query = select(inbox).where(*where).order_by(inbox.c.seq).limit(batch)
    return tuple(
        Waiting(
            seq=row.seq,
            channel=row.channel,
            payload=_open(conn, sealer, row.payload_sealed, payload_context(claimed.id, row.seq)),
            received_at=row.received_at,
        )
        for row in conn.execute(query)
    )


def _advance(
    conn: Connection,
    sealer: Sealer,
    claimed: Claimed,
    now_ms: int,
    progress: Progress,
    row: Mapping[str, object],
) -> None:
    state = progress.state
    sealed = None if state is None else sealer.seal(state, _state_context(claimed.id))
    kept = {
        "done_seq": progress.done_seq,
        "state_sealed": sealed,
        "state_at": now_ms,
        "timer_at": progress.timer_at,
        "attempts": 0,
    }
    _fenced(conn, claimed, {**kept, **row})
    where = (
        inbox.c.conversation_id == claimed.id,
        inbox.c.seq > claimed.done_seq,
        inbox.c.seq <= progress.done_seq,
    )
    conn.execute(update(inbox).where(*where).values(payload_sealed=None))


def _fenced(conn: Connection, claimed: Claimed, row: Mapping[str, object]) -> None:
    where = (conversation.c.id == claimed.id, conversation.c.lease == claimed.lease)
    if conn.execute(update(conversation).where(*where).values(dict(row))).rowcount != 1:
        raise LeaseLost("conversation")


def _open(conn: Connection, sealer: Sealer, sealed: bytes | None, context: str) -> bytes | None:
    if sealed is None:
        return None
    try:
        return sealer.open(conn, sealed, context)
    except (KeyGone, SealBroken):
        return None


def _state_context(conversation_id: int) -> str:
    return f"conversation.state:{conversation_id}"
