"""Which commands does an app show to whom? Published with the dialogs, told to each platform.

Only the home of a channel tells, at its start and when a new book is published. A platform
that has no such list is told nothing again; one that is away is asked again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from wijkbot.adapter_api import Adapter, Audience, Refused, Unknown, Unsupported
from wijkbot.app.house import House
from wijkbot.content.model import CommandWords, Item

log = structlog.get_logger()

LOOK_SECONDS = 5.0
AGAIN_SECONDS = 60.0

Listed = dict[str, dict[str, str]]


def lists_of(items: Iterable[Item], languages: Iterable[str]) -> dict[Audience, Listed]:
    """For each audience: language → (command → what it does), the channel's language first."""
    lines = [line for item in items if isinstance(item, CommandWords) for line in item.shown]
    made: dict[Audience, Listed] = {}
    for audience in Audience:
        for language in languages:
            listed = {
                line.name[language]: line.about[language]
                for line in lines
                if audience.value in line.to and language in line.name and language in line.about
            }
            if listed:
                made.setdefault(audience, {})[language] = listed
    return made


class Menu:
    """Keeps the commands that a channel shows those of the current book."""

    def __init__(self, house: House, channel: str, adapter: Adapter) -> None:
        self._house = house
        self._channel = channel
        self._adapter = adapter
        self._told: dict[Audience, Listed] | None = None

    async def keep(self) -> None:
        """Tell the platform whenever the list has changed, until cancelled."""
        version = 0
        while True:
            wait = LOOK_SECONDS
            now = self._house.library.version
            if now != version:
                is_told = await self._tell()
                version = now if is_told else version
                wait = LOOK_SECONDS if is_told else AGAIN_SECONDS
            await asyncio.sleep(wait)

    async def _tell(self) -> bool:
        wanted = self._wanted()
        if wanted == self._told:
            return True
        for audience, listed in wanted.items():
            result = await self._adapter.set_commands(listed, audience)
            if isinstance(result, Unsupported):
                break
            if isinstance(result, Refused | Unknown):
                log.warning("menu-not-told", channel=self._channel, status=type(result).__name__)
                return False
        self._told = wanted
        return True

    def _wanted(self) -> dict[Audience, Listed]:
        settings = self._house.settings
        area = settings.neighbourhood_of(self._channel)
        items = self._house.library.shelf(area).items.values()
        return lists_of(items, settings.languages_of(area))
