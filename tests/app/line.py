"""How do tests get a platform with a reply window, receipts and two addresses for one person?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from tests.prepared import prepared
from wijkbot.adapter_api import (
    Capabilities,
    ChannelConfig,
    Clockwork,
    EventKind,
    IncomingEvent,
    Message,
    Port,
    Queued,
    Reason,
    Refused,
    SendResult,
)
from wijkbot.app.assemble import Bot, assemble, ensure_key, ensure_schema, open_house
from wijkbot.app.run import running
from wijkbot.clock import Clock
from wijkbot.content.translations import page_texts
from wijkbot.settings import settings_from
from wijkbot.storage import receipts
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import inbox, outbox
from wijkbot_sandbox.adapter import SandboxAdapter

T = TypeVar("T")
LINE = "lijn"
SATURDAY = datetime(2026, 11, 21, 10, tzinfo=UTC)
ANNA, BEN, CAS = "line:+31", "line:+32", "line:+33"
HOURS = "wanneer is het spreekuur?"
WINDOW = timedelta(hours=24)


class Line(SandboxAdapter):
    """Takes texts for 24 hours after somebody wrote, and later templates only."""

    def __init__(self, config: ChannelConfig, clock: Clock, tier: int) -> None:
        super().__init__(config, clock.now, Clockwork(clock.now, clock.shift, clock.reset))
        self.tier = tier
        self.sent: list[tuple[str, Message]] = []
        self.refused: Refused | None = None

    def capabilities(self, chat: str) -> Capabilities:
        known = super().capabilities(chat)
        return replace(
            known,
            has_receipts=True,
            is_idempotent=False,
            reply_window_hours=24,
            gap_ms=0,
            unasked_per_day=self.tier,
            has_aliases=True,
        )

    async def start(self, port: Port) -> None:
        """Private chats only: it joins no group."""
        self._port = port

    async def send(self, chat: str, message: Message) -> SendResult:
        if self.refused is not None:
            return self.refused
        heard = message.heard_at
        is_open = heard is not None and self._now() < heard + WINDOW and not message.is_shut
        if not is_open and message.template is None:
            return Refused(Reason.NEEDS_TEMPLATE, permanent=True)
        self.sent.append((chat, message))
        return Queued(f"SM{len(self.sent)}", by_template=not is_open)


@dataclass
class Street:
    """A bot on that line, without web pages."""

    bot: Bot
    line: Line
    _count: int = field(default=0)

    async def says(self, who: str, text: str, **more: Any) -> None:
        """Somebody writes."""
        await self.comes(EventKind.MESSAGE, who, text=text, **more)

    async def comes(self, kind: EventKind, who: str, **more: Any) -> None:
        """An event of a private chat."""
        self._count += 1
        made = IncomingEvent(
            kind=kind,
            event_id=f"e{self._count}",
            chat=who,
            is_private=True,
            sender=who,
            received_at=self.bot.house.clock.now(),
            addressed=True,
            **more,
        )
        await self.bot.ports[LINE].accept([made])

    async def is_told(self, number: int, status: str, refused: Refused | None = None) -> None:
        """The platform reports on the message of that number."""
        more = {"delivery_id": f"SM{number}", "delivery_status": status, "refused": refused}
        await self.comes(EventKind.DELIVERY, ANNA, **more)

    async def got(self, count: int, seconds: float = 30.0) -> list[Message]:
        """Until so many messages went out; gives them in order."""
        async with asyncio.timeout(seconds):
            while len(self.line.sent) < count:
                await asyncio.sleep(0.05)
        await self.rests()
        return [message for _, message in self.line.sent]

    async def rests(self, seconds: float = 30.0) -> None:
        """Until every receipt is booked and nothing is being sent."""
        async with asyncio.timeout(seconds):
            while await self.read(_is_busy):
                await asyncio.sleep(0.05)

    async def read(self, ask: Callable[[Connection], T]) -> T:
        """Ask the database."""
        return await self.bot.house.database.read(ask)

    async def statuses(self) -> list[tuple[Status, str]]:
        """Status and error of each message, in the order of their making."""
        query = select(outbox.c.status, outbox.c.error).order_by(outbox.c.created_at, outbox.c.key)
        return [(Status(a), b) for a, b in await self.read(lambda c: list(c.execute(query)))]


def _is_busy(conn: Connection) -> bool:
    waits = select(outbox.c.seq).where(
        outbox.c.status.in_([int(Status.WAITING), int(Status.SENDING)]), outbox.c.error == ""
    )
    unread = select(inbox.c.seq).where(inbox.c.payload_sealed.is_not(None))
    is_waiting = any(conn.execute(query.limit(1)).first() for query in (waits, unread))
    return is_waiting or bool(receipts.matched(conn))


@asynccontextmanager
async def street(folder: Path, *, tier: int = 0) -> AsyncIterator[Street]:
    """Run the bot on that line."""
    settings = settings_from(
        {
            "organisation": {"name": "Buurthuis De Brug", "country": "BE"},
            "policy": {"pointer": ""},
            "channels": {LINE: {"adapter": "sandbox"}},
        }
    )
    clock = Clock()
    clock.shift((SATURDAY - clock.now()).total_seconds())
    ensure_key(folder, clock)
    ensure_schema(settings, folder)
    house = await open_house(settings, folder, clock)
    options = {"gettext": page_texts}
    line = Line(ChannelConfig(LINE, "De Brug", "", str(folder), options), clock, tier)
    bot = assemble(house, {LINE: line}, folder)
    await prepared(bot)
    async with running(bot):
        yield Street(bot, line)
