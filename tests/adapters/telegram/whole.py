"""How do tests see all of it? The adapter, the house behind it and the local Bot API, as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.living import LivingBot, living_bot
from wijkbot.storage import migrate
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import conversation, inbox, outbox

ANN, BEN, CAS = 42, 43, 44
HOURS = "@wijkbot wanneer is het spreekuur?"
ANSWER = "maandag 23 november"
HELP = "@wijkbot ik kan mijn huur niet betalen"
PRESS_SECONDS = 2.0


def channel_of(api: LocalBotApi, **options: Any) -> dict[str, dict[str, Any]]:
    """The settings of a channel on the local Bot API."""
    address = {"token": api.token, "base_url": api.base_url, "base_file_url": api.base_file_url}
    return {"buurt": {"adapter": "telegram", **address, **options}}


@dataclass(frozen=True, slots=True)
class Whole:
    """The local Bot API and the bot that runs on it."""

    api: LocalBotApi
    living: LivingBot

    async def joined(self, title: str = "Zonnewijk", **kind: Any) -> int:
        """A new group with the bot in it, which has said hello."""
        group = self.api.add_group(title, has_bot=False, **kind)
        self.api.bot_is("member", group, by=ANN)
        await self.api.wait_sent(group, 1)
        return group

    def texts(self, chat: int) -> list[str]:
        """What the bot shows in a chat, in order."""
        return [str(message.get("text", "")) for message in self.api.sent(chat)]

    async def rests(self, seconds: float = 20.0) -> None:
        """Until nothing waits to be decided or sent."""
        async with asyncio.timeout(seconds):
            while self.api.queue.pending or await self.waiting():
                await asyncio.sleep(0.05)

    async def waiting(self) -> int:
        """How much waits within the house."""
        return await self.living.bot.house.database.read(_waiting)

    async def statuses(self) -> list[Status]:
        """What became of each message, in order of its making."""
        query = select(outbox.c.status).order_by(outbox.c.created_at, outbox.c.key)
        found = await self.living.bot.house.database.read(
            lambda c: list(c.execute(query).scalars())
        )
        return [Status(one) for one in found]

    async def stored(self) -> int:
        """How many events were stored."""
        query = select(func.count()).select_from(inbox)
        return await self.living.bot.house.database.read(
            lambda c: int(c.execute(query).scalar_one())
        )


@asynccontextmanager
async def whole(
    folder: Path,
    api: LocalBotApi,
    *,
    url: str = "",
    policy: dict[str, Any] | None = None,
    living: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Whole]:
    """Run the bot; ``options`` are keys of its channel, ``url`` another database than SQLite."""
    extra: dict[str, Any] = {
        "policy": {"group_activation": "invite", "pointer": "", **(policy or {})}
    }
    if url:
        extra["database"] = {"url": url}
    async with living_bot(folder, channel_of(api, **options), extra=extra, **living or {}) as bot:
        yield Whole(api, bot)


def new_sqlite(folder: Path) -> str:
    """The url of a migrated, empty database beside the configuration."""
    url = f"sqlite:///{folder / 'wijkbot.db'}"
    migrate.upgrade(url)
    return url


def _waiting(conn: Connection) -> int:
    events = select(func.count()).where(conversation.c.in_seq > conversation.c.done_seq)
    rows = select(func.count()).where(outbox.c.status < int(Status.SENT))
    return int(conn.execute(events).scalar_one()) + int(conn.execute(rows).scalar_one())
