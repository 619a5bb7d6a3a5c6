"""How does an event get into the house? Numbered, sealed and committed before anything else.

What is not for the bot is dropped here, before anything is stored: text in a group that does
not address it, its own kind, and what came twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import (
    Adapter,
    Capabilities,
    EventKind,
    IncomingEvent,
    SenderKind,
    Sent,
    Unknown,
)
from wijkbot.app.arrive import Order
from wijkbot.app.house import House
from wijkbot.app.identities import settle_identities
from wijkbot.app.listen import Heard, Listener, note
from wijkbot.app.press import Presses
from wijkbot.app.rates import WHOLE_ACCOUNT
from wijkbot.app.too_late import in_time
from wijkbot.engine.commands import ADMIN_ONLY, find
from wijkbot.storage import caught_up, channel_state, leases
from wijkbot.storage.errors import LeaseLost
from wijkbot.understanding.personal_data import DataKind, kinds_of

log = structlog.get_logger()

TAKEN_DOWN = frozenset(
    {DataKind.IBAN, DataKind.BSN, DataKind.BELGIAN_NUMBER, DataKind.CARD, DataKind.DOOR_CODE}
)
"""What opens a door or an account; an address or a phone number may be somebody's to give."""
REMOVE_SECONDS = 10.0
ASK_SECONDS = 2.0
"""So long a platform may take to say who is an admin; webhooks must be answered in time."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Events that are stored as one, and the cursor that goes with them."""

    events: list[IncomingEvent]
    cursor: str | None
    heard: list[Heard]


@dataclass(frozen=True, slots=True)
class Fence:
    """The lease under which a home receives; ``lost`` is told when another process has it."""

    lease: str
    number: int
    lost: Callable[[], None]


class ChannelPort:
    """What one channel's adapter is given: the door into the house.

    Webhooks come in through the open door of any process. What an adapter fetches by itself
    comes in through the fenced door of the home: whoever lost the lease stores nothing.
    """

    def __init__(
        self, channel: str, house: House, wake: asyncio.Event, adapter: Adapter | None = None
    ) -> None:
        self.channel = channel
        self._adapter = adapter
        self._removing: set[asyncio.Task[None]] = set()
        self._house = house
        self._listener = Listener(house, channel, adapter) if adapter is not None else None
        self._presses = Presses(house, channel, adapter) if adapter is not None else None
        self._library = house.library
        self._database = house.database
        self._sealer = house.sealer
        self._clock = house.clock
        self._settings = house.settings
        self._meters = house.meters
        self._wake = wake
        able = Capabilities(has_aliases=True)
        if adapter is not None:
            able = adapter.capabilities(WHOLE_ACCOUNT)
        self._has_aliases, self._window_hours = able.has_aliases, able.reply_window_hours
        self.fence: Fence | None = None

    def fenced(self, fence: Fence) -> ChannelPort:
        """The same door for the home only."""
        door = copy(self)
        door.fence = fence
        return door

    async def accept(self, events: Sequence[IncomingEvent], cursor: str | None = None) -> None:
        """Store what is for the bot, and the cursor, in one transaction.

        Raises:
            DatabaseAway: nothing was stored; try again later.
            LeaseLost: another process is the channel's home now; nothing was stored.
        """
        heard = [one for event in events if (one := await self._overheard(event)) is not None]
        wanted = await self._with_rights(await self._pressed(self._in_time(events)))
        if not wanted and not heard and cursor is None:
            return
        batch = _Batch(wanted, cursor, heard)
        await self._at_home(self._store(batch))
        for event in wanted:
            self._take_down(event)
        log.info("accepted", channel=self.channel, count=len(wanted))
        self._meters.accepted(self.channel, len(wanted))
        if wanted:
            self._wake.set()

    def _in_time(self, events: Sequence[IncomingEvent]) -> Sequence[IncomingEvent]:
        if not self._window_hours or not self._library.version:
            return events
        book = self._library.shelf(self._settings.neighbourhood_of(self.channel)).book
        return in_time(events, book, self._clock.now(), self._window_hours)

    async def _pressed(self, events: Sequence[IncomingEvent]) -> list[IncomingEvent]:
        ours = [event for event in events if is_for_us(event)]
        return ours if self._presses is None else await self._presses.take(ours)

    async def _overheard(self, event: IncomingEvent) -> Heard | None:
        return None if self._listener is None else await self._listener.hear(event)

    def _take_down(self, event: IncomingEvent) -> None:
        """A code or an account number in a group is deleted at once, where the bot may do that."""
        is_said = event.kind is EventKind.MESSAGE and not event.is_private
        if self._adapter is None or not is_said or not kinds_of(event.text) & TAKEN_DOWN:
            return
        task = asyncio.create_task(self._remove(self._adapter, event))
        self._removing.add(task)
        task.add_done_callback(self._removing.discard)

    async def _remove(self, adapter: Adapter, event: IncomingEvent) -> None:
        try:
            async with asyncio.timeout(REMOVE_SECONDS):
                result = await adapter.remove(event)
        except TimeoutError:
            result = Unknown()
        status = "done" if isinstance(result, Sent) else "left"
        log.info("personal-data-removed", channel=self.channel, status=status)

    async def _with_rights(self, events: list[IncomingEvent]) -> list[IncomingEvent]:
        """Ask the platform, now, whether who tells the bot how to behave may do so.

        Only for a command that admins decide on, and once for all that one person sent at once:
        a flood of them holds up nobody else. Who cannot be asked about is no admin.
        """
        told = [event for event in events if self._is_for_admins(event)]
        who = {(event.chat, event.sender) for event in told}
        asked = await asyncio.gather(*(self._is_admin(*one) for one in who))
        admins = {one for one, is_admin in zip(who, asked, strict=True) if is_admin}
        theirs = {event.event_id for event in told if (event.chat, event.sender) in admins}
        return [
            replace(event, is_admin=True) if event.event_id in theirs else event
            for event in events
        ]

    def _is_for_admins(self, event: IncomingEvent) -> bool:
        is_told = event.kind is EventKind.MESSAGE and not event.is_private and event.text
        if not is_told or self._adapter is None or not self._library.version:
            return False
        area = self._settings.neighbourhood_of(self.channel)
        asked = find(self._library.shelf(area).book, event.text)
        return asked is not None and asked.command in ADMIN_ONLY

    async def _is_admin(self, chat: str, sender: str) -> bool:
        if self._adapter is None:
            return False
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._adapter.is_admin(chat, sender)
        except TimeoutError:
            log.warning("admin-not-known", channel=self.channel)
            return False

    async def cursor(self) -> str | None:
        """Where receiving goes on."""
        return await self._database.read(
            lambda conn: channel_state.cursor(conn, self._sealer, self.channel)
        )

    async def keep(self, name: str, value: bytes) -> None:
        """Keep a secret of the adapter, sealed."""
        now_ms = self._clock.now_ms()

        def store(conn: Connection) -> None:
            self._check_home(conn)
            channel_state.keep(conn, self._sealer, (self.channel, name), value, now_ms)

        await self._at_home(self._database.write(store))

    async def kept(self, name: str) -> bytes | None:
        """What was kept under that name."""
        return await self._database.read(
            lambda conn: channel_state.kept(conn, self._sealer, self.channel, name)
        )

    async def alter(self, name: str, change: Callable[[bytes | None], bytes]) -> None:
        """Keep what ``change`` makes of what was kept under that name."""
        now_ms = self._clock.now_ms()

        def store(conn: Connection) -> None:
            self._check_home(conn)
            channel_state.alter(conn, self._sealer, (self.channel, name), change, now_ms)

        await self._at_home(self._database.write(store))

    async def caught_up(self) -> None:
        """What is unasked may go out from now on: who said STOP meanwhile is known."""
        fence = self.fence
        if fence is None:
            return

        def store(conn: Connection) -> None:
            self._check_home(conn)
            caught_up.note(conn, self.channel, fence.number)

        await self._at_home(self._database.write(store))
        log.info("caught-up", channel=self.channel)

    async def _at_home(self, writing: Awaitable[None]) -> None:
        try:
            await writing
        except LeaseLost:
            if self.fence is not None:
                self.fence.lost()
            raise

    async def _store(self, batch: _Batch) -> None:
        # a webhook waits outside for this; what the home fetches comes from no one who waits
        is_awaited = self.fence is None
        await self._database.together(self._store_all, batch, is_awaited=is_awaited)

    def _check_home(self, conn: Connection) -> None:
        if self.fence is not None:
            leases.check(conn, self.fence.lease, self.fence.number)

    def _store_all(self, conn: Connection, batches: Sequence[_Batch]) -> list[None]:
        """Store batches that came in at the same time, and the cursor of the last of them."""
        now_ms = self._clock.now_ms()
        self._check_home(conn)
        events = [event for batch in batches for event in batch.events]
        if self._has_aliases:
            events = settle_identities(conn, self._house, self.channel, events, now_ms)
        for batch in batches:
            for heard in batch.heard:
                note(conn, self._house, heard)
        Order(conn, self._house, self.channel, now_ms).store(events)
        cursors = [batch.cursor for batch in batches if batch.cursor is not None]
        if cursors:
            channel_state.save_cursor(conn, self._sealer, self.channel, cursors[-1], now_ms)
        return [None] * len(batches)


def is_for_us(event: IncomingEvent) -> bool:
    """Is this event for the bot at all? The rest is dropped unread."""
    if event.sender_kind in {SenderKind.BOT, SenderKind.CHANNEL}:
        return False
    if event.kind is EventKind.MESSAGE:
        return event.is_private or event.addressed
    return True
