"""Does anything grow while a whole bot on a homeserver is asked things for a long time?

Residents ask at an even pace in plain rooms, and one after another in an encrypted one; the
bot syncs, reads, answers and forgets all that time.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.matrix import servers
from bench.matrix.resident import Resident
from bench.matrix.secret_resident import SecretResident
from bench.secure_chat.server import Server
from bench.telegram.residents import QUESTIONS
from tests.adapters.matrix.synapse import LocalSynapse

PER_SECOND = 5
ROOMS = 20
_SECRET_PAUSE_SECONDS = 1.0
_SHORTEST_SECONDS = 5.0


@dataclass
class Heard:
    """What happened since the last line: seconds until each answer, and how many came not."""

    plain: list[float] = field(default_factory=list)
    secret: list[float] = field(default_factory=list)
    unanswered: int = 0

    def hear(self, taken: list[float], seconds: float | None) -> None:
        """One question is over."""
        if seconds is None:
            self.unanswered += 1
        else:
            taken.append(seconds)

    def clear(self) -> None:
        """A new line begins; what was never answered stays."""
        self.plain.clear()
        self.secret.clear()


async def soak(minutes: float, per_s: int, every_seconds: float) -> list[dict[str, float]]:
    """Ask for so long; a line every so many seconds, and one at the end."""
    synapse = LocalSynapse()
    async with AsyncExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="wb-soak-")))
        open_.callback(synapse.remove)
        await asyncio.to_thread(synapse.start)
        bot = synapse.register("bot", servers.PASSWORD)
        made = servers.ours(folder, synapse, bot)
        server = await asyncio.to_thread(open_.enter_context, made)
        who, other = (synapse.register(name, servers.PASSWORD) for name in ("anna", "ben"))
        token = synapse.login(who, servers.PASSWORD)
        resident = await open_.enter_async_context(Resident(synapse.url, who, token))
        rooms = [await resident.chat_with(bot) for _ in range(ROOMS)]
        secret = await open_.enter_async_context(
            SecretResident(synapse.url, other, folder / "other")
        )
        await secret.begin_with(bot)
        heard = Heard()
        until = time.monotonic() + minutes * 60
        asking = asyncio.gather(
            *(_ask(resident, room, ROOMS / per_s, until, heard) for room in rooms),
            _ask_secretly(secret, until, heard),
        )
        lines = await _watch(asking, server, folder, heard, every_seconds)
        await asking
    return lines


async def _ask(
    resident: Resident, room: str, every_seconds: float, until: float, heard: Heard
) -> None:
    number = 0
    while (now := time.monotonic()) < until:
        heard.hear(heard.plain, await resident.asks(room, _question(number)))
        number += 1
        await asyncio.sleep(max(0.0, now + every_seconds - time.monotonic()))


async def _ask_secretly(secret: SecretResident, until: float, heard: Heard) -> None:
    number = 0
    while time.monotonic() < until:
        heard.hear(heard.secret, await secret.asks(_question(number)))
        number += 1
        await asyncio.sleep(_SECRET_PAUSE_SECONDS)


def _question(number: int) -> str:
    return QUESTIONS[number % len(QUESTIONS)][1]


async def _watch(
    asking: asyncio.Future[list[None]],
    server: Server,
    folder: Path,
    heard: Heard,
    every_seconds: float,
) -> list[dict[str, float]]:
    lines: list[dict[str, float]] = []
    began = last = time.monotonic()
    print("minute  answers/s    p99 ms  encrypted p99 ms  unanswered  memory MB  database MB")
    while not asking.done():
        await asyncio.wait({asking}, timeout=every_seconds)
        now = time.monotonic()
        if lines and now - last < _SHORTEST_SECONDS:
            break  # the end came just after a line
        count = len(heard.plain) + len(heard.secret)
        line = {
            "minute": round((now - began) / 60, 1),
            "answered_per_s": round(count / (now - last), 1),
            "p99_ms": _p99_ms(heard.plain),
            "encrypted_p99_ms": _p99_ms(heard.secret),
            "unanswered": heard.unanswered,
            "rss_mb": round(server.rss_mb, 1),
            "database_mb": round((folder / "wijkbot.db").stat().st_size / 1e6, 1),
        }
        last = now
        heard.clear()
        lines.append(line)
        print("{:6}{:11}{:10}{:18}{:12}{:11}{:13}".format(*line.values()), flush=True)
    return lines


def _p99_ms(taken: list[float]) -> float:
    ordered = sorted(taken)
    return round(ordered[len(ordered) * 99 // 100] * 1000, 1) if ordered else 0.0
