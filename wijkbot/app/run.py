"""What runs while the bot is up? Its loops, started in order and stopped in order."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import structlog

from wijkbot.adapter_api import Adapter, ConfigError
from wijkbot.app.assemble import Bot
from wijkbot.app.house import House
from wijkbot.app.library import Library
from wijkbot.app.publish import check_folder, problems_of, publish
from wijkbot.app.receive import ChannelPort
from wijkbot.settings import SettingsError
from wijkbot.storage import leases, retention, seal
from wijkbot.storage.errors import StorageProblem

log = structlog.get_logger()

REFRESH_SECONDS = 1.0
SWEEP_SECONDS = 60.0
STOP_SECONDS = 5.0
"""How long a send that is under way may take when the bot is stopped."""


Loop = Callable[[], Coroutine[Any, Any, None]]
"""Makes a loop of the bot anew each time it is called."""


class LoopDiedError(Exception):
    """A loop of the bot ended by itself; the process must not go on half."""


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[asyncio.Future[None]]:
    """Run the bot's loops and adapters; gives a future that fails when one of them dies."""
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(keep_running(loop, failed)) for loop in _loops(bot)]
    sending = [
        asyncio.create_task(keep_running(deliverer.run, failed))
        for deliverer in bot.deliverers.values()
    ]
    started = []
    try:
        for name, adapter in bot.adapters.items():
            await _start(adapter, bot.ports[name])
            started.append(adapter)
            log.info("channel-started", channel=name, adapter=adapter.name)
        yield failed
    finally:
        for deliverer in bot.deliverers.values():
            deliverer.stop()
        # a send that is cut off would be tried again at the next start: a double answer
        await asyncio.wait(sending, timeout=STOP_SECONDS)
        for adapter in started:
            await adapter.stop()
        for task in (*tasks, *sending):
            task.cancel()
        await asyncio.gather(*tasks, *sending, return_exceptions=True)
        await bot.house.database.close()


async def _start(adapter: Adapter, port: ChannelPort) -> None:
    try:
        await adapter.start(port)
    except ConfigError as error:
        raise SettingsError(error.key, error.remedy) from error


def _loops(bot: Bot) -> list[Loop]:
    return [
        bot.converser.run,
        lambda: _refreshing(bot.house.library),
        lambda: _sweeping(bot),
    ]


async def keep_running(make: Loop, failed: asyncio.Future[None], pause: float = 2.0) -> None:
    """Run a loop; it outlives trouble of the database, and never dies silently."""
    while True:
        try:
            await make()
        except asyncio.CancelledError:
            raise
        except StorageProblem as error:
            log.error("database-trouble", error=type(error).__name__)
            await asyncio.sleep(pause)
        except Exception as error:
            log.exception("loop-died")
            if not failed.done():
                failed.set_exception(LoopDiedError(type(error).__name__))
            return
        else:
            return


async def _refreshing(library: Library) -> None:
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        if await library.refresh():
            log.info("new-book", version=library.version)


async def _sweeping(bot: Bot) -> None:
    house = bot.house
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await seal.rotate(house.database, house.sealer, house.clock.now_ms())
        await _sweep(house)


async def _sweep(house: House) -> None:
    now_ms = house.clock.now_ms()
    swept = await house.database.write(lambda c: retention.sweep(c, now_ms))
    while any(swept.values()):
        swept = await house.database.write(lambda c: retention.sweep(c, now_ms))
    await house.database.write(lambda c: retention.destroy_keys(c, now_ms))


async def prepare(bot: Bot, dialogs: Path) -> list[str]:
    """Publish the dialogs and load the book; a broken edit keeps the old book and says so.

    Returns:
        one line for each problem of the content; empty when all is well.

    Raises:
        SettingsError: the content is broken and there is no older book to keep.
    """
    house = bot.house
    now_ms = house.clock.now_ms()
    if house.database.is_embedded:
        await house.database.write(lambda c: leases.recover(c, now_ms))
    checked = check_folder(dialogs, house.settings)
    problems = [str(problem) for problem in problems_of(checked)]
    if not problems:
        await publish(house.database, checked, now_ms)
    await house.library.refresh()
    if house.library.version == 0:
        first = problems[0] if problems else str(dialogs)
        raise SettingsError("dialogs", f"{first} (all of them: wijkbot check)")
    return problems


def lock_folder(folder: Path) -> IO[str]:
    """Make sure that only one process serves this folder; keep the file open while serving.

    Raises:
        SettingsError: another process serves it.
    """
    handle = (folder / "wijkbot.lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise SettingsError(
            str(folder), "another wijkbot serves this folder; stop it first"
        ) from None
    return handle
