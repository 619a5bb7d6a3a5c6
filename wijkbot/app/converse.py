"""How does a waiting message become a decision? Claim a conversation, read, decide, finish.

The state, the outgoing rows and the mark "done" are one transaction, so a crash between two
steps repeats the message and nothing that it caused.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot.app.crew import Crew
from wijkbot.app.house import House
from wijkbot.app.loops import outlive, tell
from wijkbot.app.payload import Remembered, event_from, remembered_from
from wijkbot.app.shelf import Shelf
from wijkbot.app.step import Step, seen, take_all
from wijkbot.engine.reading import Reading
from wijkbot.storage import chats, conversations, outbox
from wijkbot.storage.chats import Chat
from wijkbot.storage.conversations import Claimed, Progress, Waiting
from wijkbot.storage.errors import DatabaseAway, LeaseLost, StorageProblem
from wijkbot.understanding.matcher import Level

log = structlog.get_logger()

POLL_SECONDS = 0.5
AWAY_MS = 5_000
AGAIN_SECONDS = 1.0
SCRUB_SECONDS = 5.0
AT_ONCE = 32
"""So many conversations are handled side by side; a slow one holds up none of the others."""


class Converser:
    """Takes waiting conversations and brings each one a step further, in order."""

    def __init__(self, house: House, wake: asyncio.Event, wake_sender: asyncio.Event) -> None:
        self._house = house
        self._wake = wake
        self._wake_sender = wake_sender
        self._scrubbing: asyncio.Task[None] | None = None
        self._looks = 0

    async def run(self) -> None:
        """Work until cancelled; what is under way goes on through trouble of the database."""
        crew = Crew(AT_ONCE, self._house.doorway)
        try:
            await outlive(lambda: self._take_conversations(crew))
        finally:
            if self._scrubbing is not None:
                self._scrubbing.cancel()
            await crew.dismiss()

    async def _take_conversations(self, crew: Crew) -> None:
        while True:
            self._wake.clear()
            room = crew.room
            taken = await self._claim(room) if room else []
            self._looks += 1
            for conversation, chat in taken:
                crew.begin(self._handle(conversation, chat))
            if len(taken) < room or not room:  # else more of them may wait
                await crew.pause(self._wake, POLL_SECONDS)

    async def _claim(self, limit: int) -> list[tuple[Claimed, Chat | None]]:
        """Conversations, each with its chat as it is now."""
        house = self._house
        now_ms = house.clock.now_ms()

        def take(conn: Connection) -> list[tuple[Claimed, Chat | None]]:
            taken = conversations.claim(conn, house.sealer, now_ms, limit=limit)
            known = chats.get_each(conn, [one.chat_id for one in taken])
            return [(one, known.get(one.chat_id)) for one in taken]

        return await house.database.write(take)

    async def _handle(self, claimed: Claimed, chat: Chat | None) -> None:
        looks = self._looks
        try:
            await self._bring_on(claimed, chat)
        except LeaseLost:
            log.warning("lease-lost")
        except StorageProblem as trouble:
            # such as a full disk, here or under the journal: the message is not to blame
            tell(trouble)
            await self._give_back(claimed, AWAY_MS, counts=False)
        except Exception as error:
            log.exception("conversation-failed", attempts=claimed.attempts)
            wait = outbox.backoff_ms(claimed.attempts)
            await self._give_back(claimed, wait, error=type(error).__name__)
        self._wake_sender.set()
        if claimed.has_more or looks != self._looks:
            # what came while it was ours was looked for in vain
            self._wake.set()

    async def _give_back(
        self, claimed: Claimed, after_ms: int, *, error: str = "", counts: bool = True
    ) -> None:
        house = self._house
        now_ms = house.clock.now_ms()

        def write(conn: Connection) -> None:
            conversations.give_back(
                conn, claimed, now_ms, after_ms=after_ms, error=error, counts=counts
            )

        while True:
            try:
                await house.database.write(write)
            except DatabaseAway as trouble:  # sooner than its lease would end, if we can
                tell(trouble)
                await asyncio.sleep(AGAIN_SECONDS)
            except LeaseLost:  # somebody else has it: then it is theirs to give back
                return
            else:
                return

    async def _let_go(self, claimed: Claimed) -> None:
        house = self._house
        now_ms = house.clock.now_ms()
        same = Progress(claimed.done_seq, claimed.state, claimed.timer_at)
        await house.database.write(
            lambda c: conversations.finish(c, house.sealer, claimed, now_ms, same)
        )

    async def _bring_on(self, claimed: Claimed, chat: Chat | None) -> None:
        house = self._house
        if claimed.is_poison:
            now_ms = house.clock.now_ms()
            log.error("message-dead", attempts=claimed.attempts)
            await house.database.write(lambda c: conversations.bury(c, claimed, "poison", now_ms))
            return
        if claimed.timer_rang and not claimed.messages:
            await self._step(claimed, None, chat, is_last=True)
            return
        if not claimed.messages:  # nothing to do after all: what comes need not wait for us
            await self._let_go(claimed)
            return
        for waiting in claimed.messages:
            is_last = waiting is claimed.messages[-1]
            claimed = await self._step(claimed, waiting, chat, is_last=is_last)
            chat = None  # what was just handled may have changed it

    async def _step(
        self, claimed: Claimed, waiting: Waiting | None, chat: Chat | None, *, is_last: bool
    ) -> Claimed:
        house = self._house
        incoming = event_from(waiting.payload) if waiting and waiting.payload else None
        known = remembered_from(claimed.state)
        if chat is None:
            chat = await house.database.read(lambda c: seen(c, claimed.chat_id))
        shelf = await self._shelf(chat, known)
        reading = self._read(shelf, incoming, known, chat)
        done_seq = waiting.seq if waiting else claimed.done_seq
        step = Step(house, claimed, shelf, known, incoming, reading, done_seq, is_last)
        result = await house.database.together(take_all, step)
        if waiting:
            took_ms = house.clock.now_ms() - waiting.received_at
            house.meters.handled(took_ms / 1000)
        if result.erased and not await house.database.scrub():
            self._begin_scrubbing()
        return result.claimed

    def _begin_scrubbing(self) -> None:
        """Somebody read for too long, such as a backup: ask until the journal is empty."""
        if self._scrubbing is None or self._scrubbing.done():
            self._scrubbing = asyncio.create_task(self._scrub())

    async def _scrub(self) -> None:
        while True:
            await asyncio.sleep(SCRUB_SECONDS)
            with suppress(DatabaseAway):
                if await self._house.database.scrub():
                    return

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
