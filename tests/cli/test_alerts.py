"""Does the terminal show of an alert its class and the way to it alone, and forget on request?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from tests.cli.test_announce_later import _join, _run
from wijkbot.app.assemble import open_house
from wijkbot.app.house import House
from wijkbot.clock import Clock
from wijkbot.settings import load_settings
from wijkbot.storage import alerts, chats, overheard, peers, tables
from wijkbot.storage.alerts import AlertDraft
from wijkbot.storage.peers import Waiting

LINK = "https://t.me/c/1234567890/56"
DRAFTS = (
    AlertDraft(f"{overheard.KEY}one", "help_personal", 1, LINK),
    AlertDraft(f"{overheard.KEY}two", "crisis_suicide", 1),
    AlertDraft("written-to-the-bot", "crisis_medical", 1),
    AlertDraft("private", "crisis_violence"),
)
WAITING = Waiting("w", 1, "", "member", "F10", "nl", 10**15)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An organisation whose bot listens in one group, and does not run."""
    made = tmp_path / "wijk"
    subprocess.run([sys.executable, "-m", "wijkbot", "init", str(made)], check=True)
    assert 0 == _run(made, "publish").returncode
    asyncio.run(_join(made))
    _with_house(made, _overhear)
    return made


def _overhear(conn: Connection, house: House) -> None:
    chats.configure(conn, 1, mode="listen")
    alerts.raise_all(conn, house.sealer, DRAFTS, house.clock.now_ms())
    peers.wait(conn, WAITING)


def _with_house(folder: Path, work: Callable[[Connection, House], Any]) -> Any:
    async def run() -> Any:
        house = await open_house(load_settings(folder / "wijkbot.toml"), folder, Clock())
        try:
            return await house.database.write(lambda c: work(c, house))
        finally:
            await house.database.close()

    return asyncio.run(run())


def _keys(folder: Path, table: Table) -> set[str]:
    found: set[str] = _with_house(
        folder, lambda conn, _: set(conn.execute(select(table.c.key)).scalars())
    )
    return found


def test_alert_shows_class_group_and_link_and_not_a_word_more(folder: Path) -> None:
    """The worst first; a message without a link says where to look."""
    lines = _run(folder, "alerts").stdout.splitlines()
    words = [line.split() for line in lines]
    assert ["red", "red", "red", "amber"] == [line[1] for line in words]
    (amber,) = [line for line in words if line[1] == "amber"]
    number, colour, label, where, group, day, moment, *link = amber
    assert ["amber", "help_personal", "group", "1", LINK] == [colour, label, where, group, *link]
    assert number.isdecimal() and len(day) == len("21-11") and len(moment) == len("10:00")
    for line in lines[:3]:
        assert line.endswith("(no link: look in the app)")
    assert 1 == sum("private chat" in line for line in lines)


def test_alert_that_somebody_looked_at_is_gone(folder: Path) -> None:
    number = _run(folder, "alerts").stdout.split()[0]
    assert 3 == len(_run(folder, "alerts", "--done", number).stdout.splitlines())
    again = _run(folder, "alerts", "--done", number)
    assert 2 == again.returncode
    assert f"there is no alert {number}" in again.stderr


def test_group_that_ends_listening_forgets_what_was_overheard_at_once(folder: Path) -> None:
    """What was written to the bot itself stays: somebody in danger asked for it."""
    done = _run(folder, "groups", "--mention", "1")
    assert 0 == done.returncode, done.stderr
    assert "listens" not in done.stdout
    assert {"written-to-the-bot", "private"} == _keys(folder, tables.alert)
    assert set() == _keys(folder, tables.waiting_answer)
