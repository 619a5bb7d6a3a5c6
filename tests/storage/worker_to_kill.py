"""What does a process do while it is killed? It accepts and handles, and tells what it promised.

Started by test_power.py: the database url, the key file, and the number of the round.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from tests.storage.house import House, arrival
from wijkbot.clock import Clock
from wijkbot.storage import leases
from wijkbot.storage.database import open_database
from wijkbot.storage.seal import Sealer, load_key_file, rotate


async def main(url: str, key_file: str, number: str) -> None:
    sealer = Sealer(load_key_file(Path(key_file)), Clock().random_bytes)
    database = open_database(url)
    house = House(database, sealer)
    await rotate(database, sealer, house.now)
    await database.write(lambda conn: leases.recover(conn, house.now))

    async def accept(count: int) -> None:
        name = f"{number}-{count}"
        await house.accept(arrival(name, member=f"member-{count % 5}"))
        sys.stdout.write(sealer.pseudonym("event", "street", name) + "\n")
        sys.stdout.flush()

    for start in range(0, 100_000, 4):
        await asyncio.gather(*(accept(start + step) for step in range(4)))
        for claimed in await house.claim():
            await house.finish(claimed, state=b"state")


asyncio.run(main(*sys.argv[1:]))
