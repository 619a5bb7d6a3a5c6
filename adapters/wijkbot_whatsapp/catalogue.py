"""Which text with places has which sid at Twilio? Read seldom, and read again when one lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from wijkbot.adapter_api import Template, TemplateState, TemplateText
from wijkbot_whatsapp.choices import Shape
from wijkbot_whatsapp.client import Client, Failed, Unclear
from wijkbot_whatsapp.stock import Content, names_for, plain_name, state_of

LIFETIME = timedelta(hours=1)
"""An approval that WhatsApp takes back is seen after this time at the latest."""

SHORTEST = timedelta(minutes=3)
"""So often at most the list is read again because something is not on it, or cannot be made."""

_AFTER_TROUBLE = timedelta(seconds=20)

_log = structlog.get_logger()


class Catalogue:
    """The texts with places of one account, by name. Each process keeps its own."""

    def __init__(self, channel: str, client: Client, now: Callable[[], datetime]) -> None:
        self._channel = channel
        self._client = client
        self._now = now
        self._known: dict[str, Content] = {}
        self._made: dict[str, Content] = {}
        """What this process made itself: Twilio's list may show it only later."""
        self._reading = asyncio.Lock()
        self._reads = 0
        self._read_at: datetime | None = None
        self._trouble: tuple[datetime, Exception] | None = None
        self._not_before: datetime | None = None
        self.has_shapes = True
        """False when the last shape that was needed could not be had."""

    async def template(self, template: Template) -> Content | None:
        """The approved text for this template, or None.

        Raises one of ``Failed`` or ``Unclear`` when Twilio does not tell.
        """
        names = names_for(template.name, template.language)
        for longest in (LIFETIME, SHORTEST):
            await self._read(longest)
            found = (self._known[name] for name in names if name in self._known)
            if content := next((each for each in found if each.is_approved), None):
                return content
        return None

    async def shape(self, shape: Shape) -> str:
        """The sid of a shape, which is made when it is not there; "" when it cannot be had."""
        name = plain_name(shape.name)
        is_known = name in self._known
        if not is_known and self._not_before is not None and self._now() < self._not_before:
            return ""
        try:
            await self._read(LIFETIME if is_known else SHORTEST)
            if name not in self._known:
                await self._make(name, shape)
        except (*Failed, *Unclear) as error:
            self._miss(type(error).__name__)
            return ""
        self.has_shapes = True
        return self._known[name].sid

    def forget(self, shape: Shape) -> None:
        """Twilio refused it: after a while it is looked up anew."""
        name = plain_name(shape.name)
        self._known.pop(name, None)
        self._made.pop(name, None)
        self._miss("refused")

    async def states(self, wanted: Sequence[TemplateText]) -> list[TemplateState]:
        """How far each is, read now; raises one of ``Failed`` or ``Unclear``."""
        await self._read(timedelta(0))
        named = [(one, names_for(one.name, one.language)[0]) for one in wanted]
        return [state_of(one, self._known.get(name)) for one, name in named]

    async def _read(self, longest: timedelta) -> None:
        """Read the list when it is older than that; of all who wait for it one reads it."""
        before = self._reads
        async with self._reading:
            now = self._now()
            if self._reads != before and longest:
                return
            if self._read_at is not None and now - self._read_at < longest:
                return
            if longest and self._trouble and now - self._trouble[0] < _AFTER_TROUBLE:
                if self._read_at is not None and longest == LIFETIME:
                    return
                raise self._trouble[1]
            try:
                await self._take()
            except (*Failed, *Unclear) as error:
                self._trouble = (now, error)
                # what was known an hour ago is better than nothing
                if self._read_at is None or longest != LIFETIME:
                    raise

    async def _take(self) -> None:
        known = dict(self._made)
        for content in await self._client.contents():
            name = plain_name(content.name)
            # of two with one name the approved one counts
            if name not in known or content.is_approved:
                known[name] = content
        self._known = known
        self._read_at = self._now()
        self._reads += 1
        self._trouble = None

    async def _make(self, name: str, shape: Shape) -> None:
        async with self._reading:
            if name in self._known:
                return
            sid = await self._client.make_content(shape.as_content())
            made = Content(sid, shape.name, "{{1}}", (), frozenset())
            self._known[name] = self._made[name] = made

    def _miss(self, why: str) -> None:
        self._not_before = self._now() + SHORTEST
        self.has_shapes = False
        _log.warning("whatsapp_without_buttons", channel=self._channel, error=why)
