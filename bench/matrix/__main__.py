"""What does an answer on Matrix cost us, and how long does it take?

    python -m bench.matrix [--quick] [--only wijkbot|echo]

Our server on SQLite with the starter pack, and beside it a bare echo of the same library: each
in a process of its own, on one local homeserver, asked in turns, so that both meet the machine
as it is. One question at a time; a question in each of 20 rooms, the next as soon as it is
answered; and one at a time in an encrypted room. A table, and as the last line one JSON object.
``--quick`` measures a tenth, to try it out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.matrix import servers
from bench.matrix.resident import Resident
from bench.matrix.secret_resident import SecretResident
from bench.secure_chat.server import Server
from bench.telegram.residents import QUESTIONS
from tests.adapters.matrix.synapse import LocalSynapse

ROOMS, TURNS = 20, 5
ALONE, EACH, SECRET = 60, 8, 20
"""Questions of one turn: one at a time, in each of the rooms, and in the encrypted room."""

ROWS = {
    "round_trip_p50_ms": "one question at a time: until the answer, p50 (ms)",
    "round_trip_p99_ms": "the same, p99 (ms)",
    "cpu_ms": "processor time for each answer (ms)",
    "rooms_per_s": "20 rooms at once: answers (per s)",
    "rooms_p50_ms": "the same, until the answer, p50 (ms)",
    "rooms_cpu_ms": "processor time for each answer (ms)",
    "encrypted_p50_ms": "an encrypted room: until the answer, p50 (ms)",
    "encrypted_cpu_ms": "processor time for each answer (ms)",
    "unanswered": "questions without an answer in all of this",
    "rss_mb": "resident memory at the end (MB)",
}
RATIOS = ("cpu_ms", "rooms_per_s", "rooms_cpu_ms", "encrypted_cpu_ms")
LATER = ("round_trip_p50_ms", "encrypted_p50_ms")
"""How many ms later than the echo."""


@dataclass
class Load:
    """What one way of asking took, over all turns; times in seconds."""

    taken: list[float] = field(default_factory=list)
    cpu: float = 0.0
    clock: float = 0.0
    asked: int = 0

    def cpu_ms(self) -> float:
        """For each answer."""
        return round(self.cpu / max(1, len(self.taken)) * 1000, 2)


@dataclass
class Bot:
    """One of the two, who talk to it, and where."""

    server: Server
    resident: Resident
    rooms: Sequence[str]
    secret: SecretResident
    loads: dict[str, Load] = field(default_factory=dict)


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(prog="make bench-matrix", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["wijkbot", "echo"])
    asked = parser.parse_args()
    names = [asked.only] if asked.only else ["wijkbot", "echo"]
    figures = asyncio.run(_measure(names, is_quick=asked.quick))
    if len(figures) == 2:
        ours, echo = figures["wijkbot"], figures["echo"]
        later = {key: round(ours[key] - echo[key], 2) for key in LATER}
        figures["relative"] = later | {key: round(ours[key] / echo[key], 2) for key in RATIOS}
    _show(figures)
    print(json.dumps(figures))


async def _measure(names: Sequence[str], *, is_quick: bool) -> dict[str, dict[str, float]]:
    synapse = LocalSynapse()
    async with AsyncExitStack() as open_:
        running = open_.enter_context(ExitStack())
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="wb-bench-")))
        running.callback(synapse.remove)
        await asyncio.to_thread(synapse.start)
        bots = {name: await _begun(name, folder, synapse, open_) for name in names}
        for turn in range(1 if is_quick else TURNS):
            for name, bot in bots.items():
                print(f"{name}, turn {turn + 1} ...", file=sys.stderr, flush=True)
                await _turn(bot, 2 if is_quick else 1)
        return {name: _figures(bot) for name, bot in bots.items()}


async def _begun(name: str, folder: Path, synapse: LocalSynapse, open_: AsyncExitStack) -> Bot:
    user = synapse.register(f"bot-{name}", servers.PASSWORD)
    run = servers.ours if name == "wijkbot" else servers.echo
    server = await asyncio.to_thread(open_.enter_context, run(folder, synapse, user))
    who = synapse.register(f"bewoner-{name}", servers.PASSWORD)
    token = synapse.login(who, servers.PASSWORD)
    resident = await open_.enter_async_context(Resident(synapse.url, who, token))
    rooms = [await resident.chat_with(user) for _ in range(ROOMS)]
    other = synapse.register(f"geheim-{name}", servers.PASSWORD)
    store = folder / other[1:].partition(":")[0]
    secret = await open_.enter_async_context(SecretResident(synapse.url, other, store))
    await secret.begin_with(user)
    for room in rooms:  # all have met the bot
        await resident.asks(room, QUESTIONS[0][1])
    await secret.asks(QUESTIONS[0][1])
    return Bot(server, resident, rooms, secret)


async def _turn(bot: Bot, part: int) -> None:
    async def alone() -> list[float | None]:
        rooms = [bot.rooms[number % ROOMS] for number in range(ALONE // part)]
        return [
            await bot.resident.asks(room, _question(number)) for number, room in enumerate(rooms)
        ]

    async def in_each() -> list[float | None]:
        found = await asyncio.gather(*(one_room(room) for room in bot.rooms))
        return [taken for room in found for taken in room]

    async def one_room(room: str) -> list[float | None]:
        numbers = range(EACH // part)
        return [await bot.resident.asks(room, _question(number)) for number in numbers]

    async def secretly() -> list[float | None]:
        return [await bot.secret.asks(_question(number)) for number in range(SECRET // part)]

    for name, asking in (("alone", alone), ("rooms", in_each), ("secret", secretly)):
        load = bot.loads.setdefault(name, Load())
        cpu, began = bot.server.cpu_seconds, time.perf_counter()
        found = await asking()
        load.clock += time.perf_counter() - began
        load.cpu += bot.server.cpu_seconds - cpu
        load.asked += len(found)
        load.taken += [taken for taken in found if taken is not None]


def _question(number: int) -> str:
    return QUESTIONS[number % len(QUESTIONS)][1]


def _figures(bot: Bot) -> dict[str, float]:
    alone, rooms, secret = (bot.loads[name] for name in ("alone", "rooms", "secret"))
    return {
        "round_trip_p50_ms": _at(alone.taken, 50),
        "round_trip_p99_ms": _at(alone.taken, 99),
        "cpu_ms": alone.cpu_ms(),
        "rooms_per_s": round(len(rooms.taken) / rooms.clock, 1),
        "rooms_p50_ms": _at(rooms.taken, 50),
        "rooms_cpu_ms": rooms.cpu_ms(),
        "encrypted_p50_ms": _at(secret.taken, 50),
        "encrypted_cpu_ms": secret.cpu_ms(),
        "unanswered": sum(one.asked - len(one.taken) for one in bot.loads.values()),
        "rss_mb": round(bot.server.rss_mb, 1),
    }


def _at(taken: Sequence[float], percent: int) -> float:
    """Milliseconds that so many percent do not exceed; 0 when there is nothing."""
    ordered = sorted(taken)
    return round(ordered[len(ordered) * percent // 100] * 1000, 2) if ordered else 0.0


def _show(figures: Mapping[str, Mapping[str, float]]) -> None:
    width = max(map(len, ROWS.values()))
    print(f"{'':<{width}}" + "".join(f"{name:>12}" for name in figures))
    for key, title in ROWS.items():
        shown = "".join(f"{of.get(key, ''):>12}" for of in figures.values())
        print(f"{title:<{width}}{shown}")


if __name__ == "__main__":
    main()
