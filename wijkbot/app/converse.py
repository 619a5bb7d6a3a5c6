"""How does a waiting message become a decision? Claim a conversation, read, decide, finish.

The state, the outgoing rows and the mark "done" are one transaction, so a crash between two
steps repeats the message and nothing that it caused.
"""

from __future__ import annotations

import asyncio

import structlog

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot.app.house import House
from wijkbot.app.payload import Remembered, event_from, remembered_from
from wijkbot.app.shelf import Shelf
from wijkbot.app.step import Step, seen
from wijkbot.engine.reading import Reading
from wijkbot.storage import conversations, outbox
from wijkbot.storage.chats import Chat
from wijkbot.storage.conversations import Claimed, Waiting
from wijkbot.storage.errors import LeaseLost
from wijkbot.understanding.matcher import Level

log = structlog.get_logger()

POLL_SECONDS = 0.5


class Converser:
    """Takes waiting conversations and brings each one a step further, in order."""

    def __init__(self, house: House, wake: asyncio.Event, wake_sender: asyncio.Event) -> None:
        self._house = house
        self._wake = wake
        self._wake_sender = wake_sender

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            if not await self.work():
                try:
                    await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue

    async def work(self) -> bool:
        """Process what waits now; True when there was something."""
        house = self._house
        now_ms = house.clock.now_ms()
        claimed = await house.database.write(
            lambda c: conversations.claim(c, house.sealer, now_ms)
        )
        for conversation in claimed:
            try:
                await self._bring_on(conversation)
            except LeaseLost:
                log.warning("lease-lost")
            except Exception:
                log.exception("conversation-failed", attempts=conversation.attempts)
                await self._give_back(conversation)
        if claimed:
            self._wake_sender.set()
        return bool(claimed)

    async def _give_back(self, claimed: Claimed) -> None:
        house = self._house
        now_ms = house.clock.now_ms()
        wait = outbox.backoff_ms(claimed.attempts)
        await house.database.write(
            lambda c: conversations.give_back(c, claimed, now_ms, after_ms=wait)
        )

    async def _bring_on(self, claimed: Claimed) -> None:
        house = self._house
        if claimed.is_poison:
            now_ms = house.clock.now_ms()
            log.error("message-dead", attempts=claimed.attempts)
            await house.database.write(lambda c: conversations.bury(c, claimed, "poison", now_ms))
            return
        if claimed.timer_rang and not claimed.messages:
            await self._step(claimed, None, is_last=True)
            return
        for index, waiting in enumerate(claimed.messages):
            is_last = index == len(claimed.messages) - 1
            claimed = await self._step(claimed, waiting, is_last=is_last)

    async def _step(self, claimed: Claimed, waiting: Waiting | None, *, is_last: bool) -> Claimed:
        house = self._house
        incoming = event_from(waiting.payload) if waiting and waiting.payload else None
        known = remembered_from(claimed.state)
        chat = await house.database.read(lambda c: seen(c, claimed.chat_id))
        shelf = await self._shelf(chat, known)
        reading = self._read(shelf, incoming, known, chat)
        step = Step(house, claimed, shelf, known, incoming, reading)
        done_seq = waiting.seq if waiting else claimed.done_seq
        result = await house.database.write(step.in_transaction(done_seq, is_last=is_last))
        if result.erased:
            await house.database.scrub()
        return result.claimed

    async def _shelf(self, chat: Chat, known: Remembered) -> Shelf:
        """The book on which an open dialog began, unless that dialog was withdrawn since."""
        library = self._house.library
        current = library.shelf(chat.neighbourhood)
        began = known.conversation.book_version
        is_open = known.conversation.dialog in current.book.dialogs
        if not is_open or began in {0, current.book.version}:
            return current
        if not library.has(began):
            await library.open_version(began)
        return library.shelf(chat.neighbourhood, began)

    def _read(
        self, shelf: Shelf, incoming: IncomingEvent | None, known: Remembered, chat: Chat
    ) -> Reading | None:
        if incoming is None or incoming.kind is not EventKind.MESSAGE:
            return None
        level: Level = "addressed" if incoming.addressed or incoming.is_private else "group"
        hint = known.language or incoming.language or chat.language
        return shelf.reader.read(incoming.text, hint, level)
