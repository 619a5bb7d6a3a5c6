"""What does the platform tell of a message it took, and what if it did not arrive after all?

A receipt can be here before we wrote down which message it is about, and in any order. What
cannot be booked at once waits for some minutes beside the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, exists, or_, select, update

from wijkbot.storage.dialect import insert, now
from wijkbot.storage.letters import put_again
from wijkbot.storage.outbox import Lane, Status, live_longer
from wijkbot.storage.receipt_tables import receipt
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import broadcast, chat, conversation, lane, outbox
from wijkbot.storage.unread import FETCHED

KEPT_MS = 3_600_000
"""A receipt that belongs to nothing by then belongs to a message that is no longer kept."""
A_DAY_MS = 24 * 3_600_000
_UNDER_WAY = (int(Status.SENT), int(Status.QUEUED), int(Status.UNKNOWN))


@dataclass(frozen=True, slots=True)
class Report:
    """One receipt. ``refused``: in a failure, what it means, as the caller wrote it."""

    message_id: str
    status: Status
    code: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Parked:
    """A receipt that waits, and the message it is about."""

    id: int
    channel: str
    report: Report


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that did not arrive, its lane locked. Times in ms.

    ``has_values``: it can be sent again. ``is_shut``: its chat refuses us by now.
    """

    lane_id: int
    seq: int
    lane: Lane
    chat_id: int
    sent_at: int
    again: int
    by_template: bool
    has_values: bool
    is_shut: bool


def park(conn: Connection, channel: str, reports: Sequence[Report], now_ms: int) -> None:
    """Keep receipts until :func:`matched` finds their messages; the same one twice is once."""
    rows = [
        {
            "channel": channel,
            "external_message_id": one.message_id,
            "status": int(one.status),
            "code": one.code,
            "refused": one.refused,
            "at": now_ms,
        }
        for one in reports
    ]
    if rows:
        conn.execute(insert(conn, receipt).on_conflict_do_nothing(), rows)


def any_parked(conn: Connection) -> bool:
    """Whether one waits at all; only a look."""
    return conn.execute(select(receipt.c.id).limit(1)).first() is not None


def matched(conn: Connection, limit: int = 500) -> list[Parked]:
    """Receipts that wait and whose message is known by now, the oldest first."""
    message = select(outbox.c.seq).join(lane, lane.c.id == outbox.c.lane_id)
    there = exists(
        message.where(
            outbox.c.external_message_id == receipt.c.external_message_id,
            lane.c.channel == receipt.c.channel,
        )
    )
    rows = conn.execute(select(receipt).where(there).order_by(receipt.c.id).limit(limit))
    return [_parked(row) for row in rows]


def take(conn: Connection, parked: Parked) -> bool:
    """Take a receipt that waited off the list; False when another process did."""
    return conn.execute(delete(receipt).where(receipt.c.id == parked.id)).rowcount == 1


def forget_older(conn: Connection, before_ms: int, limit: int) -> int:
    """Drop receipts that belong to nothing."""
    old = select(receipt.c.id).where(receipt.c.at < before_ms).limit(limit)
    return conn.execute(delete(receipt).where(receipt.c.id.in_(old))).rowcount


def failed(conn: Connection, channel: str, message_id: str) -> Failed | None:
    """The message with that id, its lane locked; None when it arrived or ended otherwise."""
    found = conn.execute(_named(channel, message_id)).first()
    if found is None:
        return None
    # the lane first, as everybody does before its rows
    conn.execute(select(lane.c.id).where(lane.c.id == found.lane_id).with_for_update())
    row = conn.execute(_named(channel, message_id)).first()
    if row is None or row.status not in _UNDER_WAY or row.error == FETCHED:
        return None
    return Failed(
        lane_id=row.lane_id,
        seq=row.seq,
        lane=Lane(row.kind),
        chat_id=row.chat_id,
        sent_at=row.sent_at or 0,
        again=row.again,
        by_template=row.by_template,
        has_values=row.values_sealed is not None or row.is_shared,
        is_shut=row.suspended or row.erase_at is not None or row.left_at is not None,
    )


def end(conn: Connection, one: Failed, status: Status, error: str) -> None:
    """It failed for good; a dead letter keeps its values."""
    row: dict[str, object] = {"status": int(status), "error": error}
    if status is not Status.DEAD:
        row["values_sealed"] = None
    at = (outbox.c.lane_id == one.lane_id, outbox.c.seq == one.seq)
    conn.execute(update(outbox).where(*at).values(row))


def send_again(
    conn: Connection,
    sealer: Sealer,
    one: Failed,
    now_ms: int,
    *,
    after_ms: int = 0,
    why: str = "",
) -> bool:
    """Put it behind its lane once more; False when it can no longer be read.

    ``after_ms``: not before then, and its announcement lives a day longer for it. What comes in
    the same lane waits with it. ``why``: it waits for this, and so it does not count as a try.
    """
    if not put_again(conn, sealer, (one.lane_id, one.seq), now_ms, is_retry=not why):
        return False
    if why:
        mine = select(lane.c.out_seq).where(lane.c.id == one.lane_id).scalar_subquery()
        newest = (outbox.c.lane_id == one.lane_id, outbox.c.seq == mine)
        conn.execute(update(outbox).where(*newest).values(error=why))
    if after_ms:
        head = and_(lane.c.id == one.lane_id, lane.c.out_seq == lane.c.sent_seq + 1)
        later = now(conn, now_ms) + after_ms
        conn.execute(update(lane).where(head).values(due_at=later))
        last = select(lane.c.out_seq).where(lane.c.id == one.lane_id)
        seq = int(conn.execute(last).scalar_one())
        live_longer(conn, one.lane_id, seq, now_ms + after_ms + A_DAY_MS)
    return True


def shut(conn: Connection, chat_id: int, at_ms: int) -> None:
    """The platform says that the reply window of this chat was shut at that moment."""
    is_newer = or_(chat.c.shut_at.is_(None), chat.c.shut_at < at_ms)
    conn.execute(update(chat).where(chat.c.id == chat_id, is_newer).values(shut_at=at_ms))


def was_lost_before(conn: Connection, one: Failed, error: str) -> bool:
    """Whether the last message to this chat before this one ended with that error too."""
    ended = (Status.DELIVERED, Status.READ, Status.REFUSED, Status.DEAD)
    query = (
        select(outbox.c.error)
        .join(lane, lane.c.id == outbox.c.lane_id)
        .where(lane.c.chat_id == one.chat_id, outbox.c.sent_at.is_not(None))
        .where(outbox.c.status.in_([int(status) for status in ended]))
        .where(outbox.c.sent_at <= one.sent_at)
        .where(or_(outbox.c.lane_id != one.lane_id, outbox.c.seq != one.seq))
        .order_by(outbox.c.sent_at.desc(), outbox.c.seq.desc())
        .limit(1)
    )
    return conn.execute(query).scalar() == error


def members(conn: Connection, chat_id: int) -> list[str]:
    """The pseudonyms of who has a conversation in this chat."""
    mine = (conversation.c.chat_id == chat_id, conversation.c.member_hmac != "")
    query = select(conversation.c.member_hmac).where(*mine).distinct()
    return sorted(conn.execute(query).scalars())


def erase_kept(conn: Connection, now_ms: int, limit: int) -> int:
    """Erase the values of messages of which nothing was heard for a day.

    Those whose template went out stay three days: their residents are to ask for them.
    """
    keys = (outbox.c.lane_id, outbox.c.seq)
    is_over = or_(
        and_(~outbox.c.by_template, outbox.c.sent_at < now_ms - A_DAY_MS),
        outbox.c.sent_at < now_ms - 3 * A_DAY_MS,
    )
    wanted = (
        outbox.c.values_sealed.is_not(None),
        outbox.c.sent_at.is_not(None),
        outbox.c.status != int(Status.DEAD),
        is_over,
    )
    old = [tuple(row) for row in conn.execute(select(*keys).where(*wanted).limit(limit))]
    for lane_id, seq in old:
        at = (outbox.c.lane_id == lane_id, outbox.c.seq == seq)
        conn.execute(update(outbox).where(*at).values(values_sealed=None))
    return len(old)


def _named(channel: str, message_id: str) -> Select[Any]:
    shared = exists().where(
        broadcast.c.id == outbox.c.broadcast_id, broadcast.c.values_sealed.is_not(None)
    )
    return (
        select(outbox, lane.c.kind, lane.c.chat_id, lane.c.suspended, chat.c.erase_at,
               chat.c.left_at, shared.label("is_shared"))
        .join(lane, lane.c.id == outbox.c.lane_id)
        .join(chat, chat.c.id == lane.c.chat_id)
        .where(outbox.c.external_message_id == message_id, lane.c.channel == channel)
    )  # fmt: skip


def _parked(row: Row[Any]) -> Parked:
    report = Report(row.external_message_id, Status(row.status), row.code, row.refused)
    return Parked(row.id, row.channel, report)
