"""When does the bot look at meaning too? While it runs, behind everything else, if it may."""

from __future__ import annotations

import asyncio

import structlog

from wijkbot.app.shelf import Readers
from wijkbot.understanding.meaning import MeaningMissingError, SecondLook, installed

LOOK_SECONDS = 2.0
"""How often a new book is looked for."""

log = structlog.get_logger()


async def deepening(readers: Readers) -> None:
    """Learn the examples of every book that is read with; until then letters alone decide."""
    try:
        look = SecondLook(await asyncio.to_thread(installed))
    except MeaningMissingError as missing:
        log.error("semantic-missing", remedy=str(missing))
        return  # the bot works without
    while True:
        for reader in readers.all():
            if reader.deeper is None and reader.faq.examples:
                learned = await asyncio.to_thread(look.learn, reader.faq)
                if learned is None:
                    log.error("semantic-failed", remedy="the bot goes on without it")
                    return
                reader.deeper = learned
                log.info("semantic-ready", count=len(reader.faq.examples))
        await asyncio.sleep(LOOK_SECONDS)
