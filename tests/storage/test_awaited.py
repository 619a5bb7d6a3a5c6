"""Who is written first when many wait?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from sqlalchemy import Connection

from wijkbot.storage.database import Database

Order = list[str]


async def test_what_is_awaited_outside_goes_before_what_waits_longer(
    sqlite_database: Database,
) -> None:
    """With SQLite, where one thread writes; a portion of the others may be under way."""
    order: Order = []
    is_free = threading.Event()

    def note(_conn: Connection, members: Sequence[str]) -> Sequence[None]:
        is_free.wait(10)
        order.extend(members)
        return [None] * len(members)

    is_free.set()
    await sqlite_database.together(note, "the first at the door", is_awaited=True)
    is_free.clear()
    rest = [
        asyncio.create_task(sqlite_database.together(note, f"ordinary {number}"))
        for number in range(60)
    ]
    await asyncio.sleep(0.1)  # the writer has begun with the first of them
    second = asyncio.create_task(
        sqlite_database.together(note, "the second at the door", is_awaited=True)
    )
    await asyncio.sleep(0)
    is_free.set()
    await asyncio.gather(second, *rest)
    assert len(order) == 62
    assert order.index("the second at the door") <= 6
    ordinary = [told for told in order if told.startswith("ordinary")]
    assert ordinary == [f"ordinary {number}" for number in range(60)]


async def test_what_is_awaited_is_not_left_behind_when_the_database_is_closed(
    sqlite_database: Database,
) -> None:
    order: Order = []

    def note(_conn: Connection, members: Sequence[str]) -> Sequence[None]:
        order.extend(members)
        return [None] * len(members)

    tasks = [
        asyncio.create_task(
            sqlite_database.together(note, str(number), is_awaited=number % 2 == 0)
        )
        for number in range(30)
    ]
    await asyncio.sleep(0)
    await sqlite_database.close()
    await asyncio.gather(*tasks)
    assert sorted(map(int, order)) == list(range(30))
