"""Does anything grow while messages come and go for a long time?

    python -m bench.soak [--minutes 10] [--per-second 100] [--on sqlite|postgresql]
    python -m bench.soak --channel matrix [--minutes 10] [--per-second 5]

The first is about the mailboxes alone, the second about a whole bot on a local homeserver
(``bench/matrix/soak.py``).
Retention keeps everything for half a minute instead of days, so that what comes in and what
goes are in balance soon. A line every half minute, and as the last line one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path

from sqlalchemy import Connection, text

from bench.delivery.__main__ import database
from bench.delivery.loops import Loops
from bench.delivery.mailbox import Mailbox
from bench.matrix import soak as matrix
from wijkbot.storage import retention
from wijkbot.storage.dialect import is_sqlite
from wijkbot.storage.retention import Keep

CHATS = 2_000
PER_SECOND = 100
EVERY_SECONDS = 30.0
SWEEP_SECONDS = 5.0
HALF_A_MINUTE = 30_000
KEEP = Keep(event_ids=HALF_A_MINUTE, state=HALF_A_MINUTE, sent=HALF_A_MINUTE)


def main() -> None:
    """Soak, and show."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--per-second", type=int)
    parser.add_argument("--channel", choices=["matrix"])
    parser.add_argument("--on", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    if asked.channel:
        per_s, what = asked.per_second or matrix.PER_SECOND, asked.channel
        lines = asyncio.run(matrix.soak(asked.minutes, per_s, EVERY_SECONDS))
    else:
        per_s, what = asked.per_second or PER_SECOND, asked.on
        with database(what) as url:
            lines = asyncio.run(_soak(url, asked.minutes, per_s))
    first, last = lines[min(3, len(lines) - 1)], lines[-1]
    print(json.dumps({"on": what, "per_second": per_s, "at": first, "end": last}))


async def _soak(url: str, minutes: float, per_s: int) -> list[dict[str, float]]:
    lines: list[dict[str, float]] = []
    async with Mailbox.opened(url) as mailbox:
        taken: list[float] = []
        loops = Loops(mailbox, per_s, CHATS, taken.append)
        beside = [
            asyncio.create_task(_sweep(mailbox)),
            asyncio.create_task(_watch(mailbox, loops, taken, lines)),
        ]
        await loops.run(int(minutes * 60 * per_s))
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
    return lines


async def _sweep(mailbox: Mailbox) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        now_ms = mailbox.clock.now_ms()
        swept = {"": 1}
        while any(swept.values()):
            swept = await mailbox.database.write(
                lambda c: dict(retention.sweep(c, now_ms, keep=KEEP))  # noqa: B023 - awaited here
            )


async def _watch(
    mailbox: Mailbox, loops: Loops, taken: list[float], lines: list[dict[str, float]]
) -> None:
    began = time.monotonic()
    print("minute   sent/s  e2e p99 ms  claim p50 ms  memory MB  database MB   events  messages")
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        size, events, messages = await mailbox.database.read(_sizes)
        took, claims = sorted(taken), sorted(loops.claims)
        line = {
            "minute": round((time.monotonic() - began) / 60, 1),
            "sent_per_s": round(len(took) / EVERY_SECONDS, 1),
            "e2e_p99_ms": round(took[len(took) * 99 // 100] * 1000, 1),
            "claim_p50_ms": round(claims[len(claims) // 2] * 1000, 2),
            "rss_mb": _resident_mb(),
            "database_mb": round(size / 1e6, 1),
            "events": events,
            "messages": messages,
        }
        taken.clear()
        loops.claims.clear()
        lines.append(line)
        print("{:6}{:9}{:12}{:14}{:11}{:13}{:9}{:10}".format(*line.values()), flush=True)


def _sizes(conn: Connection) -> tuple[int, int, int]:
    """What the database uses on disk, and the rows that come and go."""
    if is_sqlite(conn):
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    else:
        pages = "SELECT pg_database_size(current_database())"
    counts = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM outbox)"
    events, messages = conn.execute(text(counts)).one()
    return int(conn.execute(text(pages)).scalar_one()), events, messages


def _resident_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS:")]
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
