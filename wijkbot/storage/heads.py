"""Which lanes have something to send, and how are they taken?"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    case,
    literal,
    select,
    update,
)
from sqlalchemy import cast as sql_cast

from wijkbot.storage import quick
from wijkbot.storage.dialect import Flavour, flavour
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.tables import chat, lane, outbox

LEASE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait between two messages to one chat, in ms, and which lanes go on at all.

    ``most_per_s`` above 0: the platform counts when a message reaches it. Then the pause begins
    with its answer, and no second may hold more than that, of all processes together.
    """

    private_gap_ms: int = 1_000
    group_gap_ms: int = 3_000
    most_per_s: int = 0
    lanes: Collection[Lane] = frozenset(Lane)


def kinds_due(conn: Connection, channel: str, now_ms: int) -> list[Lane]:
    """Which lanes have something due, the most urgent first; only a look."""
    of = flavour(conn)
    (found,) = quick.rows(conn, _looking(of), {**of.at(now_ms), "b_channel": channel})
    return [kind for kind, is_due in zip(Lane, found, strict=True) if is_due]


@cache
def _looking(of: Flavour) -> Select[Any]:
    return select(
        *(
            select(literal(1))
            .where(*_due_lanes(of), lane.c.kind == int(kind))
            .limit(1)
            .scalar_subquery()
            for kind in Lane
        )
    )


def _due_lanes(of: Flavour) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return lane.c.channel == bindparam("b_channel"), lane.c.due_at <= of.now()


def due(conn: Connection, channel: str, kind: Lane, now_ms: int, limit: int) -> list[Row[Any]]:
    """Lanes with something to send, each with its chat and its next message."""
    of = flavour(conn)
    asked = {"b_channel": channel, "b_kind": int(kind), "b_limit": limit}
    query = _heads(of, waits=kind is not Lane.CRISIS)
    return list(quick.rows(conn, query, {**of.at(now_ms), **asked}))


@cache
def _heads(of: Flavour, *, waits: bool) -> Select[Any]:
    is_head = and_(outbox.c.lane_id == lane.c.id, outbox.c.seq == lane.c.sent_seq + 1)
    query = (
        select(*_COLUMNS)
        .join(chat, chat.c.id == lane.c.chat_id)
        .outerjoin(outbox, is_head)
        .where(*_due_lanes(of), lane.c.kind == bindparam("b_kind"))
        .order_by(lane.c.due_at)
        .limit(bindparam("b_limit"))
    )
    if waits:
        query = query.where(chat.c.next_send_at <= of.now())
    # the chat is locked too: two lanes of one chat never break its pause together
    return of.skipping_locked(query, lane, chat)


_COLUMNS = (
    lane.c.id.label("lane"),
    lane.c.kind,
    lane.c.lease,
    lane.c.sent_seq,
    lane.c.channel,
    chat.c.id.label("chat"),
    chat.c.address_sealed,
    chat.c.is_private,
    chat.c.neighbourhood,
    *(column for column in outbox.c if column.key not in {"lane_id", "external_message_id"}),
)


def take(conn: Connection, rows: list[Row[Any]], now_ms: int, pace: Pace) -> None:
    """Hold these lanes, mark their messages as on their way, and let their chats pause."""
    if not rows:
        return
    of = flavour(conn)
    these = {"b_lanes": of.many(row.lane for row in rows)}
    quick.change(conn, _flying(of), these)
    quick.change(conn, _holding(of), {**of.at(now_ms), **these, "b_lease_ms": LEASE_MS})
    _pause(conn, _pausing(of, is_answered=False), [row.chat for row in rows], now_ms, pace)


def rest(conn: Connection, chat_ids: Iterable[int], now_ms: int, pace: Pace) -> None:
    """The platform answered: where it counts arrivals, these chats pause from now on."""
    if pace.most_per_s:
        _pause(conn, _pausing(flavour(conn), is_answered=True), chat_ids, now_ms, pace)


def _pause(
    conn: Connection, pausing: Update, chat_ids: Iterable[int], now_ms: int, pace: Pace
) -> None:
    of = flavour(conn)
    gaps = {"b_private_ms": pace.private_gap_ms, "b_group_ms": pace.group_gap_ms}
    theirs = {"b_chats": of.many(chat_ids)}
    quick.change(conn, pausing, {**of.at(now_ms), **gaps, **theirs})


@cache
def _flying(of: Flavour) -> Update:
    is_head = and_(outbox.c.lane_id == lane.c.id, outbox.c.seq == lane.c.sent_seq + 1)
    flies = {"status": int(Status.SENDING), "attempts": outbox.c.attempts + 1}
    mine = of.is_among(lane.c.id, "b_lanes")
    return update(outbox).where(mine, is_head).values(flies)


@cache
def _holding(of: Flavour) -> Update:
    row = {
        "lease": lane.c.lease + 1,
        "due_at": of.now() + sql_cast(bindparam("b_lease_ms"), BigInteger),
        "attempts": lane.c.attempts + 1,
    }
    return update(lane).where(of.is_among(lane.c.id, "b_lanes")).values(row)


@cache
def _pausing(of: Flavour, *, is_answered: bool) -> Update:
    """A message that could not wait (a crisis card) makes the pause longer for those that can."""
    gap = case(
        (chat.c.is_private, sql_cast(bindparam("b_private_ms"), BigInteger)),
        else_=sql_cast(bindparam("b_group_ms"), BigInteger),
    )
    at, pause = of.now(), chat.c.next_send_at
    if is_answered:
        until = case((pause > at + gap, pause), else_=at + gap)
    else:
        until = case((pause > at, pause + gap), else_=at + gap)
    theirs = of.is_among(chat.c.id, "b_chats")
    if not of.is_sqlite:  # locked in the order in which everybody locks chats
        named = select(chat.c.id).where(theirs).order_by(chat.c.id).with_for_update()
        theirs = chat.c.id.in_(named)
    return update(chat).where(theirs).values(next_send_at=until)
