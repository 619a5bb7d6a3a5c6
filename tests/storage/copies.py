"""Which short words do the tests of backup and restore share?"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, func, select, text

from tests.storage.house import House
from wijkbot.storage import backup, jobs
from wijkbot.storage.entries import Entry
from wijkbot.storage.jobs import JobDraft
from wijkbot.storage.open import open_database
from wijkbot.storage.replay import Restored
from wijkbot.storage.restore import Wishes, restore
from wijkbot.storage.seal import Sealer, rotate
from wijkbot.storage.tables import odd_job
from wijkbot.storage.url import parse_url

HOUR = 3_600_000
DAY = 24 * HOUR


def quietly(_done: int, _whole: int) -> None:
    """Hear nothing of the progress."""


def next_hour(rule: str, _zone: str, _planned: int, now_ms: int) -> int | None:
    """Falls due again in an hour, when it has a rule at all."""
    return now_ms + 3_600_000 if rule else None


class Copies:
    """One database, its backups, and the verbs of the operator."""

    def __init__(self, url: str, folder: Path, house: House) -> None:
        self.url = url
        self.folder = folder
        self.house = house

    def back_up(self, name: str = "copy", *, replaces: bool = False) -> Path:
        """Copy the database, at the moment of the house."""
        target = self.folder / (name + backup.suffix(self.url))
        backup.back_up(self.url, target, self.house.now, quietly, replaces=replaces)
        return target

    async def put_back(
        self,
        source: Path,
        *entries: Entry,
        replaces: bool = True,
        is_newest: bool = False,
        sealer: Sealer | None = None,
    ) -> Restored:
        """Restore, with nobody connected; the house is open again afterwards."""
        await self.house.database.close()
        wishes = Wishes(entries, next_hour, replaces=replaces, is_newest=is_newest)
        try:
            return restore(
                self.url, source, sealer or self.house.sealer, wishes, self.house.now, quietly
            )
        finally:
            self.house.database = open_database(self.url, takes_given_clock=True)
            await rotate(self.house.database, self.house.sealer, self.house.now)


def anna(house: House) -> str:
    return house.sealer.member("street", "anna")


def execute(url: str, *statements: str, is_apart: bool = False) -> None:
    """Run statements; ``is_apart``: each without a transaction."""
    engine = create_engine(parse_url(url))
    if is_apart:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.begin() as conn:
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()


async def note_job(house: House, member: str) -> None:
    draft = JobDraft("help", "garden", "the hedge", "", "", member, None, house.now + DAY)
    await house.write(lambda conn: jobs.add(conn, house.sealer, draft, house.now))


async def count_jobs(house: House) -> int:
    query = select(func.count()).select_from(odd_job)
    return await house.database.read(lambda conn: int(conn.execute(query).scalar_one()))
