"""Who handles a conversation, and how far is it?

A conversation is claimed, never an event, so that its events are handled in order by one
process at a time. Counters say whether more waits; a lease number fences who came too late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    LargeBinary,
    Row,
    Select,
    Update,
    bindparam,
    case,
    literal,
    select,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.dml import ReturningUpdate

from wijkbot.storage import quick
from wijkbot.storage.dialect import Flavour, as_rows, big, flavour, now
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.inbox import payload_context
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import conversation, inbox

LEASE_MS = 30_000
_LEASE = sql_cast(bindparam("b_lease_ms"), BigInteger)


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
    key: str
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

    @property
    def has_more(self) -> bool:
        """Did more wait than these messages when it was taken?"""
        return bool(self.messages) and self.in_seq > self.messages[-1].seq


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
    of = flavour(conn)
    has_due, has_rung, *_ = quick.rows(conn, _anything(of), of.at(now_ms))[0]
    if not has_due and not has_rung:
        return []  # an idle bot writes nothing
    when = {**of.at(now_ms), "b_lease_ms": LEASE_MS}
    rows: list[Row[Any]] = []
    if has_due:
        rows += quick.rows(conn, _taking(of, is_rung=False), {**when, "b_limit": limit})
    if has_rung and len(rows) < limit:
        rest = {**when, "b_limit": limit - len(rows)}
        rows += quick.rows(conn, _taking(of, is_rung=True), rest)
    messages = _messages(conn, sealer, [row.id for row in rows], batch) if rows else {}
    return [_claimed(conn, sealer, row, max_attempts, messages.get(row.id, ())) for row in rows]


@dataclass(frozen=True, slots=True)
class Advance:
    """One conversation gets on. ``keeps``: it stays ours for the next of its messages."""

    claimed: Claimed
    progress: Progress
    keeps: bool = False


def advance(
    conn: Connection, sealer: Sealer, steps: Sequence[Advance], now_ms: int
) -> list[Claimed]:
    """Keep what was decided in each conversation, and erase what was handled.

    Raises:
        LeaseLost: somebody else has one of them now; nothing of this transaction may stay.
    """
    # one order for everybody, as when events come in
    ordered = sorted(steps, key=lambda step: step.claimed.key)
    of = flavour(conn)
    handled = [
        {"id": one.claimed.id, "first": one.claimed.done_seq, "last": one.progress.done_seq}
        for one in ordered
    ]
    quick.change(conn, _handling(of), as_rows(handled))
    # last, because whoever has something new for these conversations waits from here on
    when = {**of.at(now_ms), "b_lease_ms": LEASE_MS, "b_state_at": now_ms}
    rows = [_advanced(sealer, one) for one in ordered]
    moved = quick.change(conn, _advancing(of), of.for_each(rows, **when))
    if moved != len(steps):
        raise LeaseLost("conversation")
    return [_after(step) for step in steps]


def finish(
    conn: Connection, sealer: Sealer, claimed: Claimed, now_ms: int, progress: Progress
) -> None:
    """Keep what was decided, erase what was handled, and let the conversation go.

    Raises:
        LeaseLost: as in :func:`advance`.
    """
    advance(conn, sealer, [Advance(claimed, progress)], now_ms)


def proceed(
    conn: Connection, sealer: Sealer, claimed: Claimed, now_ms: int, progress: Progress
) -> Claimed:
    """As :func:`finish`, but the conversation stays ours for the next of its messages."""
    return advance(conn, sealer, [Advance(claimed, progress, keeps=True)], now_ms)[0]


def renew(conn: Connection, claimed: Claimed, now_ms: int) -> None:
    """Hold a conversation for longer (LeaseLost when it is not ours any more)."""
    _fenced(conn, claimed, {"due_at": now(conn, now_ms) + LEASE_MS})


def give_back(
    conn: Connection,
    claimed: Claimed,
    now_ms: int,
    *,
    after_ms: int,
    error: str = "",
    counts: bool = True,
) -> None:
    """Handling failed: let somebody try again after so many ms (LeaseLost as above).

    ``error`` is the name of an error class, noted at the message that comes next. Without
    ``counts`` the message is not to blame, and the attempt does not bring it nearer its end.
    """
    row: dict[str, object] = {
        "due_at": now(conn, now_ms) + after_ms,
        "lease": conversation.c.lease + 1,
    }
    if not counts:
        row["attempts"] = case((conversation.c.attempts > 0, conversation.c.attempts - 1), else_=0)
    _fenced(conn, claimed, row)
    if error:
        done = select(conversation.c.done_seq).where(conversation.c.id == claimed.id)
        head = inbox.c.seq == done.scalar_subquery() + 1
        noted = update(inbox).where(inbox.c.conversation_id == claimed.id, head)
        conn.execute(noted.values(error=error))


def bury(conn: Connection, claimed: Claimed, error: str, now_ms: int) -> None:
    """Give up on the first message (or the timer) and go on with the next.

    ``error`` is told when nothing is known of what went wrong. The message stays, sealed, so
    that an operator can put it in again. LeaseLost as above.
    """
    seq = claimed.done_seq + 1
    has_message = claimed.in_seq >= seq
    done = seq if has_message else claimed.done_seq
    more = conversation.c.in_seq > big(done)
    row = {
        "done_seq": done,
        "attempts": 0,
        "lease": conversation.c.lease + 1,
        "due_at": case((more, now(conn, now_ms))),
    }
    if not has_message:
        row["timer_at"] = None
    _fenced(conn, claimed, row)
    where = (inbox.c.conversation_id == claimed.id, inbox.c.seq == seq)
    told = case((inbox.c.error == "", error), else_=inbox.c.error)
    conn.execute(update(inbox).where(*where).values(dead_at=now_ms, error=told))


_NO_TURN = conversation.c.due_at.is_(None)


@cache
def _anything(of: Flavour) -> Select[Any]:
    """Is anything due, and did any timer ring? Only a look."""
    due = select(literal(1)).where(conversation.c.due_at <= of.now()).limit(1)
    rung = select(literal(1)).where(conversation.c.timer_at <= of.now(), _NO_TURN).limit(1)
    found = select(due.scalar_subquery(), rung.scalar_subquery())
    # a lease that is lost with the machine does no harm: it need not wait for the disk
    return found if of.is_sqlite else found.add_columns(of.without_waiting())


@cache
def _taking(of: Flavour, *, is_rung: bool) -> ReturningUpdate[Any]:
    at = of.now()
    if is_rung:
        due = select(conversation.c.id).where(conversation.c.timer_at <= at, _NO_TURN)
        due = due.order_by(conversation.c.timer_at)
    else:
        due = select(conversation.c.id).where(conversation.c.due_at <= at)
        due = due.order_by(conversation.c.due_at)
    chosen = of.skipping_locked(due.limit(bindparam("b_limit")), conversation)
    row = {
        "lease": conversation.c.lease + 1,
        "attempts": conversation.c.attempts + 1,
        "due_at": at + _LEASE,
    }
    taken = update(conversation).where(conversation.c.id.in_(chosen)).values(row)
    # by the clock that let it be taken: the one of this process may be behind
    return taken.returning(conversation, (conversation.c.timer_at <= at).label("has_rung"))


def _claimed(
    conn: Connection,
    sealer: Sealer,
    row: Row[Any],
    max_attempts: int,
    messages: tuple[Waiting, ...],
) -> Claimed:
    return Claimed(
        id=row.id,
        key=row.key,
        chat_id=row.chat_id,
        member_hmac=row.member_hmac,
        lease=row.lease,
        done_seq=row.done_seq,
        in_seq=row.in_seq,
        attempts=row.attempts,
        state=sealer.open_if_readable(conn, row.state_sealed, state_context(row.id)),
        timer_at=row.timer_at,
        timer_rang=bool(row.has_rung),
        is_poison=row.attempts > max_attempts,
        messages=messages,
    )


def _messages(
    conn: Connection, sealer: Sealer, ids: list[int], batch: int
) -> dict[int, tuple[Waiting, ...]]:
    """The next events of each conversation, in order."""
    of = flavour(conn)
    found: dict[int, list[Waiting]] = {}
    for row in quick.rows(conn, _awaiting(of), {"b_ids": of.many(ids), "b_batch": batch}):
        context = payload_context(row.conversation_id, row.seq)
        payload = sealer.open_if_readable(conn, row.payload_sealed, context)
        waiting = Waiting(row.seq, row.channel, payload, row.received_at)
        found.setdefault(row.conversation_id, []).append(waiting)
    return {number: tuple(waiting) for number, waiting in found.items()}


@cache
def _awaiting(of: Flavour) -> Select[Any]:
    batch = sql_cast(bindparam("b_batch"), BigInteger)
    return (
        select(inbox.c.conversation_id, inbox.c.seq, inbox.c.channel, inbox.c.payload_sealed,
               inbox.c.received_at)
        .join(conversation, conversation.c.id == inbox.c.conversation_id)
        .where(
            of.is_among(conversation.c.id, "b_ids"),
            inbox.c.seq > conversation.c.done_seq,
            inbox.c.seq <= conversation.c.done_seq + batch,
        )
        .order_by(inbox.c.conversation_id, inbox.c.seq)
    )  # fmt: skip


@cache
def _handling(of: Flavour) -> Update:
    done = of.rows(id=BigInteger, first=BigInteger, last=BigInteger)
    return (
        update(inbox)
        .where(
            inbox.c.conversation_id == done.c.id,
            inbox.c.seq > done.c.first,
            inbox.c.seq <= done.c.last,
        )
        .values(payload_sealed=None, error="")
    )


@cache
def _advancing(of: Flavour) -> Update:
    each = of.each(
        id=BigInteger,
        lease=BigInteger,
        done=BigInteger,
        state=LargeBinary,
        timer_at=BigInteger,
        keeps=Boolean,
    )
    at = of.now()
    more = conversation.c.in_seq > each["done"]
    return (
        update(conversation)
        .where(conversation.c.id == each["id"], conversation.c.lease == each["lease"])
        .values(
            done_seq=each["done"],
            state_sealed=each["state"],
            state_at=bindparam("b_state_at"),
            timer_at=each["timer_at"],
            attempts=0,
            lease=case((each["keeps"], conversation.c.lease), else_=conversation.c.lease + 1),
            due_at=case((each["keeps"], at + _LEASE), (more, at)),
        )
        .execution_options(preserve_rowcount=True)
    )


def _advanced(sealer: Sealer, step: Advance) -> dict[str, object]:
    claimed, progress = step.claimed, step.progress
    state = progress.state
    sealed = None if state is None else sealer.seal(state, state_context(claimed.id))
    return {
        "id": claimed.id,
        "lease": claimed.lease,
        "done": progress.done_seq,
        "state": sealed,
        "timer_at": progress.timer_at,
        "keeps": step.keeps,
    }


def _after(step: Advance) -> Claimed:
    claimed, progress = step.claimed, step.progress
    return Claimed(
        id=claimed.id,
        key=claimed.key,
        chat_id=claimed.chat_id,
        member_hmac=claimed.member_hmac,
        lease=claimed.lease,
        done_seq=progress.done_seq,
        in_seq=claimed.in_seq,
        attempts=1,
        state=progress.state,
        timer_at=progress.timer_at,
        timer_rang=False,
        is_poison=False,
        messages=tuple([one for one in claimed.messages if one.seq > progress.done_seq]),
    )


def _fenced(conn: Connection, claimed: Claimed, row: Mapping[str, object]) -> None:
    where = (conversation.c.id == claimed.id, conversation.c.lease == claimed.lease)
    if conn.execute(update(conversation).where(*where).values(dict(row))).rowcount != 1:
        raise LeaseLost("conversation")


def state_context(conversation_id: int) -> str:
    """What the state of a conversation is sealed to: its number."""
    return f"conversation.state:{conversation_id}"
