"""Can several processes share what an adapter keeps, without losing each other's part?"""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection

from tests.storage.house import House
from wijkbot.storage import channel_state

PLACE = ("street", "windows")


async def test_changes_at_the_same_moment_all_count(house: House) -> None:
    """Also the first ones, when there is nothing yet."""

    def add(letter: bytes) -> None:
        def store(conn: Connection) -> None:
            channel_state.alter(
                conn, house.sealer, PLACE, lambda kept: (kept or b"") + letter, house.now
            )

        tasks.append(asyncio.create_task(house.write(store)))

    tasks: list[asyncio.Task[None]] = []
    for letter in b"abcdefghijklmnop":
        add(bytes([letter]))
    await asyncio.gather(*tasks)
    kept = await house.database.read(lambda c: channel_state.kept(c, house.sealer, *PLACE))
    assert bytes(sorted(kept or b"")) == b"abcdefghijklmnop"


async def test_first_change_sees_that_nothing_was_kept(house: House) -> None:
    """None, and what a failed change would have made is not there."""
    seen: list[bytes | None] = []

    def broken(kept: bytes | None) -> bytes:
        seen.append(kept)
        raise ZeroDivisionError

    def store(conn: Connection) -> None:
        channel_state.alter(conn, house.sealer, PLACE, broken, house.now)

    results = await asyncio.gather(house.write(store), return_exceptions=True)
    assert isinstance(results[0], ZeroDivisionError)
    assert {None} == set(seen)
    read = house.database.read
    assert await read(lambda c: channel_state.kept(c, house.sealer, *PLACE)) is None
