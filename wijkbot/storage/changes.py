"""How is an announcement changed or withdrawn in every chat that has it?

A change is an announcement of its own whose audience are those chats, so that it is queued,
fenced and counted like any other, behind the original in each lane. What has not left yet is
changed where it waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import broadcast, chat, lane, outbox

WITHDRAWN = "withdrawn"
"""Why a message that waited was never sent."""
_PIN = ".pin"
_ARRIVED = (Status.DELIVERED, Status.READ)
STANDS = (Status.SENDING, Status.SENT, Status.QUEUED, *_ARRIVED, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement in one neighbourhood, as a worker looks back on it. ``act`` "" is new."""

    id: int
    key: str
    item_id: str
    item_version: int
    act: str
    amends: int | None
    queued: int
    created_at: int


class Outcome(NamedTuple):
    """What became of an announcement in one chat; ``pin`` None: it was not to be pinned."""

    chat_id: int
    status: Status
    error: str
    pin: Status | None
    is_private: bool


class Standing(NamedTuple):
    """A message that was sent earlier. ``message_id`` "": nobody knows which one it is."""

    status: Status
    message_id: str


def family(conn: Connection, number: int) -> list[Announcement]:
    """The announcement with that number and those that were made with it, by neighbourhood.

    Empty when there is none; a change is no announcement.
    """
    found = conn.execute(select(broadcast.c.key).where(broadcast.c.id == number)).scalar()
    if found is None:
        return []
    stem = found.partition(".")[0]
    mine = broadcast.c.id == number
    if not stem.startswith("s") or not stem[1:].isdecimal():  # one firing stands by itself
        mine = func.substr(broadcast.c.key, 1, len(stem) + 1) == f"{stem}."
    query = _announcements().where(mine, broadcast.c.act == "").order_by(broadcast.c.id)
    return [Announcement(*row) for row in conn.execute(query)]


def recent(conn: Connection, since: int) -> list[Announcement]:
    """Announcements and changes since that moment (ms), the newest first."""
    query = _announcements().where(broadcast.c.created_at > since)
    return [Announcement(*row) for row in conn.execute(query.order_by(broadcast.c.id.desc()))]


def history(conn: Connection, number: int) -> list[Announcement]:
    """That announcement in each of its neighbourhoods, and what changed it, in order."""
    ids = [one.id for one in family(conn, number)]
    mine = broadcast.c.id.in_(ids) | broadcast.c.amends.in_(ids)
    query = _announcements().where(mine).order_by(broadcast.c.id)
    return [Announcement(*row) for row in conn.execute(query)]


def _announcements() -> Select[Any]:
    names = ("id", "key", "item_id", "item_version", "act", "amends", "queued", "created_at")
    return select(*(broadcast.c[name] for name in names))


def lock(conn: Connection, number: int) -> None:
    """Hold the announcement, its chats and their lanes, in the order in which all lock them."""
    conn.execute(select(broadcast.c.id).where(broadcast.c.id == number).with_for_update())
    mine = select(outbox.c.lane_id).where(outbox.c.broadcast_id == number)
    theirs = select(lane.c.chat_id).where(lane.c.id.in_(mine))
    chats = select(chat.c.id).where(chat.c.id.in_(theirs)).order_by(chat.c.id)
    conn.execute(chats.with_for_update())
    lanes = select(lane.c.id).where(lane.c.id.in_(mine)).order_by(lane.c.chat_id, lane.c.kind)
    conn.execute(lanes.with_for_update())


def stop(conn: Connection, number: int, now_ms: int) -> int:
    """What has not left yet never goes, and no more rows are made. Returns how many waited."""
    going = (broadcast.c.id == number, broadcast.c.due_at.is_not(None))
    ends = {"due_at": None, "lease": broadcast.c.lease + 1}
    conn.execute(update(broadcast).where(*going).values(ends))
    gone = {"status": int(Status.REFUSED), "error": WITHDRAWN, "sent_at": now_ms}
    return conn.execute(update(outbox).where(*_waiting(number)).values(gone)).rowcount


def rewrite(conn: Connection, sealer: Sealer, number: int, item: tuple[str, int],
            values: bytes) -> int:  # fmt: skip
    """What has not left yet goes with this item and version. Returns how many waited."""
    told = {"item_id": item[0], "item_version": item[1]}
    sealed = sealer.seal(values, f"broadcast.values:{number}")
    still = (broadcast.c.id == number, broadcast.c.values_sealed.is_not(None))
    conn.execute(update(broadcast).where(*still).values(**told, values_sealed=sealed))
    return conn.execute(update(outbox).where(*_waiting(number)).values(told)).rowcount


def _waiting(number: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return outbox.c.broadcast_id == number, outbox.c.status == int(Status.WAITING)


def was_withdrawn(conn: Connection, number: int) -> bool:
    """Whether it was taken back."""
    where = (broadcast.c.amends == number, broadcast.c.act == "withdraw")
    return conn.execute(select(broadcast.c.id).where(*where).limit(1)).first() is not None


def reached(conn: Connection, number: int) -> list[int]:
    """The chats in which it stands, or is on its way."""
    return [one.chat_id for one in outcomes(conn, number) if one.status <= Status.UNKNOWN]


def standing_in(conn: Connection, number: int) -> list[int]:
    """The chats in which it stands, or may stand."""
    stands = outbox.c.status.in_([int(status) for status in STANDS])
    query = (
        select(lane.c.chat_id)
        .join(outbox, outbox.c.lane_id == lane.c.id)
        .where(outbox.c.broadcast_id == number, stands, lane.c.kind == int(Lane.BULK))
        .order_by(lane.c.chat_id)
    )
    return list(conn.execute(query).scalars())


def standing(conn: Connection, lane_id: int, number: int) -> Standing | None:
    """The message that an announcement put into the chat of this lane; None for none."""
    where = (outbox.c.lane_id == lane_id, outbox.c.broadcast_id == number)
    row = conn.execute(select(outbox.c.status, outbox.c.external_message_id).where(*where)).first()
    return None if row is None else Standing(Status(row[0]), row[1] or "")


def rename(conn: Connection, lane_id: int, number: int, message_id: str) -> None:
    """From now on the platform knows that message by another id."""
    where = (outbox.c.lane_id == lane_id, outbox.c.broadcast_id == number)
    known = outbox.c.external_message_id.is_not(None)  # erased stays erased
    renamed = update(outbox).where(*where, known).values(external_message_id=message_id)
    conn.execute(renamed)


def pin_key(key: str) -> str:
    """The identity of the message that pins another one."""
    return f"{key}{_PIN}"


def outcomes(conn: Connection, number: int) -> list[Outcome]:
    """What became of it in each chat, by the number of the chat."""
    pins = outbox.alias("pins")
    query = (
        select(lane.c.chat_id, outbox.c.status, outbox.c.error, pins.c.status, chat.c.is_private)
        .join(lane, lane.c.id == outbox.c.lane_id)
        .join(chat, chat.c.id == lane.c.chat_id)
        .outerjoin(pins, pins.c.key == outbox.c.key + _PIN)
        .where(outbox.c.broadcast_id == number)
        .order_by(lane.c.chat_id)
    )
    return [
        Outcome(chat_id, Status(status), error, None if pin is None else Status(pin), is_private)
        for chat_id, status, error, pin, is_private in conn.execute(query)
    ]
