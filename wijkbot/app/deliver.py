"""How does a row become a message? Claim a lane, ask the rule again, render, send, settle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never

import structlog

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
from wijkbot.app.house import House, local_time, policy_of
from wijkbot.app.language import variant
from wijkbot.app.payload import say_from
from wijkbot.app.render import Links, Rendered, Setting, render
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import Request, permit
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import Purpose
from wijkbot.schedule.openings import holiday_name
from wijkbot.storage import chats, lanes, limiter, outbox, rekey
from wijkbot.storage.lanes import Outgoing, Pace
from wijkbot.storage.outbox import Lane, Status

log = structlog.get_logger()

POLL_SECONDS = 0.5
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
        """Work until stopped."""
        while not self._is_stopping:
            self._wake.clear()
            if not await self.work():
                try:
                    await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue

    async def work(self) -> bool:
        """Send what may be sent now; True when there was something."""
        house = self._house
        now_ms = house.clock.now_ms()
        gap = self._adapter.capabilities("").gap_ms
        pace = Pace(private_gap_ms=gap, group_gap_ms=gap)
        rows = await house.database.write(
            lambda c: lanes.claim(c, house.sealer, self._channel, now_ms, pace=pace)
        )
        await asyncio.gather(*(self._send(row) for row in rows))
        return bool(rows)

    async def _send(self, row: Outgoing) -> None:
        try:
            await self._deliver(row)
        except Exception:
            # a bug must not lose the row: it is tried again, and the trace is in the log
            log.exception("delivery-failed", channel=self._channel, purpose=str(row.purpose))
            await self._retry(row, outbox.backoff_ms(row.attempts), "error")

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
        await self._take(row, say, await self._adapter.send(row.address, message))

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
        permitted = permit(request, place, policy_of(house.settings))
        return "" if permitted.is_permitted else permitted.rule

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
            case Queued(message_id):
                await self._settle(row, Status.QUEUED, message_id=message_id)
            case Unknown():
                if self._may_repeat(row, say):
                    await self._retry(row, outbox.backoff_ms(row.attempts), "unknown")
                else:
                    await self._settle(row, Status.UNKNOWN, error="no answer of the platform")
            case Refused():
                await self._refused(row, result)
            case _:
                assert_never(result)

    async def _refused(self, row: Outgoing, refused: Refused) -> None:
        house, now_ms = self._house, self._house.clock.now_ms()
        address = row.address or ""
        wait_ms = int(refused.retry_after * 1000) or outbox.backoff_ms(row.attempts)
        if refused.reason is Reason.REKEYED and refused.new_chat:
            await house.database.write(
                lambda c: rekey.rekey(
                    c, house.sealer, self._channel, address, refused.new_chat, now_ms
                )
            )
            await self._retry(row, 0, "rekeyed")
        elif not refused.permanent:
            if refused.whole_account:
                await house.database.write(
                    lambda c: limiter.hold(c, self._channel, now_ms + wait_ms)
                )
            await self._retry(row, wait_ms, refused.reason)
        else:
            await self._settle(row, Status.REFUSED, error=refused.reason)
            if refused.reason in {Reason.BLOCKED, Reason.GONE}:
                await house.database.write(
                    lambda c: outbox.suspend(c, row.chat_id, refused.reason, now_ms)
                )

    async def _settle(
        self, row: Outgoing, status: Status, *, message_id: str = "", error: str = ""
    ) -> None:
        now_ms = self._house.clock.now_ms()
        await self._house.database.write(
            lambda c: lanes.settle(
                c, row, status, now_ms, message_id=message_id or None, error=error
            )
        )
        log.info("settled", channel=self._channel, purpose=str(row.purpose), status=status.name)

    async def _retry(self, row: Outgoing, after_ms: int, error: str) -> None:
        now_ms = self._house.clock.now_ms()
        await self._house.database.write(
            lambda c: lanes.retry(c, row, now_ms, after_ms=after_ms, error=error)
        )


def links_of(house: House, adapter: Adapter) -> Links:
    """The links that texts of this channel carry."""
    secure = house.settings.secure_chat
    return Links(private=adapter.private_link, secure=secure.url if secure else "")


def _moment(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)
