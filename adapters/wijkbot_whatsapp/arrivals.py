"""What did residents write while nobody listened? Asked of Twilio at the start and hourly.

A webhook that was not taken is brought again a few times at most, and then never. So the home
asks which messages came in, and gives them to the house, which drops what it knows already.
The list tells less than a webhook: no button (its title is read, which means the same), no
opt-out of the platform (STOP is a word the house obeys itself) and no lasting id (the house
knows whose number it is, when it saw both).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from wijkbot.adapter_api import IncomingEvent, Port
from wijkbot_whatsapp.answered import Answered
from wijkbot_whatsapp.client import Arrived, Client
from wijkbot_whatsapp.incoming import Form, read_message
from wijkbot_whatsapp.media import Media

EVERY_SECONDS = 3600.0
OLDEST = timedelta(days=7)
"""What is older than the window to answer it is not answered any more, but a STOP in it is
obeyed: the house sees to that. It knows what it had already for a little longer than this."""

OVERLAP = timedelta(minutes=15)
"""So much is asked for again: Twilio's list may lag, and clocks differ."""

REST = timedelta(seconds=60)
"""Hourly, what came in just now is left to its webhook, which tells more."""

PATIENCE = timedelta(minutes=5)
"""So long news waits until it is known what came in before this start. After that Twilio cannot
be asked, perhaps for hours: news goes again, and who wrote STOP meanwhile may get it once."""

_BATCH = 100
_SHORTEST_PAUSE, _FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 5.0, 600.0

_log = structlog.get_logger()


class Arrivals:
    """The rounds of the channel's home. ``trouble`` names what stops them, "" when nothing.

    ``is_behind``: what came in before this start was not read yet, so that news waits for it.
    """

    def __init__(
        self,
        channel: str,
        client: Client,
        media: Media,
        answered: Answered,
        now: Callable[[], datetime],
    ) -> None:
        self.trouble = ""
        self.is_behind = False
        self._channel = channel
        self._client = client
        self._media = media
        self._answered = answered
        self._now = now
        self._going: asyncio.Task[None] | None = None

    async def start(self, port: Port) -> None:
        """Begin, in the background."""
        await self.stop()
        self.is_behind = True
        self._going = asyncio.create_task(self._run(port))

    async def stop(self) -> None:
        """Ask nothing more."""
        going, self._going = self._going, None
        if going is not None:
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
        self.trouble, self.is_behind = "", False

    async def _run(self, port: Port) -> None:
        rest, pause, began = timedelta(0), _FIRST_PAUSE, self._now()
        while True:
            try:
                await self.round(port, rest)
                await self._catch_up(port)
            except Exception as error:  # noqa: BLE001 -- Twilio or the database is away
                self.trouble = type(error).__name__
                _log.warning("whatsapp_not_asked", channel=self._channel, error=self.trouble)
                if self._now() - began >= PATIENCE:
                    await self._give_up(port)
                left = PATIENCE - (self._now() - began)
                wait = min(pause, max(left.total_seconds(), 0)) if self.is_behind else pause
                await asyncio.sleep(max(wait, _SHORTEST_PAUSE))
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self.trouble, rest, pause = "", REST, _FIRST_PAUSE
                await asyncio.sleep(EVERY_SECONDS)

    async def _catch_up(self, port: Port) -> None:
        if self.is_behind:
            await port.caught_up()
            self.is_behind = False

    async def _give_up(self, port: Port) -> None:
        """What came in before cannot be had: news does not wait for it any longer."""
        with contextlib.suppress(Exception):  # the database is away: then nothing goes out
            await self._catch_up(port)

    async def round(self, port: Port, rest: timedelta = REST) -> None:
        """Give the house what came in since the last time; the very first time nothing.

        What came in less than ``rest`` ago is left for the next round.
        """
        now = self._now()
        since = _moment(await port.cursor())
        if since is None:
            # A history that nobody was there for is not answered.
            await port.accept((), now.isoformat())
            return
        until = now - rest
        listed = await self._client.inbound(max(since - OVERLAP, now - OLDEST))
        listed = [one for one in listed if one.at <= until or not rest]
        done = await self._answered.known()
        events = [await self._read(one) for one in listed if one.sid not in done]
        cursor = max(until, since).isoformat()
        batches = [events[at : at + _BATCH] for at in range(0, len(events), _BATCH)] or [[]]
        for batch in batches:
            await port.accept(batch, cursor if batch is batches[-1] else None)
        await self._media.again()

    async def _read(self, one: Arrived) -> IncomingEvent:
        pairs = [("MessageSid", one.sid), ("From", one.sender)]
        kinds = await self._media.found(one.sid) if one.media else []
        if kinds:
            pairs.append(("MediaContentType0", kinds[0]))
        if kinds or not one.media:
            # beside a file of which we know nothing a text may be the name of a third person
            pairs.append(("Body", one.body))
        return read_message(Form(pairs), min(one.at, self._now()))


def _moment(cursor: str | None) -> datetime | None:
    try:
        known = datetime.fromisoformat(cursor or "")
    except ValueError:
        return None
    return known if known.tzinfo else known.replace(tzinfo=UTC)
