"""What does an answer on Telegram cost us, and how fast is an update stored?

    python -m bench.telegram [--quick] [--only wijkbot|echo]

Our server on SQLite with the starter pack, and beside it a bare echo of the same library: one
after the other, each in a process of its own, with the same residents and the same local Bot
API. Three loads: 25 updates a second, as many as Telegram lets one account answer (28); 200 a
second, our account's limit lifted; and one question of each resident, all at once. A table, and
as the last line one JSON object. ``--quick`` measures a tenth, to try it out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.secure_chat.server import Server
from bench.telegram import servers
from bench.telegram.bot_api import BotApi
from bench.telegram.residents import Residents

CHATS, SECONDS, CALM, BUSY = 2_000, 20.0, 25, 200
_WARM_PER_S = 150.0
_PATIENCE = 120.0

ROWS = {
    "stored_25_p50_ms": "25 updates/s: until stored (200 returned), p50 (ms)",
    "stored_25_p99_ms": "the same, p99 (ms)",
    "answered_25_p50_ms": "25 updates/s: until answered (sendMessage), p50 (ms)",
    "answered_25_p99_ms": "the same, p99 (ms)",
    "cpu_25_ms": "processor time for each answered message (ms)",
    "stored_200_p50_ms": "200 updates/s: until stored, p50 (ms)",
    "stored_200_p99_ms": "the same, p99 (ms)",
    "answered_200_p50_ms": "200 updates/s: until answered, p50 (ms)",
    "answered_200_p99_ms": "the same, p99 (ms)",
    "cpu_200_ms": "processor time for each answered message (ms)",
    "stored_per_s": "one question of each at once: stored (per s)",
    "answered_per_s": "the same, answered (per s)",
    "cpu_all_ms": "processor time for each answered message (ms)",
    "unanswered": "questions without an answer in all of this",
    "rss_mb": "resident memory at the end (MB)",
}
RATIOS = ("cpu_25_ms", "cpu_200_ms", "cpu_all_ms")


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(prog="make bench-telegram", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["wijkbot", "echo"])
    asked = parser.parse_args()
    part = 10 if asked.quick else 1
    names = [asked.only] if asked.only else ["wijkbot", "echo"]
    figures = {name: asyncio.run(_measure(name, part)) for name in names}
    if len(figures) == 2:
        ours, echo = figures["wijkbot"], figures["echo"]
        figures["relative"] = {key: round(ours[key] / echo[key], 2) for key in RATIOS}
    _show(figures)
    print(json.dumps(figures))


async def _measure(name: str, part: int) -> dict[str, float]:
    print(f"{name} ...", file=sys.stderr, flush=True)
    api = BotApi()
    await api.begin()
    with tempfile.TemporaryDirectory(prefix="wb-bench-") as made, ExitStack() as running:
        folder = Path(made)
        bot = servers.ours if name == "wijkbot" else servers.echo
        # waited for elsewhere: while it starts it asks the Bot API here who it is
        server = await asyncio.to_thread(running.enter_context, bot(folder, api.base_url))
        residents = Residents(server.port, servers.PATHS[name], servers.SECRET, CHATS // part)
        api.heard = residents.heard
        figures = await _loads(server, residents, folder if name == "wijkbot" else None, part)
    api.end()
    return figures


async def _loads(
    server: Server, residents: Residents, ours: Path | None, part: int
) -> dict[str, float]:
    seconds, chats = SECONDS / part, CHATS // part
    await residents.begin()
    _limit(ours, servers.FREE_PER_S)
    await _load(server, residents, chats, _WARM_PER_S)  # all have met the bot
    _limit(ours, servers.ALLOWED_PER_S)
    calm = await _load(server, residents, int(CALM * seconds), CALM)
    _limit(ours, servers.FREE_PER_S)
    busy = await _load(server, residents, int(BUSY * seconds), BUSY)
    all_ = await _load(server, residents, chats, 0)
    residents.end()
    taken = {"25": calm, "200": busy, "all": all_}
    found = {
        f"{when}_{load}_{what}": figures[f"{when}_{what}"]
        for load, figures in taken.items()
        for when in ("stored", "answered")
        for what in ("p50_ms", "p99_ms")
    }
    found |= {f"cpu_{load}_ms": figures["cpu_ms"] for load, figures in taken.items()}
    found |= {name: all_[name] for name in ("stored_per_s", "answered_per_s")}
    found["unanswered"] = sum(figures["unanswered"] for figures in taken.values())
    found["rss_mb"] = round(server.rss_mb, 1)
    return {name: found[name] for name in ROWS}


def _limit(ours: Path | None, per_s: float) -> None:
    """The echo has no limit; ours has one in its database."""
    if ours is not None:
        servers.set_limit(ours, per_s)


async def _load(
    server: Server, residents: Residents, count: int, per_s: float
) -> dict[str, float]:
    cpu = server.cpu_seconds
    await residents.ask(count, per_s)
    left = await residents.answered(_PATIENCE)
    taken = residents.taken
    answered = len(taken.answered)
    return {
        "stored_p50_ms": _at(taken.stored, 50),
        "stored_p99_ms": _at(taken.stored, 99),
        "answered_p50_ms": _at(taken.answered, 50),
        "answered_p99_ms": _at(taken.answered, 99),
        "cpu_ms": round((server.cpu_seconds - cpu) / answered * 1000, 2) if answered else 0.0,
        "stored_per_s": round(count / (taken.last_stored - taken.began), 1),
        "answered_per_s": round(answered / (taken.last_answered - taken.began), 1),
        "unanswered": left,
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
