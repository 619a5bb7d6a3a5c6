"""How fast does one announcement reach 100,000 chats, as far as the mailboxes go?"""

from __future__ import annotations

import asyncio
import time
from functools import partial

from sqlalchemy import Connection, text

from bench.delivery.mailbox import VALUES, Mailbox
from wijkbot.storage import broadcasts, chats
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft, LocalDay
from wijkbot.storage.chats import Chat, Newcomer

CHATS, CLAIMED = 100_000, 200
TODAY = LocalDay("2026-11-21", "2026-W47")


async def measure(mailbox: Mailbox, *, is_quick: bool) -> dict[str, float]:
    """Rows made by the cursor, then claimed and settled as sent until none is left.

    Making and sending are the work of different processes, so the slower of the two says how fast
    an announcement goes; ``fanout_total_per_s`` is what one process does that does both.
    """
    count = CHATS // 10 if is_quick else CHATS
    await _meet(mailbox, count)
    began = time.perf_counter()
    await _make(mailbox)
    made = time.perf_counter()
    # on PostgreSQL several senders work for one account; SQLite has one writer in any case
    senders = 1 if mailbox.database.is_embedded else 2
    sent = sum(await asyncio.gather(*(_send(mailbox) for _ in range(senders))))
    ended = time.perf_counter()
    assert sent == count, sent
    return {
        "fanout_rows_per_s": round(count / max(made - began, ended - made), 1),
        "fanout_made_per_s": round(count / (made - began), 1),
        "fanout_sent_per_s": round(count / (ended - made), 1),
        "fanout_total_per_s": round(count / (ended - began), 1),
    }


async def _meet(mailbox: Mailbox, count: int) -> None:
    """Groups that the bot is in, with addresses that open."""
    for start in range(0, count, 2_000):
        await mailbox.database.write(partial(_meet_some, mailbox=mailbox, start=start))
    await mailbox.database.write(_analyse)


def _meet_some(conn: Connection, mailbox: Mailbox, start: int) -> None:
    new = [Newcomer("street", f"g-{n}", False) for n in range(start, start + 2_000)]
    chats.meet(conn, mailbox.sealer, new, mailbox.clock.now_ms())


def _analyse(conn: Connection) -> None:
    conn.execute(text("ANALYZE"))


async def _make(mailbox: Mailbox) -> None:
    now_ms = mailbox.clock.now_ms()
    draft = BroadcastDraft("bench", "T08", 1, VALUES)
    number = await mailbox.database.write(
        lambda c: broadcasts.create(c, mailbox.sealer, draft, Audience(), now_ms)
    )

    def step(conn: Connection) -> bool:
        return broadcasts.expand(conn, number, _everybody, now_ms).done

    while not await mailbox.database.write(step):
        pass


def _everybody(found: list[Chat]) -> dict[int, LocalDay]:
    return {one.id: TODAY for one in found}


async def _send(mailbox: Mailbox) -> int:
    count = 0
    while True:
        rows = await mailbox.take(CLAIMED)
        if not rows:
            return count
        count += len(rows)
        await mailbox.sent(rows)
