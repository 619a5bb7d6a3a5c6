"""How does a resident of a group app stand beside the team in a test? Real bot, real sandbox."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select

from tests.prepared import prepared
from tests.securechat.office import Office
from wijkbot.app import info_card
from wijkbot.app.info_card import Order
from wijkbot.app.run import running
from wijkbot.app.staff_card_limits import CardLimits
from wijkbot.securechat.encoding import b64
from wijkbot.storage.card_tables import card_code
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import opt_out, outbox
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP, RESIDENTS, private_chat

BOT = "wijkbot"
CARD = "F08"
"""Bulky waste: a card of the starter pack in every language."""
_CODE = re.compile(r"\b(\d{3}) (\d{3})\b")
_TRIES = 400


@dataclass
class Street:
    """The residents of one sandbox, and what the bot says to them."""

    office: Office
    adapter: SandboxAdapter
    seen: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """What an earlier test left behind is over."""
        house = self.office.bot.house
        await self._rest()
        for table in (card_code, opt_out):
            await house.database.write(lambda c, one=table: c.execute(delete(one)))  # type: ignore[misc]
        self.office.app.state.card_limits = CardLimits(house.clock)
        for chat in (GROUP, *(private_chat(one.id) for one in RESIDENTS)):
            self.seen[chat] = len(self._lines(chat))

    async def _rest(self) -> None:
        """Until everything that was to be sent is out."""
        waits = select(func.count()).where(outbox.c.status < int(Status.SENT))
        for _ in range(_TRIES):
            read = self.office.bot.house.database.read
            if not await read(lambda c: c.execute(waits).scalar_one()):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("something is still on its way")

    def _lines(self, where: str) -> list[str]:
        return [line.text for line in self.adapter.world.lines(where) if line.author == BOT]

    def said(self, resident: str, chat: str = "private") -> list[str]:
        """Everything the bot said there in this test, oldest first."""
        where = GROUP if chat == "group" else private_chat(resident)
        return self._lines(where)[self.seen.get(where, 0) :]

    async def next(self, resident: str, before: int, chat: str = "private") -> str:
        """What the bot says after so many lines."""
        for _ in range(_TRIES):
            said = self.said(resident, chat)
            if len(said) > before:
                return said[before]
            await asyncio.sleep(0.05)
        raise AssertionError(f"the bot said nothing to {resident}")

    async def ask(self, resident: str, text: str, chat: str = "private") -> str:
        """Somebody writes; gives the answer."""
        before = len(self.said(resident, chat))
        await self.adapter.say(resident, chat, text)
        return await self.next(resident, before, chat)

    async def code(self, resident: str = "fien", word: str = "kaart") -> str:
        """The six digits that the bot gives."""
        found = _CODE.search(await self.ask(resident, word))
        assert found, "the answer has a code"
        return found[1] + found[2]

    async def codes(self) -> int:
        """How many codes are kept."""
        return await self.office.bot.house.database.read(
            lambda c: int(c.execute(select(func.count()).select_from(card_code)).scalar_one())
        )

    async def send(self, code: str, item: str = CARD, **more: Any) -> str:
        """A worker's card, without the server before it."""
        order = Order(**{"account": 1, "id": fresh_id(), "code": code, "item": item, **more})
        return await info_card.send(self.office.bot.house, order)


def fresh_id() -> str:
    """As a page draws one for each press."""
    return b64(os.urandom(16))


@asynccontextmanager
async def a_street(office: Office) -> AsyncIterator[Street]:
    """The starter pack is published, and the bot runs."""
    await prepared(office.bot)
    adapter = office.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    async with running(office.bot):
        yield Street(office, adapter)
