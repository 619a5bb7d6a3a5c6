"""What runs while the bot is up? Its loops, started in order and stopped in order."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import structlog

from wijkbot.adapter_api import ConfigError
from wijkbot.app.assemble import Bot
from wijkbot.app.deepen import deepening
from wijkbot.app.deliver import Deliverer
from wijkbot.app.home import Home
from wijkbot.app.house import House
from wijkbot.app.library import Library
from wijkbot.app.loops import Loop, keep_running
from wijkbot.app.peer_first import answer_due
from wijkbot.app.pointer import plan_pointers
from wijkbot.app.publish import Edition, publish_drafts
from wijkbot.app.rates import set_rates
from wijkbot.app.secure_purge import purging
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.staff_invite import settle_pin
from wijkbot.app.stays import tend_trials
from wijkbot.app.tick import ticking
from wijkbot.settings import SettingsError
from wijkbot.storage import broadcasts, leases, retention, seal
from wijkbot.understanding.language import load_languages
from wijkbot.without import without

log = structlog.get_logger()

REFRESH_SECONDS = 1.0
SWEEP_SECONDS = 60.0
TEND_SECONDS = 10.0
STOP_SECONDS = 10.0
"""How long the homes and the sends that are under way may take when the bot is stopped."""


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[asyncio.Future[None]]:
    """Run the bot's loops and adapters; gives a future that fails when one of them dies."""
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    homes = tuple(bot.homes.values())
    parts: tuple[Home | Deliverer, ...] = (*homes, *bot.deliverers.values())
    tasks = _begin(_loops(bot), failed)
    at_work: list[asyncio.Task[None]] = []
    try:
        await set_rates(bot.house, bot.adapters)
        await asyncio.gather(*(_connect(bot, name) for name in bot.adapters))
        at_work = _begin([part.run for part in parts], failed)
        await asyncio.gather(*(home.settled() for home in homes))
        yield failed
    finally:
        for part in parts:
            part.stop()
        if at_work:
            # a send that is cut off would be tried again at the next start: a double answer
            await asyncio.wait(at_work, timeout=STOP_SECONDS)
        for adapter in bot.adapters.values():
            await adapter.stop()
        for task in (*tasks, *at_work):
            task.cancel()
        await asyncio.gather(*tasks, *at_work, return_exceptions=True)
        await bot.house.database.close()


def _begin(loops: Sequence[Loop], failed: asyncio.Future[None]) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(keep_running(loop, failed)) for loop in loops]


async def _connect(bot: Bot, name: str) -> None:
    try:
        await bot.adapters[name].start_sending(bot.ports[name])
    except ConfigError as error:
        raise SettingsError(error.key, error.remedy) from error


def _loops(bot: Bot) -> list[Loop]:
    house = bot.house
    loops: list[Loop] = [
        *bot.wakes.loops(),
        lambda: _refreshing(house.library),
        lambda: _rotating(house),
    ]
    secure = bot.secure
    if secure is not None:
        loops.append(secure.wakes.looking)
    if bot.role.thinks:
        if secure is not None:
            loops.append(lambda: purging(secure))
        loops += [
            bot.converser.run,
            lambda: ticking(house, bot.wakes.queued.set),
            lambda: _tending(house, bot.wakes.queued.set),
            lambda: _sweeping(house),
        ]
        loops += _bells(house, secure)
        if house.settings.understanding.semantic:
            loops.append(lambda: deepening(house.library.readers))
    return loops


async def _refreshing(library: Library) -> None:
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        if await library.refresh():
            log.info("new-book", version=library.version)


async def _rotating(house: House) -> None:
    """Every process seals, so every process must know the key of today."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await seal.rotate(house.database, house.sealer, house.clock.now_ms())


async def _tending(house: House, wake: Callable[[], None]) -> None:
    """Groups whose trial or vote is over, and questions that no neighbour answered."""
    while True:
        if await tend_trials(house) + await answer_due(house):
            wake()
        await asyncio.sleep(TEND_SECONDS)


async def _sweeping(house: House) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await _sweep(house)


async def _sweep(house: House) -> None:
    now_ms = house.clock.now_ms()
    swept = await house.database.write(lambda c: retention.sweep(c, now_ms))
    while any(swept.values()):
        swept = await house.database.write(lambda c: retention.sweep(c, now_ms))
    tell = house.journal.keys_destroyed
    await house.database.write(lambda c: retention.destroy_keys(c, now_ms, tell))


def _bells(house: House, secure: SecureRoom | None) -> list[Loop]:
    """How the team is told outside, where that is set; what speaks HTTP is loaded only then."""
    loops: list[Loop] = []
    with without("rich", "pygments"):  # httpx would load them for a console
        if url := house.settings.crisis.alert_url:
            from wijkbot.app.alarm_bell import ringing

            loops.append(lambda: ringing(house, url))
        if secure is not None and (secure.settings.notify_url or secure.settings.notify_email):
            from wijkbot.app.secure_bell import telling

            loops.append(lambda: telling(secure))
    return loops


async def prepare(bot: Bot, edition: Edition) -> tuple[str, ...]:
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
        await house.database.write(lambda c: broadcasts.recover(c, now_ms))
    if not edition.problems:
        await publish_drafts(house.database, edition.drafts, now_ms)
    await house.library.refresh()
    if bot.secure is not None:
        await bot.secure.prepare()
        await settle_pin(house, bot.folder)
    if house.library.version == 0:
        raise SettingsError("dialogs", f"{edition.problems[0]} (all of them: wijkbot check)")
    if bot.role.thinks:
        load_languages()
        await plan_pointers(house)
    return edition.problems


def lock_folder(folder: Path) -> IO[str]:
    """Make sure that one process serves this SQLite; keep the file open while serving.

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
