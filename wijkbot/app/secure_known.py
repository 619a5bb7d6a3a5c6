"""What does this process know of the chat already, so that a page that waits asks nothing?

It is trusted only while somebody looks what other processes changed (``secure_wakes``); what a
wake-up names is forgotten before anybody is woken. Whoever writes always asks the database.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from wijkbot.clock import Clock
from wijkbot.storage import secure_chats, secure_manifests
from wijkbot.storage.database import Database
from wijkbot.storage.secure_chats import Conversation
from wijkbot.storage.staff_sessions import Presence, presence

SURE_SECONDS = 3.0
"""So long after a look at other processes began nothing is asked again."""
AGE_SECONDS = 1.0
"""Who is here and who waits is never told from an older look than this."""
KEPT_SECONDS = 120.0
"""Then a conversation is asked for again: a token may be forgotten without its conversation."""

T = TypeVar("T")
Standing = tuple[int, int]
"""The version of a conversation and the place of its newest message: each change moves one."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is the same for every page: who is here, which list of the team, and who waits."""

    presence: Presence
    team: int
    line: Sequence[tuple[int, bytes]]

    def ahead(self, seen: Conversation) -> int:
        """How many wait longer than this one."""
        return bisect_left(self.line, (seen.created_at, seen.id))


@dataclass(slots=True, eq=False)
class _Reading:
    """A question on its way; what is rung for meanwhile, its answer may not know yet."""

    rung: set[bytes] = field(default_factory=set)
    is_over: bool = False


class Known:
    """The conversations whose pages wait, by the hash of a token; and what is around them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sure_until = 0.0
        self._tabs: dict[bytes, tuple[float, Conversation]] = {}
        self._tokens: dict[bytes, set[bytes]] = {}
        self._readings: set[_Reading] = set()
        self._around: tuple[float, int, asyncio.Task[Around]] | None = None

    @property
    def is_sure(self) -> bool:
        """Whether changes of other processes are heard of now."""
        return asyncio.get_running_loop().time() < self._sure_until

    def looked(self, began: float) -> None:
        """At that time of the loop a look at other processes began; it told all they changed."""
        self._sure_until = began + SURE_SECONDS
        for token, (at, _) in list(self._tabs.items()):  # the oldest come first
            if began - at < KEPT_SECONDS:
                break
            self._drop(token)

    def otherwise_than(self, found: Mapping[bytes, Standing]) -> dict[bytes, bool]:
        """Which conversations are known otherwise than they were found, and is it their state?"""
        return {
            seen.id: found.get(seen.id, (0, 0))[0] != seen.version
            for _, seen in self._tabs.values()
            if found.get(seen.id) != (seen.version, seen.last_seq)
        }

    def forget(self, conv: bytes) -> None:
        """This conversation changed."""
        for reading in self._readings:
            reading.rung.add(conv)
        for token in tuple(self._tokens.get(conv, ())):
            self._drop(token)

    def forget_all(self) -> None:
        """Anything may have changed; nothing is sure until the next look."""
        self._sure_until = 0.0
        for reading in self._readings:
            reading.is_over = True
        self._tabs.clear()
        self._tokens.clear()
        self.forget_around()

    def forget_around(self) -> None:
        """Who is here, the list of the team or the queue changed."""
        self._around = None

    def opened_by(self, token_hash: bytes) -> Conversation | None:
        """The conversation that this token opens, as far as it is known for sure."""
        found = self._tabs.get(token_hash)
        return found[1] if found and self.is_sure else None

    async def look(
        self, token_hash: bytes, more: Callable[[Connection, Conversation], T]
    ) -> tuple[Conversation, T] | None:
        """Ask for the conversation that this token opens, and more of it; None: nothing."""

        def read(conn: Connection) -> tuple[Conversation, T] | None:
            seen = secure_chats.by_token(conn, token_hash)
            return (seen, more(conn, seen)) if seen else None

        reading, began = _Reading(), asyncio.get_running_loop().time()
        self._readings.add(reading)
        try:
            found = await self._database.read(read)
        finally:
            self._readings.discard(reading)
        if found and not reading.is_over and found[0].id not in reading.rung:
            self._drop(token_hash)
            self._tabs[token_hash] = (began, found[0])
            self._tokens.setdefault(found[0].id, set()).add(token_hash)
        return found

    async def around(self) -> Around:
        """What is around, as it was a second ago at most; asked once for all who want it."""
        now, second = asyncio.get_running_loop().time(), self._second
        if self._around is not None and self.is_sure:
            began, at, asked = self._around
            is_young = now - began < AGE_SECONDS and abs(second - at) <= AGE_SECONDS
            if is_young and not (asked.done() and asked.exception()):
                return await asyncio.shield(asked)  # one page that leaves takes it from none
        asked = asyncio.ensure_future(self._database.read(lambda c: _around(c, second)))
        asked.add_done_callback(lambda it: it.cancelled() or it.exception())
        self._around = (now, second, asked)
        return await asyncio.shield(asked)

    @property
    def _second(self) -> int:
        return self._clock.now_ms() // 1000

    def _drop(self, token_hash: bytes) -> None:
        found = self._tabs.pop(token_hash, None)
        if found is None:
            return
        tokens = self._tokens[found[1].id]
        tokens.discard(token_hash)
        if not tokens:
            del self._tokens[found[1].id]


def _around(conn: Connection, now: int) -> Around:
    return Around(
        presence(conn, now), secure_manifests.newest_version(conn), secure_chats.line(conn)
    )
