"""Does a claim cost the same however much waits?"""

from __future__ import annotations

import time
from functools import partial

from sqlalchemy import Connection, text

from bench.delivery.mailbox import Mailbox
from wijkbot.storage.dialect import is_sqlite

LEVELS = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
CLAIMED, TIMES = 50, 120

# Rows as the bot would make them, but made by the database: only their number counts here.
_FILL = (
    """INSERT INTO chat (id, channel, address_hmac, address_sealed, is_private, created_at)
       SELECT n, 'street', 'hmac-' || n, {bytes}, true, 0 FROM {numbers}""",
    """INSERT INTO conversation (id, key, chat_id, member_hmac, in_seq, done_seq, due_at, last_at)
       SELECT n, 'conversation-' || n, n, 'member-' || n, 1, 0, n, 0 FROM {numbers}""",
    """INSERT INTO inbox (conversation_id, seq, channel, external_id, payload_sealed, received_at)
       SELECT n, 1, 'street', 'event-' || n, {bytes}, 0 FROM {numbers}""",
    """INSERT INTO lane (id, chat_id, channel, class, out_seq, sent_seq, due_at)
       SELECT n, n, 'street', 1, 1, 0, n FROM {numbers}""",
    """INSERT INTO outbox (lane_id, seq, key, purpose, item_id, item_version, values_sealed,
                           created_at)
       SELECT n, 1, 'key-' || n, 'info', 'T08', 1, {bytes}, 0 FROM {numbers}""",
)


async def measure(mailbox: Mailbox, *, is_quick: bool) -> dict[str, float]:
    """The middle of many claims at each level; what was claimed stays claimed."""
    figures, first = {}, 1
    for name, level in LEVELS.items():
        last = min(level, 20_000 + first) if is_quick else level
        for statement in _FILL:
            filling = partial(_fill, statement=statement, first=first, last=last)
            await mailbox.database.write(filling)
        await mailbox.database.write(_settle_down)
        first = last + 1
        figures[f"claim_{name}_ms"] = await _conversations(mailbox)
        figures[f"lane_claim_{name}_ms"] = await _lanes(mailbox)
    return figures


def _fill(conn: Connection, statement: str, first: int, last: int) -> None:
    if is_sqlite(conn):
        numbers = (
            f"(WITH RECURSIVE count(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM count"
            f" WHERE n < {last}) SELECT n FROM count) AS numbers"
        )
        content = "zeroblob(180)"
    else:
        numbers = f"generate_series({first}, {last}) AS numbers (n)"
        content = "decode(repeat('00', 180), 'hex')"
    conn.execute(text(statement.format(numbers=numbers, bytes=content)))


def _settle_down(conn: Connection) -> None:
    """The database's own chores after such a fill are not what a claim costs."""
    conn.execute(text("ANALYZE"))
    if not is_sqlite(conn):
        conn.execute(text("CHECKPOINT"))


async def _conversations(mailbox: Mailbox) -> float:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        claimed = await mailbox.claim(CLAIMED)
        took.append(time.perf_counter() - began)
        assert len(claimed) == CLAIMED
    return _middle_ms(took)


async def _lanes(mailbox: Mailbox) -> float:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        rows = await mailbox.take(CLAIMED)
        took.append(time.perf_counter() - began)
        assert len(rows) == CLAIMED
    return _middle_ms(took)


def _middle_ms(took: list[float]) -> float:
    return round(sorted(took)[len(took) // 2] * 1000, 3)
