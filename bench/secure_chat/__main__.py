"""How many residents may be in the secure chat at once, and how long is a message on its way?

    python -m bench.secure_chat [--quick] [--pause SECONDS] [--costs]

One server on SQLite, in a process of its own; 50 conversations in which each side says something
every 5 seconds, and 0, 500, 1,000, 2,000 residents whose pages wait for news. A table, and as the
last line one JSON object. ``--quick`` measures a tenth, to try it out. ``--pause``: so long a
console waits after it read its queue; that of today waits 1. ``--costs`` measures something else:
the processor time of each question, asked alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.secure_chat.costs import costs
from bench.secure_chat.crowd import WAIT_SECONDS, Crowd
from bench.secure_chat.seed import Place, seed
from bench.secure_chat.server import Server, serving
from bench.secure_chat.talks import PACE_SECONDS, Talks
from bench.secure_chat.wire import Wire

STAGES, ACTIVE, SECONDS = (0, 500, 1_000, 2_000), 50, 30.0
TIMES = 400
FILES = 8_192
_READY_SECONDS = 30.0

ROWS = {
    "message_p50_ms": "a message to the other side, p50 (ms)",
    "message_p99_ms": "the same, p99 (ms)",
    "messages": "so many were measured",
    "health_p50_ms": "GET /health in the same time, p50 (ms)",
    "health_p99_ms": "the same, p99 (ms)",
    "relative_p50": "a message, in round trips of /health (p50)",
    "queue_p50_ms": "the queue of a console, p50 (ms)",
    "queues_per_s": "queues that consoles read (per s)",
    "polls_per_s": "questions of waiting pages answered (per s)",
    "rss_mb": "resident memory of the server (MB)",
    "growth_kb": "of that, for each page that waits (KB)",
    "cpu_percent": "processor time of the server (% of one core)",
    "player_percent": "the same of the program that plays them all",
    "load": "load of the machine over the last minute",
}


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(prog="make bench-secure-chat", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--costs", action="store_true")
    asked = parser.parse_args()
    part = 10 if asked.quick else 1
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        raise SystemExit(f"A process may open {hard} files. Next step: ulimit -Hn {FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    stages = [count // part for count in STAGES]
    with tempfile.TemporaryDirectory(prefix="wb-bench-") as folder:
        place = seed(Path(folder), ACTIVE // part, stages[-1])
        with serving(place.config) as server:
            if asked.costs:
                _show_costs(asyncio.run(_costs(server, place, TIMES // part)))
                return
            figures = asyncio.run(_measure(server, place, stages, SECONDS / part, asked.pause))
    _show(figures)
    print(json.dumps(figures))


async def _costs(server: Server, place: Place, times: int) -> dict[str, float]:
    await _ready(server)
    return await costs(server, place, times)


def _show_costs(found: Mapping[str, float]) -> None:
    width = max(map(len, found))
    for name, spent in found.items():
        print(f"{name:<{width}}{spent:>10,} ms")
    print(json.dumps(found))


async def _measure(
    server: Server, place: Place, stages: Sequence[int], seconds: float, pause: float
) -> dict[str, dict[str, float]]:
    await _ready(server)
    crowd, talks = Crowd(server.port), Talks(server.port, place.desks, place.active, pause)
    await talks.begin()
    await talks.during(PACE_SECONDS * 1.5)  # until all have said something
    figures: dict[str, dict[str, float]] = {}
    before = 0
    for count in stages:
        print(f"{count} wait ...", file=sys.stderr, flush=True)
        await crowd.grow(place.idle[before:count], min(seconds, WAIT_SECONDS))
        before = count
        figures[str(count)] = await _stage(server, crowd, talks, seconds)
    base = figures[str(stages[0])]["rss_mb"]
    for count in stages:
        grown = figures[str(count)]["rss_mb"] - base
        figures[str(count)]["growth_kb"] = round(grown * 1024 / count, 1) if count else 0
    await talks.end()
    await crowd.go()
    return figures


async def _stage(server: Server, crowd: Crowd, talks: Talks, seconds: float) -> dict[str, float]:
    beside: list[float] = []
    asking = asyncio.create_task(_ask_health(server.port, beside))
    polls, cpu, began = crowd.polls, server.cpu_seconds, time.perf_counter()
    played = time.process_time()
    await talks.during(seconds)
    took, played = time.perf_counter() - began, time.process_time() - played
    asking.cancel()
    message, health = _at(talks.taken, 50), _at(beside, 50)
    return {
        "message_p50_ms": message,
        "message_p99_ms": _at(talks.taken, 99),
        "messages": len(talks.taken),
        "health_p50_ms": health,
        "health_p99_ms": _at(beside, 99),
        "relative_p50": round(message / health, 1),
        "queue_p50_ms": _at(talks.queues, 50),
        "queues_per_s": round(len(talks.queues) / took, 1),
        "polls_per_s": round((crowd.polls - polls) / took, 1),
        "rss_mb": round(server.rss_mb, 1),
        "growth_kb": 0.0,
        "cpu_percent": round((server.cpu_seconds - cpu) / took * 100, 1),
        "player_percent": round(played / took * 100, 1),
        "load": round(os.getloadavg()[0], 1),
    }


async def _ask_health(port: int, taken: list[float]) -> None:
    wire = Wire(port)
    while True:
        began = time.perf_counter()
        await wire.ask("GET", "/health")
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0.1)


async def _ready(server: Server) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            try:
                await Wire(server.port).ask("GET", "/health")
            except ConnectionRefusedError:
                await asyncio.sleep(0.1)
            else:
                return


def _at(taken: Sequence[float], percent: int) -> float:
    """Milliseconds that so many percent do not exceed; 0 when there is nothing."""
    ordered = sorted(taken)
    return round(ordered[len(ordered) * percent // 100] * 1000, 1) if ordered else 0.0


def _show(figures: Mapping[str, Mapping[str, float]]) -> None:
    width = max(map(len, ROWS.values()))
    print(f"{'residents whose pages wait':<{width}}" + "".join(f"{it:>10}" for it in figures))
    for key, title in ROWS.items():
        print(f"{title:<{width}}" + "".join(f"{of[key]:>10,}" for of in figures.values()))


if __name__ == "__main__":
    main()
