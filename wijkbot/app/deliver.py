"""How does a row become a message? Claim a lane, ask the rule again, render, send, settle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar, assert_never

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import (
    Adapter,
    Capabilities,
    Message,
    Queued,
    Reason,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Urgency,
)
from wijkbot.announcements.extras import Act, Change
from wijkbot.app import decision_log, receipts
from wijkbot.app.alter import alter, pin_after, why_not
from wijkbot.app.announce_payload import change_from
from wijkbot.app.correct import corrected, goes_anew, why_not_anew
from wijkbot.app.crew import Crew
from wijkbot.app.dress import dress
from wijkbot.app.house import House, local_time
from wijkbot.app.language import variant
from wijkbot.app.loops import outlive
from wijkbot.app.next_rows import NextRows, Taken
from wijkbot.app.outside_window import Later, OutsideWindow
from wijkbot.app.payload import from_ms_or_none, say_from, spot_from
from wijkbot.app.rates import pace_of, put_back
from wijkbot.app.read_first import LOOK_AGAIN_MS, UNREAD
from wijkbot.app.render import Rendered, render
from wijkbot.app.setting import links_of, setting_of
from wijkbot.app.still_permitted import Known, rule_against
from wijkbot.app.tried_before import LOOK_AFTER_MS, may_repeat, unsure_since
from wijkbot.content.model import Item
from wijkbot.content.texts import is_harmless
from wijkbot.engine.effects import Say
from wijkbot.engine.words import Place
from wijkbot.storage import (
    changes,
    counts,
    lanes,
    limiter,
    outbox,
    rekey,
)
from wijkbot.storage.dialect import moment
from wijkbot.storage.errors import DatabaseAway, LeaseLost, StorageProblem
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.tiers import TIER

log = structlog.get_logger()
_Done = TypeVar("_Done")

AT_ONCE = 32
"""So many sends of a channel are under way at once; a slow chat holds up none of the others."""
UNKNOWNS_AT_MOST = 5
"""A send without an answer may have arrived each time: more often would be a nuisance."""
BUGS_AT_MOST = 8
AWAY_SECONDS = 1.0
LATER = frozenset({"quiet-hours", "group-is-silent"})
"""Lines of the rule that pass by themselves: the row waits until then, or until it expires."""
WAIT_MS = 60_000
_URGENCY = {Lane.CRISIS: Urgency.CRISIS, Lane.REPLY: Urgency.REPLY, Lane.BULK: Urgency.BULK}


@dataclass(frozen=True, slots=True)
class Sending:
    """One row on its way out, with what was made of it."""

    row: Outgoing
    say: Say


class Deliverer:
    """Sends what waits for one channel."""

    def __init__(self, house: House, channel: str, adapter: Adapter, wake: asyncio.Event) -> None:
        self._house = house
        self._channel = channel
        self._adapter = adapter
        self._pace = pace_of(adapter)
        self._windows = OutsideWindow(house, channel, adapter)
        self._next = NextRows(house, channel, adapter, self._windows)
        self._wake = wake
        self._is_stopping = False

    def stop(self) -> None:
        """Finish what is being sent, and take nothing new."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped; what is under way goes on through trouble of the database."""
        crew = Crew(AT_ONCE, self._house.doorway)
        try:
            # a send that trouble cuts off would be forgotten, and sent again
            await outlive(lambda: self._take_rows(crew))
            await crew.finish()
        finally:
            await crew.dismiss()

    async def _take_rows(self, crew: Crew) -> None:
        while not self._is_stopping:
            self._wake.clear()
            room = crew.room
            taken = await self._next.take(room) if room else Taken()
            for row in taken.rows:
                crew.begin(self._send(row, taken.known_of(row)))
            if len(taken.rows) < room or not room:  # else more of them may wait
                await crew.pause(self._wake, taken.wait_ms / 1000)

    async def _send(self, row: Outgoing, known: Known) -> None:
        try:
            await self._deliver(row, known)
        except LeaseLost:
            log.warning("lease-lost", channel=self._channel)
        except StorageProblem:
            raise
        except Exception:
            # a bug must not lose the row: it is tried again, and the trace is in the log
            log.exception("delivery-failed", channel=self._channel, purpose=str(row.purpose))
            await self._again(row, "error", BUGS_AT_MOST)

    async def _deliver(self, row: Outgoing, known: Known) -> None:
        if row.values is None or row.address is None:
            await self._settle(row, Status.REFUSED, error="erased")
            return
        say = say_from(row.values, row.purpose, row.item_id, row.item_version)
        now_ms = self._house.clock.now_ms()
        if row.expires_at is not None and now_ms > row.expires_at:
            await self._settle(row, Status.EXPIRED, error="expired")
            return
        change = change_from(row.values)
        anew = goes_anew(self._able(row), row, change)
        alters = change is not None and not anew
        if row.was_in_flight and not alters and await self._is_left_for_now(row, say):
            return
        if not await self._may_go(row, say, known, now_ms, is_change=alters):
            return
        compose = partial(self._compose, row, say, now_ms)
        if change is None:
            await self._send_message(row, say, known, await compose())
        elif not anew:
            await self._alter(row, change, compose)
        elif why := await why_not_anew(self._house, row, change):
            await self._settle(row, Status.REFUSED, error=why)
        else:
            message = corrected(self._house, row, await compose())
            await self._send_message(row, say, known, message)

    async def _may_go(
        self, row: Outgoing, say: Say, known: Known, now_ms: int, *, is_change: bool
    ) -> bool:
        """Whether it may leave now; what may not is put back, or refused for good."""
        if known.is_unread:
            await self._hold_back(row, LOOK_AGAIN_MS, UNREAD)
            return False
        verdict = rule_against(self._house, row, say, known, now_ms, is_change=is_change)
        if verdict in LATER:
            await self._hold_back(row, WAIT_MS, verdict)
        elif verdict:
            await self._log_refusal(row, verdict, now_ms)
            await self._settle(row, Status.REFUSED, error=verdict)
        return not verdict

    async def _send_message(
        self, row: Outgoing, say: Say, known: Known, composed: Message
    ) -> None:
        message = await self._windows.prepare(row, known.chat, known.heard_ms, composed)
        if message is None:
            await self._settle(row, Status.EXPIRED, error="expired")
            return
        if isinstance(message, Later):
            later = message
            await self._surely(lambda c: self._windows.hold_back(c, row, later))
            self._house.meters.retried(self._channel, TIER)
            return
        began = time.monotonic()
        result = await self._adapter.send(row.address or "", message)
        self._house.meters.sent(self._channel, time.monotonic() - began)
        is_refused = isinstance(result, Refused) and result.reason is Reason.TIER
        if is_refused and message.template is not None:
            await self._surely(lambda c: self._windows.is_refused(c, row))
            self._house.meters.retried(self._channel, TIER)
            return
        await self._take(row, say, result)

    async def _is_left_for_now(self, row: Outgoing, say: Say) -> bool:
        """What a sender that was killed may have sent is given up, or looked for in a while."""
        why, able = "stopped while sending", self._able(row)
        if not may_repeat(able, row, say.purpose):
            await self._settle(row, Status.UNKNOWN, error=why)
            return True
        if unsure_since(able, row) is not None:
            await self._retry(row, LOOK_AFTER_MS, why)
            return True
        return False

    def _able(self, row: Outgoing) -> Capabilities:
        return self._adapter.capabilities(row.address or "")

    async def _compose(self, row: Outgoing, say: Say, now_ms: int) -> Message:
        house = self._house
        item = await house.library.item(row.item_id, row.item_version)
        rendered, local_now = self._render(row, say, item, now_ms)
        spot = spot_from(row.values or b"{}")
        message = Message(
            key=row.key,
            text=rendered.text,
            choices=rendered.choices,
            urgency=_URGENCY[row.lane],
            language=rendered.language,
            expires_at=from_ms_or_none(row.expires_at),
            answer_to=spot.answer_to,
            thread=spot.thread,
            asker=spot.asker,
            only_asker=spot.is_for_one,
            unsure_since=unsure_since(self._able(row), row),
            is_harmless=is_harmless(item, say.key),
        )
        return await dress(house, row, message, item, local_now)

    async def _alter(
        self, row: Outgoing, change: Change, compose: Callable[[], Awaitable[Message]]
    ) -> None:
        """Change what stands there. It may be done twice, so no answer is no end."""
        result = await alter(self._house, self._adapter, row, change, compose)
        match result:
            case Refused(permanent=True) if result.reason is not Reason.REKEYED:
                # only a message of its own shows that a chat refuses us altogether
                await self._settle(row, Status.REFUSED, error=why_not(result))
            case Refused():
                await self._refused(row, result)
            case Unknown() if row.attempts < UNKNOWNS_AT_MOST:
                await self._retry(row, outbox.backoff_ms(row.attempts), "unknown")
            case Unknown():
                await self._settle(row, Status.UNKNOWN, error="no answer of the platform")
            case _:
                if change.act is Act.EDIT and result.message_id:
                    lane_id, number, name = row.lane_id, change.announcement, result.message_id
                    await self._surely(lambda c: changes.rename(c, lane_id, number, name))
                await self._settle(row, Status.SENT)

    async def _log_refusal(self, row: Outgoing, rule: str, now_ms: int) -> None:
        day = local_time(self._house.settings, row.neighbourhood, now_ms).date().isoformat()
        place = Place.PRIVATE if row.is_private else Place.GROUP
        told = decision_log.entry(day, place, row.purpose, rule)
        await self._surely(lambda c: counts.add(c, told))

    def _render(
        self, row: Outgoing, say: Say, item: Item, now_ms: int
    ) -> tuple[Rendered, datetime]:
        """The text in its language, and the local time for which it was filled in."""
        house = self._house
        links = links_of(house, self._adapter)
        setting = setting_of(house, row.neighbourhood, now_ms, links)
        return render(say, item, variant(row.language, setting.country), setting), setting.now

    async def _take(self, row: Outgoing, say: Say, result: SendResult) -> None:
        match result:
            case Sent(message_id):
                after = pin_after(self._adapter, row, say) if message_id else None
                await self._settle(row, Status.SENT, message_id=message_id, after=after)
            case Queued(message_id, by_template):
                queued = Settlement(row, Status.QUEUED, message_id, by_template=by_template)
                await self._book(queued)
            case Unknown(_, message_id):
                if (
                    may_repeat(self._able(row), row, say.purpose)
                    and row.attempts < UNKNOWNS_AT_MOST
                ):
                    await self._retry(row, outbox.backoff_ms(row.attempts), "unknown")
                else:
                    why = "no answer of the platform"
                    await self._settle(row, Status.UNKNOWN, message_id=message_id, error=why)
            case Refused():
                await self._refused(row, result)
            case _:
                assert_never(result)

    async def _refused(self, row: Outgoing, refused: Refused) -> None:
        if refused.reason is Reason.REKEYED and refused.new_chat:
            await self._moved(row, refused.new_chat)
        elif not refused.permanent:
            wait_ms = int(refused.retry_after * 1000) or outbox.backoff_ms(row.attempts)
            if refused.whole_account:
                await self._surely(lambda c: self._hold(c, wait_ms))
            # an account that waits lets its answers go first then, so all of them must be due
            await self._retry(row, 0 if refused.whole_account else wait_ms, refused.reason)
        elif refused.reason in {Reason.BLOCKED, Reason.GONE}:
            await self._settle(row, Status.REFUSED, error=refused.reason)
            await self._surely(lambda c: self._shut_out(c, row, refused.reason))
        elif refused.reason is Reason.EXPIRED:
            await self._settle(row, Status.EXPIRED, error=refused.reason)
        else:
            await self._settle(row, Status.DEAD, error=refused.reason)

    def _shut_out(self, conn: Connection, row: Outgoing, reason: Reason) -> None:
        if reason is Reason.BLOCKED and row.is_private and self._windows.hours:
            # such a platform lets people refuse what they did not ask for with it
            receipts.blocked(conn, self._house, row.chat_id)
        else:
            outbox.suspend(conn, row.chat_id, reason, self._house.clock.now_ms())

    async def _moved(self, row: Outgoing, new_chat: str) -> None:
        house, now_ms = self._house, self._house.clock.now_ms()
        old = row.address or ""
        await self._surely(
            lambda c: rekey.rekey(c, house.sealer, self._channel, old, new_chat, now_ms)
        )
        await self._retry(row, 0, "rekeyed")

    def _hold(self, conn: Connection, wait_ms: int) -> None:
        """The platform told the whole account to wait."""
        at = moment(conn, self._house.clock.now_ms())
        limiter.hold(conn, self._channel, at + wait_ms)

    async def _settle(
        self,
        row: Outgoing,
        status: Status,
        *,
        message_id: str = "",
        error: str = "",
        after: Draft | None = None,
    ) -> None:
        """This became of it; ``after`` is put behind it in the same transaction."""
        await self._book(Settlement(row, status, message_id or None, error), after)

    async def _book(self, ended: Settlement, after: Draft | None = None) -> None:
        if after is None:
            act = self._settle_all
            more = await self._patiently(lambda: self._house.database.together(act, ended))
        else:
            more = await self._surely(lambda c: self._settle_and_append(c, ended, after))
        if more:  # the next of this chat need not wait until somebody looks
            self._wake.set()
        purpose, status = ended.out.purpose, ended.status.name
        log.info("settled", channel=self._channel, purpose=str(purpose), status=status)
        self._house.meters.settled(self._channel, purpose, status)

    def _settle_and_append(self, conn: Connection, ended: Settlement, after: Draft) -> bool:
        now_ms = self._house.clock.now_ms()
        lanes.settle_many(conn, [ended], now_ms, self._pace)
        outbox.append(conn, self._house.sealer, after, now_ms)
        return True

    def _settle_all(self, conn: Connection, ended: Sequence[Settlement]) -> list[bool]:
        return lanes.settle_many(conn, ended, self._house.clock.now_ms(), self._pace)

    async def _again(self, row: Outgoing, error: str, at_most: int) -> None:
        """Try later; a message that fails every time must not hold up its chat for ever."""
        if row.attempts < at_most:
            await self._retry(row, outbox.backoff_ms(row.attempts), error)
        else:
            await self._settle(row, Status.DEAD, error=error)

    async def _retry(self, row: Outgoing, after_ms: int, error: str) -> None:
        at = self._house.clock.now_ms()
        await self._surely(lambda c: put_back(c, row, self._pace, at, after_ms, error))
        self._house.meters.retried(self._channel, error)

    async def _hold_back(self, row: Outgoing, after_ms: int, why: str) -> None:
        """It was not tried, and waits."""
        now_ms = self._house.clock.now_ms()
        await self._surely(lambda c: lanes.hold_back(c, row, now_ms, after_ms=after_ms, error=why))
        self._house.meters.retried(self._channel, why)

    async def _surely(self, fn: Callable[[Connection], _Done]) -> _Done:
        return await self._patiently(lambda: self._house.database.write(fn))

    async def _patiently(self, write: Callable[[], Awaitable[_Done]]) -> _Done:
        """Write what became of a send, as soon as the database is there again.

        Whoever forgot it would send the message twice.
        """
        while True:
            try:
                return await write()
            except DatabaseAway:
                if self._is_stopping:
                    raise
                await asyncio.sleep(AWAY_SECONDS)
