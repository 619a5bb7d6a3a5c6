"""Which announcements are planned, and how does each fire exactly once, whoever looks?

Firing is one transaction: the row is locked, its announcement is made and its next time is
set. There is no leader; a second process finds the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, RowMapping, select, update

from wijkbot.storage import broadcasts
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.dialect import insert, moment, now, skipping_locked
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import schedule


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """What to plan. ``key`` is its identity; ``rule`` "" is once; ``next_at`` in ms."""

    key: str
    rule: str
    zone: str
    item_id: str
    audience: Audience
    next_at: int
    created_by: str = ""
    extras: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something planned; times in ms. ``extras`` is what goes with its text, as JSON."""

    id: int
    rule: str
    zone: str
    item_id: str
    audience: Audience
    created_by: str
    extras: str
    next_at: int
    last_fired_at: int | None


@dataclass(frozen=True, slots=True)
class Firing:
    """What is to be done now with something planned.

    ``fire_at``: the planned time that is announced now, None when it is too late for that.
    ``next_at``: when again; None when it is over. ``draft``'s key is not looked at.
    """

    fire_at: int | None
    next_at: int | None
    draft: BroadcastDraft | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of one that was due: its announcement, or None when nothing went out."""

    schedule: Schedule
    broadcast_id: int | None


def put(conn: Connection, draft: ScheduleDraft, *, reopens: bool = False) -> int:
    """Plan it; with a key that is known nothing changes. Returns its number.

    ``reopens``: one that was cancelled comes again.
    """
    row = {
        "key": draft.key,
        "rule": draft.rule,
        "zone": draft.zone,
        "item_id": draft.item_id,
        "audience": draft.audience.to_json(),
        "created_by": draft.created_by,
        "extras": draft.extras,
        "next_at": draft.next_at,
        "due_at": draft.next_at,
    }
    conn.execute(insert(conn, schedule).values(row).on_conflict_do_nothing())
    if reopens:
        again = {"next_at": draft.next_at, "due_at": draft.next_at}
        cancelled = (schedule.c.key == draft.key, schedule.c.next_at.is_(None))
        conn.execute(update(schedule).where(*cancelled).values(again))
    return int(conn.execute(select(schedule.c.id).where(schedule.c.key == draft.key)).scalar_one())


def listing(conn: Connection) -> list[Schedule]:
    """What is still to come, soonest first."""
    query = select(*_COLUMNS).where(schedule.c.next_at.is_not(None))
    rows = conn.execute(query.order_by(schedule.c.next_at, schedule.c.id))
    return [_from(row) for row in rows.mappings()]


def cancel(conn: Connection, schedule_id: int) -> bool:
    """It never fires again; False when there was nothing to come.

    The row stays: its number is part of the identity of what it announced.
    """
    where = (schedule.c.id == schedule_id, schedule.c.next_at.is_not(None))
    row = {"next_at": None, "due_at": None, "lease": schedule.c.lease + 1}
    return conn.execute(update(schedule).where(*where).values(row)).rowcount == 1


def cancel_others(conn: Connection, author: str, keys: Sequence[str]) -> None:
    """What that author planned under other keys than these never fires again."""
    where = (schedule.c.created_by == author, schedule.c.key.not_in(keys))
    row = {"next_at": None, "due_at": None, "lease": schedule.c.lease + 1}
    conn.execute(update(schedule).where(*where, schedule.c.next_at.is_not(None)).values(row))


def is_due(conn: Connection, now_ms: int) -> bool:
    """Whether something is to be fired; only a look, that costs no write."""
    query = select(schedule.c.id).where(schedule.c.due_at <= now(conn, now_ms))
    return conn.execute(query.limit(1)).first() is not None


def fire(
    conn: Connection,
    sealer: Sealer,
    decide: Callable[[Schedule, int], Firing],
    now_ms: int,
) -> Fired | None:
    """Fire one that is due, if any: its announcement and its next time, in this transaction.

    ``decide`` says what is due of it at a moment in ms; it may be asked again.
    """
    due = select(*_COLUMNS).where(schedule.c.due_at <= now(conn, now_ms))
    query = due.order_by(schedule.c.due_at).limit(1)
    row = conn.execute(skipping_locked(conn, query, schedule)).mappings().first()
    if row is None:
        return None
    found = _from(row)
    now_ms = moment(conn, now_ms)
    firing = decide(found, now_ms)
    made = None
    if firing.fire_at is not None and firing.draft is not None:
        draft = BroadcastDraft(
            key=f"s{found.id}.{firing.fire_at}",
            item_id=firing.draft.item_id,
            item_version=firing.draft.item_version,
            values=firing.draft.values,
            created_by=found.created_by,
            expires_at=firing.draft.expires_at,
        )
        made = broadcasts.create(conn, sealer, draft, found.audience, now_ms)
    moved: dict[str, object] = {
        "next_at": firing.next_at,
        "due_at": firing.next_at,
        "lease": schedule.c.lease + 1,
    }
    if made is not None:
        moved["last_fired_at"] = firing.fire_at
    conn.execute(update(schedule).where(schedule.c.id == found.id).values(moved))
    return Fired(found, made)


_COLUMNS = [schedule.c[field.name] for field in fields(Schedule)]


def _from(row: RowMapping) -> Schedule:
    return Schedule(**{**row, "audience": Audience.from_json(row["audience"])})
