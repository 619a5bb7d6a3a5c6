"""How does a row become a message? Claim a lane, ask the rule again, render, send, settle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import (
    Adapter,
    Message,
    Queued,
    Reason,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Urgency,
)
from wijkbot.app import decision_log
from wijkbot.app.crew import Crew
from wijkbot.app.house import House, local_time
from wijkbot.app.language import variant
from wijkbot.app.loops import outlive
from wijkbot.app.payload import say_from
from wijkbot.app.rates import pace_of
from wijkbot.app.render import Links, Rendered, Setting, render
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import Request, permit
from wijkbot.engine.table import POINTER
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import Place, Purpose
from wijkbot.schedule.openings import holiday_name
from wijkbot.storage import chats, counts, lanes, limiter, outbox, rekey, waits
from wijkbot.storage.dialect import moment
from wijkbot.storage.errors import DatabaseAway, LeaseLost, StorageProblem
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.outbox import Lane, Status

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


class Deliverer:
    """Sends what waits for one channel."""

    def __init__(self, house: House, channel: str, adapter: Adapter, wake: asyncio.Event) -> None:
        self._house = house
        self._channel = channel
        self._adapter = adapter
        self._wake = wake
        self._is_stopping = False

    def stop(self) -> None:
        """Finish what is being sent, and take nothing new."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped; what is under way goes on through trouble of the database."""
        crew = Crew(AT_ONCE)
        try:
            # a send that trouble cuts off would be forgotten, and sent again
            await outlive(lambda: self._take_rows(crew))
            await crew.finish()
        finally:
            await crew.dismiss()

    async def _take_rows(self, crew: Crew) -> None:
        while not self._is_stopping:
            self._wake.clear()
            rows = await self._claim(crew.room) if crew.room else []
            for row in rows:
                crew.begin(self._send(row))
            if not rows:
                await crew.pause(self._wake, await self._wait() if crew.room else POLL_SECONDS)

    async def _claim(self, limit: int) -> list[Outgoing]:
        house = self._house
        now_ms = house.clock.now_ms()
        pace = pace_of(self._adapter)
        return await house.database.write(
            lambda c: lanes.claim(c, house.sealer, self._channel, now_ms, limit=limit, pace=pace)
        )

    async def _wait(self) -> float:
        """How many seconds until something may go out, as far as that is known."""
        now_ms, most = self._house.clock.now_ms(), int(POLL_SECONDS * 1000)
        wait = await self._house.database.read(
            lambda c: waits.wait_ms(c, self._channel, now_ms, most)
        )
        return wait / 1000

    async def _send(self, row: Outgoing) -> None:
        try:
            await self._deliver(row)
        except LeaseLost:
            log.warning("lease-lost", channel=self._channel)
        except StorageProblem:
            raise
        except Exception:
            # a bug must not lose the row: it is tried again, and the trace is in the log
            log.exception("delivery-failed", channel=self._channel, purpose=str(row.purpose))
            await self._again(row, "error", BUGS_AT_MOST)

    async def _deliver(self, row: Outgoing) -> None:
        if row.values is None or row.address is None:
            await self._settle(row, Status.REFUSED, error="erased")
            return
        say = say_from(row.values, row.purpose, row.item_id, row.item_version)
        now_ms = self._house.clock.now_ms()
        if row.expires_at is not None and now_ms > row.expires_at:
            await self._settle(row, Status.EXPIRED, error="expired")
            return
        if row.was_in_flight and not self._may_repeat(row, say):
            await self._settle(row, Status.UNKNOWN, error="stopped while sending")
            return
        verdict = await self._permitted(row, say, now_ms)
        if verdict in LATER:
            await self._retry(row, WAIT_MS, verdict)
            return
        if verdict:
            await self._log_refusal(row, verdict, now_ms)
            await self._settle(row, Status.REFUSED, error=verdict)
            return
        rendered = await self._render(row, say, now_ms)
        message = Message(
            key=row.key,
            text=rendered.text,
            choices=rendered.choices,
            urgency=_URGENCY[row.lane],
            language=rendered.language,
            expires_at=_moment(row.expires_at),
        )
        began = time.monotonic()
        result = await self._adapter.send(row.address, message)
        self._house.meters.sent(self._channel, time.monotonic() - began)
        await self._take(row, say, result)

    def _may_repeat(self, row: Outgoing, say: Say) -> bool:
        """A crisis card and a reply come again rather than not; an announcement never twice."""
        if self._adapter.capabilities(row.address or "").is_idempotent:
            return True
        return say.purpose is not Purpose.ANNOUNCEMENT

    async def _permitted(self, row: Outgoing, say: Say, now_ms: int) -> str:
        """The line of the rule that forbids this row by now, or "".

        Counters and pauses were taken when the row was made, so they are not counted twice.
        """
        house = self._house
        chat = await house.database.read(lambda c: chats.get(c, row.chat_id))
        if chat is None:
            return "chat-is-gone"
        area = chat.neighbourhood
        country = house.settings.country_of(area)
        local_now = local_time(house.settings, area, now_ms)
        place = chats.place_of(chat, country, now_ms, "", "")
        place = replace(
            place,
            last_crisis_at=None,
            last_referral_at=None,
            answers_this_hour=0,
            unasked_today=0,
            unasked_this_week=0,
        )
        request = Request(
            purpose=say.purpose,
            is_answer=row.conversation_id is not None,
            local_now=local_now,
            is_holiday=bool(holiday_name(country, "", local_now.date())),
            has_own_words=any(isinstance(value, OwnWords) for _, value in say.values),
        )
        permitted = permit(request, place, house.settings.policy.limits)
        return "" if permitted.is_permitted else permitted.rule

    async def _log_refusal(self, row: Outgoing, rule: str, now_ms: int) -> None:
        day = local_time(self._house.settings, row.neighbourhood, now_ms).date().isoformat()
        place = Place.PRIVATE if row.is_private else Place.GROUP
        told = decision_log.entry(day, place, row.purpose, rule)
        await self._surely(lambda c: counts.add(c, told))

    async def _render(self, row: Outgoing, say: Say, now_ms: int) -> Rendered:
        house = self._house
        item = await house.library.item(row.item_id, row.item_version)
        shelf = house.library.shelf(row.neighbourhood)
        setting = Setting(
            items=shelf.items,
            country=house.settings.country_of(row.neighbourhood),
            now=local_time(house.settings, row.neighbourhood, now_ms),
            links=links_of(house, self._adapter),
            main_hours=shelf.book.main_hours,
            organisation_name=house.settings.organisation.name,
            shelter=house.settings.go_live.shelter,
        )
        return render(say, item, variant(row.language, setting.country), setting)

    async def _take(self, row: Outgoing, say: Say, result: SendResult) -> None:
        match result:
            case Sent(message_id):
                await self._settle(row, Status.SENT, message_id=message_id)
                await self._pin(row, message_id)
            case Queued(message_id):
                await self._settle(row, Status.QUEUED, message_id=message_id)
            case Unknown():
                if self._may_repeat(row, say) and row.attempts < UNKNOWNS_AT_MOST:
                    await self._retry(row, outbox.backoff_ms(row.attempts), "unknown")
                else:
                    await self._settle(row, Status.UNKNOWN, error="no answer of the platform")
            case Refused():
                await self._refused(row, result)
            case _:
                assert_never(result)

    async def _pin(self, row: Outgoing, message_id: str) -> None:
        """The pointer is the pinned message of its group, where the bot may pin."""
        address = row.address
        if row.item_id != POINTER or row.is_private or address is None or not message_id:
            return
        if not self._adapter.capabilities(address).can_pin:
            return
        pinned = await self._adapter.pin(address, message_id)
        if isinstance(pinned, Refused | Unknown):
            log.info("not-pinned", channel=self._channel)

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
            now_ms = self._house.clock.now_ms()
            await self._surely(lambda c: outbox.suspend(c, row.chat_id, refused.reason, now_ms))
        elif refused.reason is Reason.EXPIRED:
            await self._settle(row, Status.EXPIRED, error=refused.reason)
        else:
            await self._settle(row, Status.DEAD, error=refused.reason)

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
        self, row: Outgoing, status: Status, *, message_id: str = "", error: str = ""
    ) -> None:
        ended = Settlement(row, status, message_id or None, error)
        await self._patiently(lambda: self._house.database.together(self._settle_all, ended))
        log.info("settled", channel=self._channel, purpose=str(row.purpose), status=status.name)
        self._house.meters.settled(self._channel, row.purpose, status.name)

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


def links_of(house: House, adapter: Adapter) -> Links:
    """The links that texts of this channel carry."""
    settings, chat = house.settings, house.settings.secure_chat
    secure = settings.secure_link()
    # a chat of our own needs no talk with the bot before it
    contact = secure if chat is not None and chat.is_builtin else ""
    return Links(private=adapter.private_link, secure=secure, contact=contact)


def _moment(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)
