"""What stands in the group when the bot is killed in the middle of changing an announcement?

The bot is a real process on SQLite, killed with SIGKILL while Telegram works on its request.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.whole import new_sqlite
from tests.living import SATURDAY
from tests.many import write_config
from wijkbot.announcements.extras import Extras
from wijkbot.app import announce_change
from wijkbot.app.announce import announce, plan
from wijkbot.app.assemble import make_adapters, open_house
from wijkbot.app.house import House
from wijkbot.clock import Clock
from wijkbot.settings import load_settings
from wijkbot.storage import chats
from wijkbot.storage.outbox import Status

_SERVE = (
    "import sys; from datetime import datetime; from pathlib import Path;"
    " from tests.announcer import at_moment; from wijkbot.cli import serving;"
    " vars(serving)['Clock'] = at_moment(datetime.fromisoformat(sys.argv[2]));"
    " serving.serve(Path(sys.argv[1]), 'all', 0, ttl_ms=2000)"
)
POLICY = """
[policy]
group_activation = "invite"
pointer = ""
"""
EDIT = "editMessageText"


@asynccontextmanager
async def _served(config: Path, at: datetime) -> AsyncIterator[asyncio.subprocess.Process]:
    """``wijkbot serve`` from that moment on; killed at the end if it still runs."""
    with (config.parent / "serve.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", _SERVE, str(config), at.isoformat()),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            said = (await process.stdout.readline()).decode()
        assert " on port " in said, (config.parent / "serve.log").read_text(encoding="utf-8")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def _worker(config: Path) -> AsyncIterator[House]:
    """The house as a worker's command opens it, beside the bot."""
    clock = Clock()
    clock.shift((SATURDAY - clock.now()).total_seconds())
    house = await open_house(load_settings(config), config.parent, clock)
    await house.library.refresh()
    try:
        yield house
    finally:
        await house.database.close()


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not-done"])
async def test_edit_is_there_once_after_a_kill_in_the_middle_of_it(
    tmp_path: Path, is_done: bool
) -> None:
    """Telegram may have done it or not; either way it stands there, and nothing is said twice."""
    async with LocalBotApi() as api:
        config = write_config(tmp_path, new_sqlite(tmp_path), api)
        config.write_text(config.read_text(encoding="utf-8") + POLICY, encoding="utf-8")
        async with _served(config, SATURDAY) as process, _worker(config) as house:
            api.slow[EDIT] = 2.0
            if not is_done:
                api.fail(EDIT, 500, "Internal Server Error")
            group, edit, text = await _announced_and_edited(api, house)
            await api.until(lambda: bool(api.calls_of(EDIT)), 30)
            process.kill()
            await process.wait()
            await asyncio.sleep(2.5)
            assert (api.sent(group)[1]["text"] == text) is is_done
            api.slow.clear()
            async with _served(config, SATURDAY + timedelta(minutes=10)):
                await api.until(lambda: len(api.calls_of(EDIT)) == 2, 90)
                await api.until(lambda: api.sent(group)[1]["text"] == text, 30)
                async with asyncio.timeout(30):
                    while await _status(house, edit) is not Status.SENT:
                        await asyncio.sleep(0.1)
            assert 2 == len(api.sent(group)), "the hello and the announcement"
            assert 1 == sum(call["text"] == text for call in api.calls_of(EDIT)[1:])


async def _announced_and_edited(api: LocalBotApi, house: House) -> tuple[int, int, str]:
    """The group where an announcement stands, and its change: the number and the new text."""
    group = api.add_group("Zonnewijk", has_bot=False)
    api.bot_is("member", group, by=42)
    await api.wait_sent(group, 1, 30)
    adapters = make_adapters(house.settings, Path(), house.clock)
    groups = await house.database.read(chats.groups)
    made = await plan(house, adapters, "Z4", groups)
    number = (await announce(house, made, "one-press", "worker", Extras())).ids[0]
    await api.wait_sent(group, 2, 30)
    family = await announce_change.found(house, number)
    new = await announce_change.plan_edit(house, adapters, family, "Z1")
    edit = await announce_change.edit(house, family, new, "edit", "worker")
    return group, edit.ids[0], new.previews[0].text


async def _status(house: House, number: int) -> Status:
    (found,) = await announce_change.outcomes(house, [number])
    return found.status
