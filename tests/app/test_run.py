"""Do the loops of the bot outlive trouble, and die loudly of a bug?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from wijkbot.app.loops import LoopDiedError, keep_running
from wijkbot.app.run import lock_folder
from wijkbot.settings import SettingsError
from wijkbot.storage.errors import DatabaseAway


async def test_loop_goes_on_when_the_database_is_back() -> None:
    """Two failures of the database, then work."""
    runs: list[int] = []

    async def loop() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise DatabaseAway("the database is away", "start it")

    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    await keep_running(loop, failed, pause=0)
    assert (3, False) == (len(runs), failed.done())


async def test_bug_in_a_loop_is_loud() -> None:
    """The process must not go on half."""

    async def loop() -> None:
        raise ZeroDivisionError

    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    await keep_running(loop, failed)
    with pytest.raises(LoopDiedError, match="ZeroDivisionError"):
        failed.result()


def test_folder_is_served_by_one_process(tmp_path: Path) -> None:
    """A second one is refused, and may begin when the first is gone."""
    first = lock_folder(tmp_path)
    with pytest.raises(SettingsError, match="another wijkbot serves this folder"):
        lock_folder(tmp_path)
    first.close()
    lock_folder(tmp_path).close()
