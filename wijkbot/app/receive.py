"""How does an event get into the house? Numbered, sealed and committed before anything else.

What is not for the bot is dropped here, before anything is stored: text in a group that does
not address it, its own kind, and what came twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import EventKind, IncomingEvent, SenderKind
from wijkbot.app.payload import event_bytes, to_ms
from wijkbot.clock import Clock
from wijkbot.settings import Settings
from wijkbot.storage import channel_state, inbox, outbox, rekey
from wijkbot.storage.database import Database
from wijkbot.storage.inbox import Arrival
from wijkbot.storage.outbox import Status
from wijkbot.storage.seal import Sealer

log = structlog.get_logger()

_RECEIPTS = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "failed": Status.REFUSED,
    "undelivered": Status.REFUSED,
}


class ChannelPort:
    """What one channel's adapter is given: the door into the house."""

    def __init__(
        self,
        channel: str,
        database: Database,
        sealer: Sealer,
        clock: Clock,
        settings: Settings,
        wake: asyncio.Event,
    ) -> None:
        self._channel = channel
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._settings = settings
        self._wake = wake

    async def accept(self, events: Sequence[IncomingEvent], cursor: str | None = None) -> None:
        """Store what is for the bot, and the cursor, in one transaction."""
        wanted = [event for event in events if is_for_us(event)]
        if not wanted and cursor is None:
            return
        await self._database.write(self._storing(wanted, cursor))
        log.info("accepted", channel=self._channel, count=len(wanted))
        if wanted:
            self._wake.set()

    async def cursor(self) -> str | None:
        """Where receiving goes on."""
        return await self._database.read(
            lambda conn: channel_state.cursor(conn, self._sealer, self._channel)
        )

    async def keep(self, name: str, value: bytes) -> None:
        """Keep a secret of the adapter, sealed."""
        now_ms = self._clock.now_ms()
        await self._database.write(
            lambda conn: channel_state.keep(
                conn, self._sealer, (self._channel, name), value, now_ms
            )
        )

    async def kept(self, name: str) -> bytes | None:
        """What was kept under that name."""
        return await self._database.read(
            lambda conn: channel_state.kept(conn, self._sealer, self._channel, name)
        )

    def _storing(
        self, events: list[IncomingEvent], cursor: str | None
    ) -> Callable[[Connection], None]:
        now_ms = self._clock.now_ms()

        def store(conn: Connection) -> None:
            for event in events:
                self._about_the_house(conn, event, now_ms)
            arrivals = [self._arrival(event) for event in events if is_conversation(event)]
            inbox.accept(conn, self._sealer, arrivals, now_ms)
            if cursor is not None:
                channel_state.save_cursor(conn, self._sealer, self._channel, cursor, now_ms)

        return store

    def _about_the_house(self, conn: Connection, event: IncomingEvent, now_ms: int) -> None:
        match event.kind:
            case EventKind.REKEYED:
                rekey.rekey(conn, self._sealer, self._channel, event.chat, event.new_chat, now_ms)
            case EventKind.DELIVERY:
                status = _RECEIPTS.get(event.delivery_status)
                if status is not None:
                    outbox.receipt(
                        conn, self._channel, event.delivery_id, status, event.delivery_code
                    )
            case _:
                return

    def _arrival(self, event: IncomingEvent) -> Arrival:
        area = self._settings.neighbourhood_of(self._channel)
        opens_itself = self._settings.policy.group_activation == "invite"
        member = "" if event.kind in _OF_THE_CHAT else event.sender
        if event.kind is EventKind.BOT_JOINED and event.is_private:
            # who opened the direct chat is the resident it is with
            member = event.invited_by or event.sender
        if event.sender_kind is SenderKind.ANONYMOUS_ADMIN:
            # all anonymous admins share one id, so none of them has a dialog of their own
            member = ""
        return Arrival(
            channel=self._channel,
            external_id=event.event_id,
            chat=event.chat,
            is_private=event.is_private,
            member=member,
            payload=event_bytes(event),
            received_at=to_ms(event.received_at),
            neighbourhood=area,
            language=self._language(area),
            mode=self._settings.policy.mode,
            is_active=event.is_private or opens_itself,
        )

    def _language(self, area: str) -> str:
        neighbourhood = self._settings.areas()[area]
        return (neighbourhood.languages or self._settings.organisation.languages)[0]


_OF_THE_CHAT = frozenset({EventKind.BOT_LEFT})
_HOUSE = frozenset({EventKind.REKEYED, EventKind.DELIVERY})


def is_conversation(event: IncomingEvent) -> bool:
    """Does this event belong to a conversation (and not to the house itself)?"""
    return event.kind not in _HOUSE


def is_for_us(event: IncomingEvent) -> bool:
    """Is this event for the bot at all? The rest is dropped unread."""
    if event.sender_kind in {SenderKind.BOT, SenderKind.CHANNEL}:
        return False
    if event.kind is EventKind.MESSAGE:
        return event.is_private or event.addressed
    return True
