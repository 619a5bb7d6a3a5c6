"""What do residents do, and how does Telegram bring it? Each asks, and each is answered alone.

As Telegram does it: at most 40 deliveries at once, and in one chat the next only after a 200.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field

QUESTIONS = (
    ("nl", "Wanneer is het spreekuur?"),
    ("nl", "Waar kan ik Nederlands leren?"),
    ("nl", "Hoe kom ik aan een voedselpakket?"),
    ("nl", "Hoe meld ik kapotte straatverlichting?"),
    ("fr", "Quand est la permanence ?"),
    ("fr", "Où puis-je apprendre le néerlandais ?"),
    ("en", "Where can I learn Dutch?"),
    ("nl", "Wat zijn de openingsuren van het buurthuis?"),
)
AT_ONCE = 40
"""Connections of Telegram to a webhook, when the bot does not ask for another number."""
_READY_SECONDS = 30.0
_FIRST_CHAT = 100_000_000
_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Taken:
    """How long it took, in seconds, and when the last of each was there."""

    stored: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    began: float = 0.0
    last_stored: float = 0.0
    last_answered: float = 0.0


class Residents:
    """So many chats; the next question is that of the one who was silent longest."""

    def __init__(self, port: int, path: str, secret: str, chats: int) -> None:
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{_HEADER}: {secret}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._chats = chats
        self._count = 0
        self._asked: dict[int, deque[float]] = {}
        self._open = 0
        self._free: asyncio.LifoQueue[_Wire] = asyncio.LifoQueue()
        self._is_quiet = asyncio.Event()
        self.taken = Taken()

    async def begin(self) -> None:
        """Connect, as soon as the server listens."""
        async with asyncio.timeout(_READY_SECONDS):
            while self._free.qsize() < AT_ONCE:
                try:
                    streams = await asyncio.open_connection("127.0.0.1", self._port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.1)
                else:
                    self._free.put_nowait(_Wire(*streams))

    def end(self) -> None:
        """Go away."""
        while not self._free.empty():
            self._free.get_nowait().writer.close()

    async def ask(self, count: int, per_s: float = 0.0) -> None:
        """So many questions, at that rate (0: as fast as they are taken), until all are stored."""
        self.taken = Taken(began=time.perf_counter())
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                due = self.taken.began + number / per_s if per_s else time.perf_counter()
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                wire = await self._free.get()
                group.create_task(self._deliver(wire, due))

    async def answered(self, seconds: float) -> int:
        """Wait until all are answered, at most so long; gives how many are not."""
        try:
            async with asyncio.timeout(seconds):
                while self._open:
                    self._is_quiet.clear()
                    await self._is_quiet.wait()
        except TimeoutError:
            left, self._open = self._open, 0
            self._asked.clear()
            return left
        return 0

    def heard(self, chat: int, at: float) -> None:
        """A message arrived in a chat: it answers what was asked there first."""
        asked = self._asked.get(chat)
        if asked:
            self.taken.answered.append(at - asked.popleft())
            self.taken.last_answered = at
            self._open -= 1
        if not self._open:
            self._is_quiet.set()

    async def _deliver(self, wire: _Wire, due: float) -> None:
        """``due`` counts: who waits for a free connection waits too."""
        number, self._count = self._count, self._count + 1
        chat = _FIRST_CHAT + number % self._chats
        body = json.dumps(_update(number, chat)).encode()
        self._asked.setdefault(chat, deque()).append(due)
        self._open += 1
        asked = self._head + b"%d\r\n\r\n" % len(body) + body
        try:
            status = await _exchange(wire, asked)
        except (asyncio.IncompleteReadError, ConnectionError):
            # the server let go of a connection that was silent for some seconds
            wire = _Wire(*await asyncio.open_connection("127.0.0.1", self._port))
            status = await _exchange(wire, asked)
        if status != 200:
            raise RuntimeError(f"a delivery was answered with {status}")
        self.taken.last_stored = time.perf_counter()
        self.taken.stored.append(self.taken.last_stored - due)
        self._free.put_nowait(wire)


@dataclass(frozen=True)
class _Wire:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def _update(number: int, chat: int) -> dict[str, object]:
    language, text = QUESTIONS[number % len(QUESTIONS)]
    someone = {"id": chat, "first_name": "Bewoner", "username": f"bewoner{chat}"}
    return {
        "update_id": 500_000_000 + number,
        "message": {
            "message_id": 10 + number,
            "from": {**someone, "is_bot": False, "language_code": language},
            "chat": {**someone, "type": "private"},
            "date": int(time.time()),
            "text": text,
        },
    }


async def _exchange(wire: _Wire, asked: bytes) -> int:
    """The status of the answer."""
    wire.writer.write(asked)
    lines = (await wire.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    lengths = [line.split(b":")[1] for line in lines if line.lower().startswith(b"content-length")]
    await wire.reader.readexactly(int(lengths[0]) if lengths else 0)
    return int(lines[0].split()[1])
