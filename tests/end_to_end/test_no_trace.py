"""Is a resident never readable on the disk of SQLite, also in a backlog, and gone after WIS?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from tests.living import LivingBot, living_bot
from tests.traces import (
    in_files,
    in_told,
    left_in_rows,
    rows_of,
    sqlite_dump,
    waiting_answers,
    waiting_events,
)
from wijkbot.app.stays import tend_trials
from wijkbot.storage import limiter, retention
from wijkbot.storage.tables import conversation
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import BOT, GROUP, private_chat

pytestmark = pytest.mark.usefixtures("logging_in_earnest")

CHANNELS = {"wijk": {"adapter": "sandbox"}}
CANARIES = ("kwikstaartje", "ijsvogelnest", "roodborstvilla")
"""Words that stand in messages of this resident and in nothing of the house."""
WORDS = ("momo", "private-momo", "Momo Modelbuur", "Modelbuur", *CANARIES)
JOB = (
    "klusje",
    "ik zoek hulp",
    "ja",
    "lamp of plank",
    f"een {CANARIES[0]} ophangen",
    f"bij het {CANARIES[1]}",
    "deze week",
    "ja hoor",
)
STORY = f"ik kan mijn huur niet betalen, zegt het {CANARIES[2]}"


class Momo:
    """A resident of the pretend group app, who waits for each answer."""

    def __init__(self, living: LivingBot) -> None:
        adapter = living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        self.adapter = adapter
        self.house = living.bot.house
        self.folder = living.folder
        self.member = self.house.sealer.member("wijk", "momo")

    def heard(self, where: str = "private") -> list[str]:
        """What the bot said there."""
        place = GROUP if where == GROUP else private_chat("momo")
        return [line.text for line in self.adapter.world.lines(place) if line.author == BOT]

    async def says(self, *texts: str, where: str = "private") -> str:
        """Say these one after the other, look at the disk each time; gives the last answer."""
        for said in texts:
            count = len(self.heard(where)) + 1
            await self.adapter.say("momo", where, said)
            await self._until(lambda before=count: len(self.heard(where)) >= before)  # type: ignore[misc]
            self.is_nowhere()
        return self.heard(where)[-1]

    def is_nowhere(self) -> None:
        """No word, name or address in any file or in the dump, at this moment."""
        assert [] != in_files(self.folder, [self.member]), "what is there is found"
        assert [] == in_files(self.folder, WORDS)
        assert [] == in_told(sqlite_dump(self.folder / "wijkbot.db"), WORDS)

    async def votes(self) -> None:
        """The trial of the group is over; this resident presses "yes"."""
        await self._until(lambda: len(self.heard(GROUP)) == 1)
        self.house.clock.shift(timedelta(days=14, hours=1).total_seconds())
        assert 1 == await tend_trials(self.house)
        await self._until(lambda: "vote" in self.choices())
        await self.adapter.choose("momo", GROUP, "vote.yes", "Ja")
        await self.rows(lambda conn: rows_of(conn, self.member)["vote"] == 1)

    def choices(self) -> str:
        """What can be pressed in the group."""
        lines = self.adapter.world.lines(GROUP)
        return " ".join(choice.id for line in lines for choice in line.choices)

    async def uses_everything(self) -> None:
        """Votes, asks, tells a story, leaves one odd job noted and one half open, opts out."""
        await self.votes()
        await self.says(f"waar kan ik printen bij het {CANARIES[0]}?")
        await self.says(f"@wijkbot {STORY}", "@wijkbot klusje", where=GROUP)
        await self.says("aanmelden", "ja")
        await self.says(*JOB, "stop nieuws", *JOB[:5])

    async def rows(self, holds: Callable[[Connection], bool]) -> None:
        """Wait until this can be said of the database."""
        async with asyncio.timeout(5):
            while not await self.house.database.read(holds):
                await asyncio.sleep(0.02)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                await asyncio.sleep(0.02)


def sweep(conn: Connection, now_ms: int) -> None:
    """What every minute does."""
    while any(retention.sweep(conn, now_ms).values()):
        continue


def claimed_until(conn: Connection, member: str, at: int) -> None:
    """As if a process that stands still had claimed what this resident says."""
    mine = conversation.c.member_hmac == member
    conn.execute(update(conversation).where(mine).values(due_at=at))


def _check_log(capfd: pytest.CaptureFixture[str]) -> None:
    said = "".join(capfd.readouterr())
    assert "'accepted'" in said
    assert [] == in_told(said, WORDS)


async def test_words_and_names_are_never_readable_and_gone_after_wis(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """File, journal and dump after each message, and the logs; after WIS only HMACs."""
    async with living_bot(tmp_path, CHANNELS) as living:
        momo, house = Momo(living), living.bot.house
        await momo.uses_everything()
        there = await house.database.read(lambda conn: rows_of(conn, momo.member))
        kept = {"consent": 2, "conversation": 2}
        assert kept | {"odd_job": 1, "opt_out": 1, "token": 1, "vote": 1} == there
        assert await house.database.read(lambda conn: left_in_rows(conn, momo.member)) != []

        assert "gewist" in await momo.says("wis", "ja")
        now_ms = house.clock.now_ms()
        await house.database.write(lambda conn: sweep(conn, now_ms))
        momo.is_nowhere()
        there = await house.database.read(lambda conn: rows_of(conn, momo.member))
        assert kept | {"odd_job": 0, "opt_out": 1, "token": 0, "vote": 0} == there
        left = await house.database.read(lambda conn: left_in_rows(conn, momo.member))
        assert [] == left, "only HMACs, moments and counters"
    momo.is_nowhere()
    _check_log(capfd)


async def test_nothing_is_readable_while_messages_wait(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A backlog of events that nobody takes, then one of answers that cannot leave."""
    async with living_bot(tmp_path, CHANNELS) as living:
        momo, database = Momo(living), living.bot.house.database
        await momo.says(*JOB[:4])
        later = living.bot.house.clock.now_ms() + 3_600_000
        await database.write(lambda conn: claimed_until(conn, momo.member, later))
        for said in (*JOB[4:7], STORY):
            await momo.adapter.say("momo", "private", said)
        assert 4 == await database.read(waiting_events)
        momo.is_nowhere()

        await database.write(lambda conn: limiter.hold(conn, "wijk", later))
        await database.write(lambda conn: claimed_until(conn, momo.member, 0))
        await momo.rows(lambda conn: waiting_answers(conn) == 4)
        assert 0 == await database.read(waiting_events)
        momo.is_nowhere()
    momo.is_nowhere()
    _check_log(capfd)
