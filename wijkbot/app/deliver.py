"""How does a row become a message? Claim a lane, ask the rule again, render, send, settle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import assert_never

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
from wijkbot.app.crew import Crew
from wijkbot.app.dress import dress
from wijkbot.app.house import House, local_time
from wijkbot.app.language import variant
from wijkbot.app.loops import outlive
from wijkbot.app.outside_window import TIER, Later, OutsideWindow
from wijkbot.app.payload import from_ms_or_none, say_from, spot_from
from wijkbot.app.rates import pace_of
from wijkbot.app.render import Rendered, render
from wijkbot.app.setting import links_of, setting_of
from wijkbot.app.still_permitted import Known, rule_against
from wijkbot.app.tried_before import LOOK_AFTER_MS, may_repeat, unsure_since
from wijkbot.content.model import Item
from wijkbot.engine.effects import Say
from wijkbot.engine.words import Place
from wijkbot.storage import (
    changes,
    chats,
    consents,
    counts,
    lanes,
    limiter,
    outbox,
    rekey,
    waits,
)
from wijkbot.storage.chats import Chat
from wijkbot.storage.dialect import moment
from wijkbot.storage.errors import DatabaseAway, LeaseLost, StorageProblem
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.outbox import Draft, Lane, Status

log = structlog.get_logger()

POLL_SECONDS = 0.5
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


@dataclass(frozen=True, slots=True)
class _Taken:
    """Rows to send now, their chats as they are now, and how long nothing more may go out.

    ``agreed``: the private chats among them that want announcements at this moment; ``heard``:
    when who is in a private chat wrote last (ms), where that matters.
    """

    rows: Sequence[Outgoing]
    chats: Mapping[int, Chat]
    wait_ms: int = int(POLL_SECONDS * 1000)
    agreed: Collection[int] = ()
    heard: Mapping[int, int] = field(default_factory=dict)

    def known_of(self, row: Outgoing) -> Known:
        """What is known of the chat of a row."""
        chat_id = row.chat_id
        return Known(self.chats.get(chat_id), chat_id in self.agreed, self.heard.get(chat_id))


_NOTHING = _Taken((), {})


class Deliverer:
    """Sends what waits for one channel."""

    def __init__(self, house: House, channel: str, adapter: Adapter, wake: asyncio.Event) -> None:
        self._house = house
        self._channel = channel
        self._adapter = adapter
        self._windows = OutsideWindow(house, channel, adapter)
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
            taken = await self._claim(room) if room else _NOTHING
            for row in taken.rows:
                crew.begin(self._send(row, taken.known_of(row)))
            if len(taken.rows) < room or not room:  # else more of them may wait
                await crew.pause(self._wake, taken.wait_ms / 1000)

    async def _claim(self, limit: int) -> _Taken:
        house = self._house
        now_ms, most = house.clock.now_ms(), int(POLL_SECONDS * 1000)
        pace = pace_of(self._adapter)

        def take(conn: Connection) -> _Taken:
            rows = lanes.claim(conn, house.sealer, self._channel, now_ms, limit=limit, pace=pace)
            found = chats.get_each(conn, [row.chat_id for row in rows])
            wait = waits.wait_ms(conn, self._channel, now_ms, most) if len(rows) < limit else 0
            news = [r.chat_id for r in rows if r.is_private and r.broadcast_id is not None]
            agreed = consents.subscribed(conn, news)
            return _Taken(rows, found, wait, agreed, self._windows.heard(conn, found))

        return await house.database.write(take)

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
        if row.was_in_flight and change is None and await self._is_left_for_now(row, say):
            return
        is_change = change is not None
        verdict = rule_against(self._house, row, say, known, now_ms, is_change=is_change)
        if verdict in LATER:
            await self._retry(row, WAIT_MS, verdict)
            return
        if verdict:
            await self._log_refusal(row, verdict, now_ms)
            await self._settle(row, Status.REFUSED, error=verdict)
            return
        if change is not None:
            await self._alter(row, change, partial(self._compose, row, say, now_ms))
            return
        composed = await self._compose(row, say, now_ms)
        message = await self._windows.prepare(row, known.chat, known.heard_ms, composed)
        if isinstance(message, Later):
            later = message
            await self._surely(lambda c: self._windows.hold_back(c, row, later))
            self._house.meters.retried(self._channel, TIER)
            return
        began = time.monotonic()
        result = await self._adapter.send(row.address, message)
        self._house.meters.sent(self._channel, time.monotonic() - began)
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
            await self._retry(row, wait_ms, refused.reason)
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
            await self._patiently(lambda: self._house.database.together(self._settle_all, ended))
        else:
            await self._surely(lambda c: self._settle_and_append(c, ended, after))
            self._wake.set()
        purpose, status = ended.out.purpose, ended.status.name
        log.info("settled", channel=self._channel, purpose=str(purpose), status=status)
        self._house.meters.settled(self._channel, purpose, status)

    def _settle_and_append(self, conn: Connection, ended: Settlement, after: Draft) -> None:
        now_ms = self._house.clock.now_ms()
        lanes.settle_many(conn, [ended], now_ms)
        outbox.append(conn, self._house.sealer, after, now_ms)

    def _settle_all(self, conn: Connection, ended: Sequence[Settlement]) -> list[None]:
        return lanes.settle_many(conn, ended, self._house.clock.now_ms())

    async def _again(self, row: Outgoing, error: str, at_most: int) -> None:
        """Try later; a message that fails every time must not hold up its chat for ever."""
        if row.attempts < at_most:
            await self._retry(row, outbox.backoff_ms(row.attempts), error)
        else:
            await self._settle(row, Status.DEAD, error=error)

    async def _retry(self, row: Outgoing, after_ms: int, error: str) -> None:
        now_ms = self._house.clock.now_ms()
        await self._surely(lambda c: lanes.retry(c, row, now_ms, after_ms=after_ms, error=error))
        self._house.meters.retried(self._channel, error)

    async def _surely(self, fn: Callable[[Connection], object]) -> None:
        await self._patiently(lambda: self._house.database.write(fn))

    async def _patiently(self, write: Callable[[], Awaitable[object]]) -> None:
        """Write what became of a send, as soon as the database is there again.

        Whoever forgot it would send the message twice.
        """
        while True:
            try:
                await write()
            except DatabaseAway:
                if self._is_stopping:
                    raise
                await asyncio.sleep(AWAY_SECONDS)
            else:
                return
