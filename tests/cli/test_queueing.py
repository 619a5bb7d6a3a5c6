"""Can an operator see what is stuck and mend it, without reading anybody's words?"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, func, select
from typer.testing import CliRunner

from wijkbot.app.assemble import KEY_FILE, database_url, ensure_key, ensure_schema
from wijkbot.cli.main import app
from wijkbot.cli.queueing import REASONS_OUT
from wijkbot.clock import Clock
from wijkbot.engine.words import Purpose
from wijkbot.settings import load_settings
from wijkbot.storage import chats, conversations, inbox, items, lanes, limiter, outbox, seal
from wijkbot.storage.open import open_database
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import chat as chat_table
from wijkbot.storage.tables import inbox as inbox_table
from wijkbot.storage.tables import lane as lane_table

TOML = """
[organisation]
name = "De Brug"
country = "BE"
[channels.zonnewijk]
adapter = "sandbox"
"""
WORDS = b"ik zoek hulp, 0470 12 34 56"
HOUR = 3_600_000

Work = Callable[[Connection, Sealer, int], object]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation with published texts, to be copied."""
    made = tmp_path_factory.mktemp("wijk")
    (made / "wijkbot.toml").write_text(TOML, encoding="utf-8")
    ensure_key(made, Clock())
    ensure_schema(load_settings(made / "wijkbot.toml"), made)
    done = CliRunner().invoke(app, ["publish", "-c", str(made / "wijkbot.toml")])
    assert done.exit_code == 0, done.output
    return made


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """An organisation in which nothing happened yet."""
    return Path(shutil.copytree(published, tmp_path / "wijk"))


def do(folder: Path, work: Work, ago_ms: int = 0) -> object:
    """Something that happened in the house, so long ago."""
    clock = Clock()

    async def run() -> object:
        settings = load_settings(folder / "wijkbot.toml")
        database = open_database(database_url(settings, folder))
        sealer = Sealer(seal.load_key_file(folder / KEY_FILE), clock.random_bytes)
        await database.write(lambda conn: seal.check_key(conn, sealer))
        await seal.rotate(database, sealer, clock.now_ms())
        result = await database.write(lambda conn: work(conn, sealer, clock.now_ms() - ago_ms))
        await database.close()
        return result

    return asyncio.run(run())


def arrive(conn: Connection, sealer: Sealer, now_ms: int, name: str = "e1") -> None:
    new = inbox.Arrival("zonnewijk", name, "kamer-7", True, "fien", WORDS, now_ms)
    inbox.accept(conn, sealer, [new], now_ms)


def bury(conn: Connection, sealer: Sealer, now_ms: int) -> None:
    arrive(conn, sealer, now_ms)
    (claimed,) = conversations.claim(conn, sealer, now_ms)
    conversations.bury(conn, claimed, "KeyError", now_ms)


def say(conn: Connection, sealer: Sealer, now_ms: int) -> None:
    book = items.current(conn)
    assert book is not None
    version = book.items[""]["T08"]
    newcomer = chats.Newcomer("zonnewijk", "kamer-7", True)
    (chat_id,) = chats.meet(conn, sealer, [newcomer], now_ms).values()
    draft = Draft(chat_id, Lane.REPLY, "k1", Purpose.INFO, "T08", version, "nl", WORDS)
    outbox.append(conn, sealer, draft, now_ms)


def ended(status: Status, error: str) -> Work:
    def work(conn: Connection, sealer: Sealer, now_ms: int) -> None:
        say(conn, sealer, now_ms)
        (out,) = lanes.claim(conn, sealer, "zonnewijk", now_ms)
        lanes.settle(conn, out, status, now_ms, error=error)

    return work


def queue(folder: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["queue", *options, "-c", str(folder / "wijkbot.toml")])
    return done.exit_code, done.output


def counted(folder: Path, column: Column[int]) -> object:
    return do(folder, lambda conn, _, __: conn.execute(select(func.sum(column))).scalar())


def test_an_empty_queue_says_so(folder: Path) -> None:
    assert queue(folder) == (
        0,
        "Nothing is stuck: no dead letters, and no message of unknown fate.\n",
    )


def test_letters_are_listed_with_reason_and_next_step_and_no_words(folder: Path) -> None:
    do(folder, bury, 3 * HOUR)
    do(folder, ended(Status.DEAD, "window"), 2 * HOUR)
    code, told = queue(folder)
    assert code == 0
    first, second = (line for line in told.splitlines() if line.startswith(("i-", "o-")))
    assert first.startswith("i-1-1 ")
    assert "zonnewijk" in first
    assert "3 h" in first
    assert "KeyError" in first
    assert "conversation-failed" in first
    assert second.startswith("o-1-1 ")
    assert "info" in second
    assert REASONS_OUT["window"] in second
    assert "wijkbot queue --requeue i-1-1" in told
    for secret in ("hulp", "0470", "fien", "kamer-7"):
        assert secret not in told


def test_a_letter_is_put_in_again_by_number(folder: Path) -> None:
    do(folder, bury)
    code, told = queue(folder, "--requeue", "i-1-1")
    assert (code, told.splitlines()[0]) == (0, "1 put in again.")
    assert counted(folder, inbox_table.c.seq) == 1 + 2
    assert "Nothing is stuck" in queue(folder)[1]
    code, told = queue(folder, "--requeue", "i-1-1")
    assert code == 1
    assert "i-1-1: there is no such letter" in told


def test_all_that_can_be_is_put_in_again(folder: Path) -> None:
    do(folder, bury)
    do(folder, ended(Status.DEAD, "content"))
    code, told = queue(folder, "--requeue-all")
    assert (code, told.splitlines()[0]) == (0, "2 put in again.")
    assert counted(folder, lane_table.c.out_seq) == 2
    code, told = queue(folder, "--requeue-all")
    assert (code, told) == (0, "There is nothing that can be put in again; see: wijkbot queue\n")


def test_what_may_have_arrived_is_not_sent_again(folder: Path) -> None:
    do(folder, ended(Status.UNKNOWN, "stopped while sending"))
    code, told = queue(folder)
    assert code == 0
    assert REASONS_OUT["stopped while sending"] in told
    assert "wijkbot queue --drop o-1-1" in told
    code, told = queue(folder, "--requeue", "o-1-1")
    assert code == 1
    assert "nobody knows whether it arrived" in told
    assert counted(folder, lane_table.c.out_seq) == 1
    code, told = queue(folder, "--drop", "o-1-1")
    assert (code, told) == (0, "1 dropped.\n")
    assert "Nothing is stuck" in queue(folder)[1]


def test_a_chat_that_is_over_is_told(folder: Path) -> None:
    do(folder, ended(Status.DEAD, "window"))
    do(folder, lambda conn, _, now: conn.execute(chat_table.update().values(left_at=now)))
    assert "the chat is closed" in queue(folder)[1]
    code, told = queue(folder, "--requeue", "o-1-1")
    assert code == 1
    assert "o-1-1: the chat is closed" in told


def test_a_reason_in_a_platforms_own_words_is_not_shown(folder: Path) -> None:
    do(folder, ended(Status.DEAD, "bad <fien@example.org>\x1b[31m"))
    told = queue(folder)[1]
    assert "@" not in told
    assert "\x1b" not in told
    assert "look at the log" in told


def test_a_letter_is_not_dropped_and_put_in_again_at_once(folder: Path) -> None:
    do(folder, bury)
    done = CliRunner().invoke(
        app,
        ["queue", "--requeue", "i-1-1", "--drop", "i-1-1", "-c", str(folder / "wijkbot.toml")],
    )
    assert "--drop" in str(done.exception)
    assert counted(folder, inbox_table.c.seq) == 1


def test_help_has_an_example() -> None:
    told = CliRunner().invoke(app, ["queue", "--help"]).output
    assert "Example: wijkbot queue --requeue i-12-3" in told


def doctor(folder: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor", "-c", str(folder / "wijkbot.toml")])
    return done.exit_code, done.output


def test_doctor_is_content_with_an_empty_house(folder: Path) -> None:
    code, told = doctor(folder)
    assert "ok    waiting: 0 in, 0 out" in told
    assert code == 0


def test_doctor_calls_a_message_that_waits_six_minutes_bad(folder: Path) -> None:
    do(folder, arrive, HOUR // 10)
    code, told = doctor(folder)
    assert "BAD   waiting on zonnewijk: 1 in; oldest unprocessed 6 min" in told
    assert "is wijkbot serve running?" in told
    assert code == 1


def test_doctor_has_patience_for_four_minutes(folder: Path) -> None:
    do(folder, arrive, 4 * 60_000)
    code, told = doctor(folder)
    assert "ok    waiting on zonnewijk: 1 in; oldest unprocessed 4 min" in told
    assert code == 0


def test_doctor_tells_of_unsent_dead_unknown_and_the_rate(folder: Path) -> None:
    do(folder, bury)
    do(folder, ended(Status.UNKNOWN, "no answer of the platform"))
    do(folder, say, HOUR)

    def hold(conn: Connection, _: Sealer, now_ms: int) -> None:
        limiter.configure(conn, "zonnewijk", 30, 5)
        limiter.hold(conn, "zonnewijk", now_ms + HOUR)

    do(folder, hold)
    code, told = doctor(folder)
    assert "warn  dead letters: 1 given up on" in told
    assert "wijkbot queue" in told
    assert "warn  unknown: 1 message(s)" in told
    assert "warn  rate of zonnewijk: at most 30 a second, 5 at once; held for 59 min" in told
    assert code == 0
