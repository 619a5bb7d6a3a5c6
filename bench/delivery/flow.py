"""How many messages go through ingest, claim, and state + outbox in a second?"""

from __future__ import annotations

import asyncio
import time

from bench.delivery.mailbox import Mailbox
from bench.delivery.part import peak_mb
from bench.delivery.raw import commits_per_s

CHATS, EACH = 1_000, 10
WEBHOOKS, ENGINES, CLAIM = 200, 200, 50
ROUNDS = 3


async def measure(mailbox: Mailbox, *, is_quick: bool) -> dict[str, float]:
    """Raw commits and rounds of messages by turns, because disks change their speed.

    Every round is the whole load, with chats of its own; the middle one is told.
    """
    chats = CHATS // 10 if is_quick else CHATS
    raw, rates, cpu = [], [], []
    for number in range(ROUNDS):
        raw.append(await asyncio.to_thread(commits_per_s, mailbox.url))
        began, busy = time.perf_counter(), time.process_time()
        await _round(mailbox, number, chats)
        rates.append(chats * EACH / (time.perf_counter() - began))
        cpu.append((time.process_time() - busy) / chats / EACH * 1e6)
    middle = ROUNDS // 2
    return {
        "raw_commits_per_s": sorted(raw)[middle],
        "messages_per_s": round(sorted(rates)[middle], 1),
        "cpu_us_per_message": round(sorted(cpu)[middle], 1),
        "rss_mb": peak_mb(),
    }


async def _round(mailbox: Mailbox, number: int, chats: int) -> None:
    """So many webhooks at once on one side, so many conversations at once on the other."""
    first = number * chats
    arrivals = (
        (f"{number}-{chat}-{turn}", first + chat) for turn in range(EACH) for chat in range(chats)
    )

    async def webhook() -> None:
        for name, chat in arrivals:
            await mailbox.accept(name, chat)

    await asyncio.gather(_engines(mailbox, chats * EACH), *(webhook() for _ in range(WEBHOOKS)))


async def _engines(mailbox: Mailbox, messages: int) -> None:
    """Claim and handle until all messages are done."""
    busy: set[asyncio.Task[int]] = set()
    done = 0
    while done < messages:
        room = ENGINES - len(busy)
        claimed = await mailbox.claim(min(CLAIM, room)) if room else []
        busy |= {asyncio.create_task(mailbox.handle(one)) for one in claimed}
        if not claimed:
            await asyncio.sleep(0.001)
        ended = {task for task in busy if task.done()}
        busy -= ended
        done += sum(task.result() for task in ended)
