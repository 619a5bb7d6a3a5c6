"""Does anything pile up, and on which channel?

Each figure is read through a partial index that holds what waits and nothing else, so that it
costs the same whether a thousand messages were ever sent or a million.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, select

from wijkbot.storage.dialect import moment
from wijkbot.storage.letters import IS_TROUBLE
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import conversation, inbox, lane, limiter, outbox

NEEDS_TEMPLATE = "needs_template"
"""The error of a message that its platform lets through by an approved template only."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits now, and for how long (ms, 0 when nothing waits).

    ``dead``: events and messages given up on. ``unknown``: messages whose fate nobody knows.
    ``suspended``: chats that refuse us. ``needs_template``: those of the dead that could go only
    by a template which is not there.
    """

    waiting_in: int = 0
    oldest_in_ms: int = 0
    waiting_out: int = 0
    oldest_out_ms: int = 0
    dead: int = 0
    unknown: int = 0
    suspended: int = 0
    needs_template: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast an account may send: so many a second, so many at once after a rest.

    ``held_ms``: how long nothing at all may go out, because its platform asked for that or
    because everything allowed was just sent.
    """

    per_s: float
    burst: int
    held_ms: int


@dataclass(frozen=True, slots=True)
class ChannelBacklog:
    """One channel; ``rate`` None is an account without a limit."""

    backlog: Backlog
    rate: Rate | None


def look(conn: Connection, now_ms: int) -> Backlog:
    """Count what waits, of all channels together."""
    return total(by_channel(conn, now_ms))


def total(channels: Mapping[str, ChannelBacklog]) -> Backlog:
    """All channels together; the oldest of them is the oldest of all."""
    each = [channel.backlog for channel in channels.values()]
    return Backlog(
        waiting_in=sum(one.waiting_in for one in each),
        oldest_in_ms=max((one.oldest_in_ms for one in each), default=0),
        waiting_out=sum(one.waiting_out for one in each),
        oldest_out_ms=max((one.oldest_out_ms for one in each), default=0),
        dead=sum(one.dead for one in each),
        unknown=sum(one.unknown for one in each),
        suspended=sum(one.suspended for one in each),
        needs_template=sum(one.needs_template for one in each),
    )


def by_channel(conn: Connection, now_ms: int) -> dict[str, ChannelBacklog]:
    """Count what waits on each channel that has, or ever had, something to send or a rate."""
    figures: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in conn.execute(_WAITING_IN):
        figures[row.channel]["waiting_in"] = int(row.waiting)
        figures[row.channel]["oldest_in_ms"] = _age(row.oldest, now_ms)
    for row in conn.execute(_WAITING_OUT):
        figures[row.channel]["waiting_out"] = int(row.waiting)
        figures[row.channel]["oldest_out_ms"] = _age(row.oldest, now_ms)
    for row in conn.execute(_DEAD_IN):
        figures[row.channel]["dead"] += row.number
    for row in conn.execute(_TROUBLE_OUT):
        name = "unknown" if row.status == int(Status.UNKNOWN) else "dead"
        figures[row.channel][name] += row.number
        figures[row.channel]["needs_template"] += row.templates
    for row in conn.execute(_SUSPENDED):
        figures[row.channel]["suspended"] = row.number
    rates = _rates(conn, now_ms)
    return {
        name: ChannelBacklog(Backlog(**figures[name]), rates.get(name))
        for name in sorted({*figures, *rates})
    }


_BEHIND = func.sum(conversation.c.in_seq - conversation.c.done_seq)
_FIRST_IN = and_(
    inbox.c.conversation_id == conversation.c.id, inbox.c.seq == conversation.c.done_seq + 1
)
# grouped by an expression: SQLite would walk the whole inbox by channel for the sake of the order
_CHANNEL_IN = func.trim(inbox.c.channel)
_WAITING_IN = (
    select(
        _CHANNEL_IN.label("channel"),
        _BEHIND.label("waiting"),
        func.min(inbox.c.received_at).label("oldest"),
    )
    .select_from(conversation)
    .join(inbox, _FIRST_IN)
    .where(conversation.c.due_at.is_not(None))
    .group_by(_CHANNEL_IN)
)

_UNSENT = func.sum(lane.c.out_seq - lane.c.sent_seq)
_FIRST_OUT = and_(outbox.c.lane_id == lane.c.id, outbox.c.seq == lane.c.sent_seq + 1)
_WAITING_OUT = (
    select(lane.c.channel, _UNSENT.label("waiting"), func.min(outbox.c.created_at).label("oldest"))
    .select_from(lane)
    .outerjoin(outbox, _FIRST_OUT)
    .where(lane.c.due_at.is_not(None))
    .group_by(lane.c.channel)
)

_COUNT = func.count().label("number")
_DEAD_IN = (
    select(_CHANNEL_IN.label("channel"), _COUNT)
    .where(inbox.c.dead_at.is_not(None))
    .group_by(_CHANNEL_IN)
)
_TEMPLATES = func.sum(case((outbox.c.error == NEEDS_TEMPLATE, 1), else_=0)).label("templates")
_TROUBLE_OUT = (
    select(lane.c.channel, outbox.c.status, _COUNT, _TEMPLATES)
    .select_from(outbox)
    .join(lane, lane.c.id == outbox.c.lane_id)
    .where(IS_TROUBLE)
    .group_by(lane.c.channel, outbox.c.status)
)
_SUSPENDED = (
    select(lane.c.channel, func.count(lane.c.chat_id.distinct()).label("number"))
    .where(lane.c.suspended)
    .group_by(lane.c.channel)
)


def _rates(conn: Connection, now_ms: int) -> dict[str, Rate]:
    rows = conn.execute(select(limiter)).all()
    at = moment(conn, now_ms) if rows else now_ms
    return {row.account: _rate(row, at) for row in rows}


def _rate(row: Row[Any], at: int) -> Rate:
    # a send is allowed as soon as the account is less than its whole burst ahead of its rate
    ahead = (int(row.burst) - 1) * 1000 / float(row.per_s)
    held = float(row.tat) - at - ahead
    return Rate(float(row.per_s), int(row.burst), max(0, round(held)))


def _age(since: int | None, now_ms: int) -> int:
    return 0 if since is None else max(0, now_ms - since)
