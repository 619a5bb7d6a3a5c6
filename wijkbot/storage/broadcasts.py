"""How does one announcement reach many chats, each once?

A cursor moves over the chats of its audience in the order of their numbers. One transaction
takes the next portion, asks the rule, makes the rows and moves the cursor: whoever continues
after a crash doubles nothing and misses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Row,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from wijkbot.engine.words import Purpose
from wijkbot.storage import consents
from wijkbot.storage.audience import Audience
from wijkbot.storage.chats import Chat
from wijkbot.storage.consent_tables import consent
from wijkbot.storage.dialect import among, big, insert, moment, now, skipping_locked
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import broadcast, chat, lane, outbox

LEASE_MS = 30_000
STEP = 2_000
"""So many chats in one transaction: enough to be fast, few enough that nobody waits long."""


@dataclass(frozen=True, slots=True)
class BroadcastDraft:
    """One announcement. ``key`` is its identity: the same key is the same announcement.

    ``act`` says what it does to the announcement with the number ``amends``; "" is a new one.
    """

    key: str
    item_id: str
    item_version: int
    values: bytes
    created_by: str = ""
    expires_at: int | None = None
    act: str = ""
    amends: int | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """An announcement that is ours to continue."""

    id: int
    lease: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did: how many chats get it, and how many were passed over."""

    done: bool
    queued: int = 0
    skipped: int = 0


class LocalDay(NamedTuple):
    """The day and week, on the wall of that chat, on which an announcement is counted."""

    day: str
    week: str

    @classmethod
    def at(cls, local_now: datetime) -> LocalDay:
        """The day and the ISO week of that moment."""
        return cls(local_now.date().isoformat(), f"{local_now:%G-W%V}")


Rule = Callable[[list[Chat]], Mapping[int, LocalDay]]
"""Which of these chats, all locked, may get it now? Their numbers, each with its local day."""


def create(
    conn: Connection, sealer: Sealer, draft: BroadcastDraft, audience: Audience, now_ms: int
) -> int:
    """Begin an announcement; with a key that is known nothing changes. Returns its number."""
    row = {
        "key": draft.key,
        "item_id": draft.item_id,
        "item_version": draft.item_version,
        "created_by": draft.created_by,
        "act": draft.act,
        "amends": draft.amends,
        "audience": audience.to_json(),
        "due_at": moment(conn, now_ms),
        "created_at": now_ms,
        "expires_at": draft.expires_at,
    }
    new = insert(conn, broadcast).values(row).on_conflict_do_nothing().returning(broadcast.c.id)
    made = conn.execute(new).scalar()
    if made is None:
        return int(conn.execute(select(broadcast.c.id).filter_by(key=draft.key)).scalar_one())
    sealed = sealer.seal(draft.values, _context(made))
    conn.execute(update(broadcast).where(broadcast.c.id == made).values(values_sealed=sealed))
    return int(made)


def expand(
    conn: Connection,
    broadcast_id: int,
    permitted: Rule,
    now_ms: int,
    limit: int = STEP,
    lease: int | None = None,
) -> Step:
    """Make the rows of the next ``limit`` chats of the audience and move the cursor.

    Passed over: chats that are closed, left, erased or refusing, that the rule forbids, that
    have it already, and the private chat of somebody who did not say yes to announcements.
    Without a ``lease`` it continues whatever is there and leaves the lease as it is.

    Raises:
        LeaseLost: another process continues it.
    """
    found = conn.execute(
        select(broadcast).where(broadcast.c.id == broadcast_id).with_for_update()
    ).one()
    if lease is not None and found.lease != lease:
        raise LeaseLost("broadcast")
    if found.due_at is None:
        return Step(done=True)
    if found.expires_at is not None and found.expires_at <= now_ms:
        _move(conn, found, found.cursor, Step(done=True), now_ms, lease)
        return Step(done=True)
    audience = Audience.from_json(found.audience)
    ids = _next_ids(conn, found, audience, limit)
    chats = _lock_open(conn, found, audience, ids) if ids else []
    allowed = permitted(chats) if chats else {}
    chosen = _queue(conn, found, allowed, now_ms) if allowed else []
    if not found.act:  # a change of what stands there is no second message
        _count_unasked(conn, chosen, allowed)
    # groups that were left long ago are no part of "all"; a chat that was chosen is
    asked = len(ids) if audience.is_list else len(chats)
    step = Step(len(ids) < limit, len(chosen), asked - len(chosen))
    last = ids[-1] if ids else found.cursor
    _move(conn, found, last, step, now_ms, lease)
    return step


def act_of(conn: Connection, broadcast_id: int) -> str:
    """What it does to an earlier announcement; "" for a new one."""
    query = select(broadcast.c.act).where(broadcast.c.id == broadcast_id)
    return str(conn.execute(query).scalar_one())


def made_at(conn: Connection, broadcast_id: int) -> int:
    """When it was made, in ms."""
    query = select(broadcast.c.created_at).where(broadcast.c.id == broadcast_id)
    return int(conn.execute(query).scalar_one())


def is_due(conn: Connection, now_ms: int) -> bool:
    """Whether an announcement waits to be continued; only a look, that costs no write."""
    query = select(broadcast.c.id).where(broadcast.c.due_at <= now(conn, now_ms))
    return conn.execute(query.limit(1)).first() is not None


def claim(conn: Connection, now_ms: int, limit: int = 4) -> list[Leased]:
    """Take announcements that nobody is continuing; a claim lasts until the next step is late."""
    at = now(conn, now_ms)
    due = select(broadcast.c.id).where(broadcast.c.due_at <= at).order_by(broadcast.c.due_at)
    ids = skipping_locked(conn, due.limit(limit), broadcast)
    held = {"lease": broadcast.c.lease + 1, "due_at": at + LEASE_MS}
    mine = update(broadcast).where(broadcast.c.id.in_(ids)).values(held)
    rows = conn.execute(mine.returning(broadcast.c.id, broadcast.c.lease)).all()
    return [Leased(row.id, row.lease) for row in sorted(rows)]


def give_back(conn: Connection, leased: Leased, now_ms: int, *, after_ms: int = 0) -> None:
    """We stop with it: anybody may continue it after so many ms."""
    where = (broadcast.c.id == leased.id, broadcast.c.lease == leased.lease)
    row = {"due_at": now(conn, now_ms) + after_ms, "lease": broadcast.c.lease + 1}
    is_open = broadcast.c.due_at.is_not(None)
    conn.execute(update(broadcast).where(*where, is_open).values(row))


def recover(conn: Connection, now_ms: int) -> int:
    """Make what a stopped process was continuing due at once. Returns how many.

    Only for the one process that owns an embedded database, at its start.
    """
    held = update(broadcast).where(broadcast.c.due_at > now_ms)
    return conn.execute(held.values(due_at=now_ms, lease=broadcast.c.lease + 1)).rowcount


def values_of(conn: Connection, sealer: Sealer, broadcast_id: int) -> bytes | None:
    """What the announcement is filled in with; None when it is over or can never be read."""
    query = select(broadcast.c.values_sealed).where(broadcast.c.id == broadcast_id)
    sealed = conn.execute(query).scalar()
    return sealer.open_if_readable(conn, sealed, _context(broadcast_id))


@dataclass(frozen=True, slots=True)
class Tally:
    """How far an announcement is. ``ended``: every chat of its audience was looked at."""

    queued: int
    skipped: int
    ended: bool
    rows: Mapping[tuple[Status, str], int]

    def count(self, *statuses: Status) -> int:
        """How many messages have one of these statuses."""
        return sum(n for (status, _), n in self.rows.items() if status in statuses)

    def waiting_for(self, errors: Iterable[str]) -> int:
        """How many messages wait for one of these reasons."""
        wanted = frozenset(errors)
        waits = ((error, n) for (status, error), n in self.rows.items() if status < Status.SENT)
        return sum(n for error, n in waits if error in wanted)


def was_made(conn: Connection, item_id: str, since: int) -> bool:
    """Whether this item was announced since that moment (ms)."""
    where = (broadcast.c.item_id == item_id, broadcast.c.created_at > since)
    return conn.execute(select(broadcast.c.id).where(*where).limit(1)).first() is not None


def tally(conn: Connection, broadcast_id: int) -> Tally:
    """How many messages of an announcement have each status, and why."""
    found = conn.execute(select(broadcast).where(broadcast.c.id == broadcast_id)).one()
    columns = (outbox.c.status, outbox.c.error)
    query = select(*columns, func.count()).where(outbox.c.broadcast_id == broadcast_id)
    rows = conn.execute(query.group_by(*columns))
    counts = {(Status(status), error): count for status, error, count in rows}
    return Tally(found.queued, found.skipped, found.due_at is None, counts)


def progress(conn: Connection, broadcast_id: int) -> Mapping[Status, int]:
    """How many messages of an announcement have each status."""
    counts: dict[Status, int] = {}
    for (status, _), count in tally(conn, broadcast_id).rows.items():
        counts[status] = counts.get(status, 0) + count
    return counts


def _context(broadcast_id: int) -> str:
    return f"broadcast.values:{broadcast_id}"


_CHAT_COLUMNS = [chat.c[name] for name in Chat.__slots__]
_AGREED = exists().where(consent.c.chat_id == chat.c.id, consents.is_agreed())


def _next_ids(conn: Connection, found: Row[Any], audience: Audience, limit: int) -> list[int]:
    """The next chats of the audience, whatever became of them."""
    also = []
    if audience.has_subscribers:
        area = audience.neighbourhood
        also = consents.next_subscribers(conn, area, found.cursor, limit)
    if audience.is_list:
        return sorted({*audience.after(found.cursor, limit), *also})[:limit]
    query = select(chat.c.id).where(chat.c.id > found.cursor, ~chat.c.is_private)
    if audience.neighbourhood is not None:
        query = query.where(chat.c.neighbourhood == audience.neighbourhood)
    groups = conn.execute(query.order_by(chat.c.id).limit(limit)).scalars()
    return sorted({*groups, *also})[:limit]


def _lock_open(
    conn: Connection, found: Row[Any], audience: Audience, ids: list[int]
) -> list[Chat]:
    """Those of these chats that may be written to and do not have it yet, locked."""
    # a scalar, not EXISTS: PostgreSQL would read the whole outbox for it in every step
    has_it = (
        select(outbox.c.seq)
        .join(lane, and_(lane.c.id == outbox.c.lane_id, lane.c.kind == int(Lane.BULK)))
        .where(lane.c.chat_id == chat.c.id, outbox.c.broadcast_id == found.id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(*_CHAT_COLUMNS)
        .where(among(conn, chat.c.id, ids))
        .where(chat.c.is_active, chat.c.left_at.is_(None), chat.c.erase_at.is_(None))
        .where(or_(~chat.c.is_private, _AGREED), has_it.is_(None))
    )
    if audience.neighbourhood is not None:
        query = query.where(chat.c.neighbourhood == audience.neighbourhood)
    rows = conn.execute(query.order_by(chat.c.id).with_for_update(of=chat))
    return [Chat(*row) for row in rows]


def _queue(
    conn: Connection, found: Row[Any], allowed: Mapping[int, LocalDay], now_ms: int
) -> list[int]:
    """A message at the end of the bulk lane of these chats; the chats that take it."""
    into = ("chat_id", "channel", "kind", "out_seq", "due_at")
    wanted = (
        select(chat.c.id, chat.c.channel, literal(int(Lane.BULK)), big(1), now(conn, now_ms))
        .where(among(conn, chat.c.id, list(allowed)))
        .order_by(chat.c.id)
    )
    new = insert(conn, lane).from_select(into, wanted, include_defaults=False)
    counted = new.on_conflict_do_update(
        index_elements=[lane.c.chat_id, lane.c.kind],
        set_={
            "out_seq": lane.c.out_seq + 1,
            "due_at": func.coalesce(lane.c.due_at, new.excluded.due_at),
        },
        where=lane.c.suspended == false(),
    ).returning(lane.c.chat_id)
    chosen = sorted(conn.execute(counted).scalars())
    row = {
        "lane_id": lane.c.id,
        "seq": lane.c.out_seq,
        "key": literal(f"b{found.id}.") + cast(lane.c.chat_id, Text),
        "purpose": literal(Purpose.ANNOUNCEMENT.value),
        "item_id": literal(found.item_id),
        "item_version": big(found.item_version),
        "language": chat.c.language,
        "broadcast_id": big(found.id),
        "created_at": big(now_ms),
        "expires_at": null() if found.expires_at is None else big(found.expires_at),
    }
    mine = (among(conn, lane.c.chat_id, chosen), lane.c.kind == int(Lane.BULK))
    rows = select(*row.values()).join_from(lane, chat, chat.c.id == lane.c.chat_id)
    messages = rows.where(*mine).order_by(lane.c.id)
    conn.execute(outbox.insert().from_select(list(row), messages, include_defaults=False))
    return chosen


def _count_unasked(conn: Connection, chosen: list[int], days: Mapping[int, LocalDay]) -> None:
    """Count one unasked message in each of these chats, on its local day and week."""
    by_day: dict[LocalDay, list[int]] = defaultdict(list)
    for chat_id in chosen:
        by_day[days[chat_id]].append(chat_id)
    for (day, week), ids in by_day.items():
        row = {
            "unasked_today": case((chat.c.unasked_day == day, chat.c.unasked_today + 1), else_=1),
            "unasked_day": day,
            "unasked_this_week": case(
                (chat.c.unasked_week == week, chat.c.unasked_this_week + 1), else_=1
            ),
            "unasked_week": week,
        }
        conn.execute(update(chat).where(among(conn, chat.c.id, ids)).values(row))


def _move(
    conn: Connection, found: Row[Any], cursor: int, step: Step, now_ms: int, lease: int | None
) -> None:
    row: dict[str, object] = {
        "cursor": cursor,
        "queued": found.queued + step.queued,
        "skipped": found.skipped + step.skipped,
    }
    if step.done:
        row |= {"due_at": None, "lease": found.lease + 1}
    elif lease is not None:
        row["due_at"] = now(conn, now_ms) + LEASE_MS
    conn.execute(update(broadcast).where(broadcast.c.id == found.id).values(row))
