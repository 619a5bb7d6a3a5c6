"""Is a resident never readable on the disk of PostgreSQL, also in a backlog, and gone after WIS?

The real Telegram library, a process for each part of the work, and all files of the server:
tables, indexes, its journal and its log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url, select, text

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.end_to_end.test_no_trace import CANARIES, JOB, STORY, claimed_until, sweep
from tests.many import fresh_database, processes, write_config
from tests.traces import (
    in_files,
    in_told,
    left_in_rows,
    postgres_dump,
    rows_of,
    unsettled_answers,
    waiting_answers,
    waiting_events,
)
from wijkbot.clock import Clock
from wijkbot.storage import limiter, stays
from wijkbot.storage.database import Database
from wijkbot.storage.open import open_database
from wijkbot.storage.seal import Sealer, load_key_file
from wijkbot.storage.tables import chat
from wijkbot.storage.url import parse_url

QUIRINA, ZOE = 8123456789, 42
WORDS = (str(QUIRINA), "Quirina Kwartelkoning", "Kwartelkoning", *CANARIES)


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as made:
        yield made


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = open_database(url)
    yield opened
    await opened.close()


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalBotApi]:
    async with LocalBotApi() as server:
        server.world.names[QUIRINA] = WORDS[1]
        # these processes have the clock of today: what was said long ago is not carried out
        monkeypatch.setattr(server.world, "now", lambda: Clock().now_ms() // 1000)
        yield server


@pytest.fixture
def config(tmp_path: Path, url: str, api: LocalBotApi) -> Path:
    made = write_config(tmp_path, url, api)
    with made.open("a", encoding="utf-8") as more:
        more.write('[policy]\ngroup_activation = "invite"\npointer = ""\n')
    return made


def _member(config: Path) -> str:
    """The resident's pseudonym."""
    key_file = load_key_file(config.parent / "wijkbot.key")
    return Sealer(key_file, Clock().random_bytes).member("buurt", str(QUIRINA))


def _says(api: LocalBotApi, *texts: str) -> None:
    for said in texts:
        api.user_says(QUIRINA, QUIRINA, said)


async def _until(database: Database, holds: Callable[[Connection], bool]) -> None:
    async with asyncio.timeout(10):
        while not await database.read(holds):
            await asyncio.sleep(0.05)


def _is_nowhere(url: str, config: Path) -> None:
    """No word, number or name in the dump, in a file of server or bot, or in a log."""
    folder = config.parent
    engine = create_engine(parse_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text("CHECKPOINT"))
    engine.dispose()
    home = Path(str(make_url(url).query["host"]))
    assert [] != in_files(home / "data" / "base", [_member(config)]), "what is there is found"
    assert (home / "data" / "pg_wal").is_dir()
    assert [] == in_files(home, WORDS)
    assert [] == in_files(folder, WORDS)
    assert [] == in_told(postgres_dump(url), WORDS)
    logs = [log.read_text(encoding="utf-8") for log in folder.glob("*.log")]
    assert [] == in_told("".join(logs), WORDS)
    assert any("'accepted'" in log for log in logs)


def _begin_vote(conn: Connection) -> None:
    """As at the end of the group's trial."""
    (number,) = conn.execute(select(chat.c.id).where(~chat.c.is_private)).scalars()
    stays.begin_vote(conn, number, Clock().now_ms())


async def test_nothing_is_readable_while_messages_wait(
    config: Path, url: str, api: LocalBotApi, database: Database
) -> None:
    """A backlog of events that nobody takes, then one of answers that cannot leave."""
    member, later = _member(config), Clock().now_ms() + 3_600_000
    async with processes(config, "all"):
        _says(api, JOB[0])
        await api.wait_sent(QUIRINA)
        await _until(database, lambda conn: waiting_events(conn) == 0)
        await database.write(lambda conn: claimed_until(conn, member, later))
        _says(api, *JOB[1:6], STORY)
        await _until(database, lambda conn: waiting_events(conn) == 6)
        _is_nowhere(url, config)

        await database.write(lambda conn: limiter.hold(conn, "buurt", later))
        await database.write(lambda conn: claimed_until(conn, member, 0))
        await _until(database, lambda conn: waiting_answers(conn) == 6)
        assert 0 == await database.read(waiting_events)
        _is_nowhere(url, config)


async def test_only_hmacs_are_left_after_wis(
    config: Path, url: str, api: LocalBotApi, database: Database
) -> None:
    """Of a vote, a story in the group, an odd job, one half open, and an opt-out."""
    member = _member(config)
    async with processes(config, "all"):
        group = api.add_group("Zonnewijk", has_bot=False)
        api.bot_is("member", group, by=ZOE)
        await api.wait_sent(group, 1)
        await database.write(_begin_vote)
        for said in ("ja", STORY, "klusje"):
            api.user_says(group, QUIRINA, f"@wijkbot {said}")
        _says(api, *JOB, "stop nieuws", *JOB[:5])
        there = {"consent": 0, "conversation": 2, "odd_job": 1, "opt_out": 1}
        there |= {"token": 1, "vote": 1}
        await _until(database, lambda conn: rows_of(conn, member) == there)
        await _until(database, lambda conn: waiting_events(conn) == 0)
        _is_nowhere(url, config)
        assert await database.read(lambda conn: left_in_rows(conn, member)) != []

        _says(api, "wis", "ja")
        async with asyncio.timeout(10):
            while "gewist" not in str(api.sent(QUIRINA)[-1]["text"]):
                await asyncio.sleep(0.05)
        await _until(database, lambda conn: unsettled_answers(conn) == 0)
        await database.write(lambda conn: sweep(conn, Clock().now_ms()))
        there |= {"odd_job": 0, "token": 0, "vote": 0}
        assert there == await database.read(lambda conn: rows_of(conn, member))
        left = await database.read(lambda conn: left_in_rows(conn, member))
        assert [] == left, "only HMACs, moments and counters"
        _is_nowhere(url, config)
