"""What is done when a platform tells what became of a message it took?

How far a message came is booked at once, in the transaction that takes the receipt. A failure,
and a receipt of a message that we did not write down yet, wait a moment: a failure may mean that
somebody blocked us, that the message must go again, or that a human has to look.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import IncomingEvent, Reason, Refused
from wijkbot.app.agree import stop
from wijkbot.app.house import House
from wijkbot.app.outside_window import REPLY_WAITS_MS, apart
from wijkbot.engine.words import Purpose
from wijkbot.storage import limiter, outbox, receipts, tiers
from wijkbot.storage.dialect import moment
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.receipts import Failed, Parked, Report
from wijkbot.storage.tiers import TIER

log = structlog.get_logger()

ARRIVED = {"delivered": Status.DELIVERED, "read": Status.READ}
LOST = frozenset({"failed", "undelivered"})
"""Of the other words ("queued", "sending", "sent") none tells more than we know."""
AGAIN_AT_MOST = 3
NOT_TODAY_MS = 24 * 3_600_000
SHORT_WAIT_MS = 60_000
_STOPPED = (Purpose.ANNOUNCEMENT, Purpose.ODD_JOB)


def book(conn: Connection, channel: str, event: IncomingEvent, now_ms: int) -> None:
    """Book what a receipt tells; what cannot be booked yet is put aside."""
    status = ARRIVED.get(event.delivery_status)
    if status is not None:
        if not outbox.receipt(conn, channel, event.delivery_id, status, event.delivery_code):
            report = Report(event.delivery_id, status, event.delivery_code)
            receipts.park(conn, channel, [report], now_ms)
    elif event.delivery_status in LOST:
        told = _as_text(event.refused)
        report = Report(event.delivery_id, Status.REFUSED, event.delivery_code, told)
        receipts.park(conn, channel, [report], now_ms)


async def tend_receipts(house: House, wake: Callable[[], None]) -> int:
    """Act on receipts that were put aside; returns how many. Any number of processes may."""
    if not await house.database.read(receipts.any_parked):
        return 0
    count = 0
    for one in await house.database.read(receipts.matched):
        acted = await house.database.write(lambda c, one=one: _act(c, house, one))  # type: ignore[misc]
        count += acted
    if count:
        log.info("receipts-booked", count=count)
        wake()
    return count


def _act(conn: Connection, house: House, one: Parked) -> bool:
    """All that a receipt means, in the transaction that takes it off the list."""
    if not receipts.take(conn, one):
        return False
    report = one.report
    if report.status is not Status.REFUSED:
        outbox.receipt(conn, one.channel, report.message_id, report.status, report.code)
        return True
    lost = receipts.failed(conn, one.channel, report.message_id)
    if lost is not None:
        _lose(conn, house, one, lost, _from_text(report.refused))
    return True


def _lose(
    conn: Connection, house: House, one: Parked, lost: Failed, refused: Refused | None
) -> None:
    """A message did not arrive: what that means for its chat, its lane and itself."""
    if refused is None:
        receipts.end(conn, lost, Status.REFUSED, one.report.code)
        return
    match refused.reason:
        case Reason.BLOCKED:
            receipts.end(conn, lost, Status.REFUSED, refused.reason)
            blocked(conn, house, lost.chat_id)
        case Reason.GONE:
            again = receipts.was_lost_before(conn, lost, Reason.GONE)
            receipts.end(conn, lost, Status.REFUSED, refused.reason)
            if again:
                outbox.suspend(conn, lost.chat_id, Reason.GONE, house.clock.now_ms())
        case Reason.WINDOW:
            receipts.shut(conn, lost.chat_id, lost.sent_at)
            is_first = not lost.by_template and not lost.again
            _once_more(conn, house, lost, Reason.NEEDS_TEMPLATE, may=is_first)
        case Reason.TIER if lost.by_template:
            _enough_people(conn, house, one, lost)
        case Reason.RATE | Reason.TIER | Reason.UNAVAILABLE:
            _later(conn, house, one, lost, refused)
        case _:
            receipts.end(conn, lost, Status.DEAD, refused.reason)


def _enough_people(conn: Connection, house: House, one: Parked, lost: Failed) -> None:
    """We wrote first to as many people as the platform allows: it waits with all like it."""
    if lost.is_shut:
        receipts.end(conn, lost, Status.REFUSED, TIER)
        return
    now_ms = house.clock.now_ms()
    wait_ms = tiers.refused(conn, house.sealer, one.channel, lost.sent_at, now_ms)
    tiers.not_counted(conn, lost.chat_id, now_ms)
    after_ms = REPLY_WAITS_MS if lost.lane is Lane.REPLY else apart(wait_ms, lost.chat_id)
    again = lost.has_values and receipts.send_again(
        conn, house.sealer, lost, now_ms, after_ms=after_ms, why=TIER
    )
    if not again:
        receipts.end(conn, lost, Status.DEAD, TIER)


def _later(conn: Connection, house: House, one: Parked, lost: Failed, refused: Refused) -> None:
    """The platform was too busy for all of us, or wants no more for this person today."""
    now_ms = house.clock.now_ms()
    wait_ms = int(refused.retry_after * 1000)
    is_tired = refused.reason is Reason.RATE and not refused.whole_account
    if refused.whole_account:
        limiter.hold(conn, one.channel, moment(conn, now_ms) + (wait_ms or SHORT_WAIT_MS))
        wait_ms = 0
    elif is_tired:
        wait_ms = max(wait_ms, NOT_TODAY_MS)
    # news can wait a day; an answer would be in the way of the next one
    may = lost.again < AGAIN_AT_MOST and (not is_tired or lost.lane is Lane.BULK)
    _once_more(conn, house, lost, refused.reason, may=may, after_ms=wait_ms)


def _once_more(
    conn: Connection, house: House, lost: Failed, error: str, *, may: bool, after_ms: int = 0
) -> None:
    if lost.is_shut:
        receipts.end(conn, lost, Status.REFUSED, error)
        return
    now_ms = house.clock.now_ms()
    may = may and lost.has_values
    if may and receipts.send_again(conn, house.sealer, lost, now_ms, after_ms=after_ms):
        return
    receipts.end(conn, lost, Status.DEAD, error)


def blocked(conn: Connection, house: House, chat_id: int) -> None:
    """Who is in this private chat blocked us: nothing unasked any more, nothing that waits."""
    now_ms = house.clock.now_ms()
    for member in receipts.members(conn, chat_id):
        stop(conn, house.journal, (member, "platform"), _STOPPED, now_ms)
    outbox.suspend(conn, chat_id, Reason.BLOCKED, now_ms)


def _as_text(refused: Refused | None) -> str:
    if refused is None:
        return ""
    return json.dumps(
        {
            "reason": refused.reason,
            "permanent": refused.permanent,
            "retry_after": refused.retry_after,
            "whole_account": refused.whole_account,
        }
    )


def _from_text(told: str) -> Refused | None:
    if not told:
        return None
    raw = json.loads(told)
    return Refused(
        Reason(raw["reason"]),
        raw["permanent"],
        raw["retry_after"],
        whole_account=raw["whole_account"],
    )
