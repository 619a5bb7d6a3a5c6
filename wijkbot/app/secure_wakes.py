"""Who is told that a conversation went on? Whoever waits for it, and the consoles.

Within a process an event is set. With several processes each looks once a second what changed:
one short question, however many residents wait. On SQLite another process is a command of the
terminal; the same look finds what it changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from wijkbot.app.secure_known import Known, Standing
from wijkbot.storage import secure_manifests, secure_queue
from wijkbot.storage.database import Database

LOOK_SECONDS = 1.0
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Hint:
    """Read again: what (queue, conversation, team), and of a conversation which."""

    kind: str
    conv: bytes = b""
    _found: asyncio.Future[Any] | None = None

    async def once(self, look: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What ``look`` gives, asked for once however many consoles hear of this."""
        if self._found is None:
            self._found = asyncio.ensure_future(look())
        found: T = await asyncio.shield(self._found)  # one console that leaves takes it from none
        return found


class SecureWakes:
    """The wake-ups of one process."""

    def __init__(self, database: Database, known: Known) -> None:
        self._database = database
        self._known = known
        self._waiting: dict[bytes, set[asyncio.Event]] = {}
        self._consoles: set[asyncio.Queue[Hint]] = set()
        self._seen: Mapping[bytes, Standing] | None = None
        self._team: int | None = None

    @contextmanager
    def listen(self, conv: bytes) -> Iterator[asyncio.Event]:
        """An event that is set when this conversation, or the team, changed."""
        event = asyncio.Event()
        self._waiting.setdefault(conv, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[conv].discard(event)
            if not self._waiting[conv]:
                del self._waiting[conv]

    @contextmanager
    def console(self) -> Iterator[asyncio.Queue[Hint]]:
        """The hints for one open console."""
        hints: asyncio.Queue[Hint] = asyncio.Queue(maxsize=1000)
        self._consoles.add(hints)
        try:
            yield hints
        finally:
            self._consoles.discard(hints)

    def ring(self, conv: bytes, *, queue: bool = True) -> None:
        """This conversation went on; ``queue``: its state changed too."""
        self._known.forget(conv)
        if queue:
            self._known.forget_around()
        for event in self._waiting.get(conv, ()):
            event.set()
        self._tell(Hint("conversation", conv))
        if queue:
            self._tell(Hint("queue"))

    def ring_team(self) -> None:
        """The list of the team changed."""
        self._known.forget_around()
        for events in self._waiting.values():
            for event in events:
                event.set()
        self._tell(Hint("team"))
        self._tell(Hint("queue"))

    async def looking(self) -> None:
        """Look what other processes changed, once a second, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ring for what changed since the last look."""
        began = asyncio.get_running_loop().time()
        if self._waiting or self._consoles or self._team is None:
            team = await self._database.read(secure_manifests.newest_version)
            if self._team not in {None, team}:
                self.ring_team()
            self._team = team
        if not (self._waiting or self._consoles):
            self._seen = None
            self._known.forget_all()
            return
        found = await self._database.read(_standing)
        if self._database.is_embedded:
            # what this process did was rung for already, and is known as it is
            for conv, is_moved in self._known.otherwise_than(found).items():
                self.ring(conv, queue=is_moved)
        else:
            self._ring_changed(found)
        self._known.looked(began)

    def _ring_changed(self, found: Mapping[bytes, Standing]) -> None:
        """Ring for what any process changed since the last look."""
        if self._seen is not None:
            before = self._seen
            for conv in before.keys() | found.keys():
                if before.get(conv) != found.get(conv):
                    is_moved = before.get(conv, (0, 0))[0] != found.get(conv, (0, 0))[0]
                    self.ring(conv, queue=is_moved)
        else:
            self._ring_all()  # what changed before the first look is not known
        self._seen = found

    def _ring_all(self) -> None:
        self._known.forget_all()
        for events in self._waiting.values():
            for event in events:
                event.set()
        self._tell(Hint("queue"))

    def _tell(self, hint: Hint) -> None:
        for hints in self._consoles:
            if not hints.full():  # a console that reads nothing is told enough
                hints.put_nowait(hint)


def _standing(conn: Connection) -> dict[bytes, Standing]:
    return {row.id: (row.version, row.last_seq) for row in secure_queue.standing(conn)}
