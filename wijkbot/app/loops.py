"""How long does a loop of the bot live? Longer than trouble of the database, and never half."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from wijkbot.app.logging import Seldom
from wijkbot.storage.errors import StorageProblem

log = structlog.get_logger()

Loop = Callable[[], Coroutine[Any, Any, None]]
"""Makes a loop of the bot anew each time it is called."""

PAUSE_SECONDS = 2.0
_SELDOM = Seldom(30.0)


class LoopDiedError(Exception):
    """A loop of the bot ended by itself; the process must not go on half."""


async def keep_running(
    make: Loop, failed: asyncio.Future[None], pause: float = PAUSE_SECONDS
) -> None:
    """Run a loop; it outlives trouble of the database, and never dies silently."""
    try:
        await outlive(make, pause)
    except Exception as error:
        log.exception("loop-died")
        if not failed.done():
            failed.set_exception(LoopDiedError(type(error).__name__))


async def outlive(make: Loop, pause: float = PAUSE_SECONDS) -> None:
    """Run a loop until it ends, again and again while the database is in trouble."""
    while True:
        try:
            await make()
        except StorageProblem as trouble:
            tell(trouble)
            await asyncio.sleep(pause)
        else:
            return


def tell(trouble: StorageProblem) -> None:
    """Say it in the log, but seldom: all loops meet the same trouble, again and again."""
    if _SELDOM.may_tell(str(trouble)):
        log.error("database-trouble", error=type(trouble).__name__, remedy=trouble.remedy)
