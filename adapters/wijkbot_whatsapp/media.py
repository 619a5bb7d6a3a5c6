"""How do residents' files disappear from Twilio, which would keep them for ever?

Nothing here needs a photo, a voice note or a file that somebody sends. So each is taken away a
moment after its message came in, in the background; what fails is tried again in the next
round of the home, which also takes what a webhook that never came would have named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from wijkbot_whatsapp.client import Client, Failed, Unclear

REST_SECONDS = 5.0
"""By then the message is stored, or Twilio brings it again with all it has to tell."""

_MOST_WAITING = 2000


class Media:
    """Takes files away. ``left`` is how many are still there after a try."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._failed: dict[tuple[str, str], None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def left(self) -> int:
        """So many could not be taken away yet."""
        return len(self._failed)

    def take_away(self, media: Sequence[tuple[str, str]], *, after: float | None = None) -> None:
        """Take these (message, medium) away, in a moment (``after`` seconds)."""
        if not media:
            return
        if len(self._tasks) < _MOST_WAITING:
            self._begin(media, REST_SECONDS if after is None else after)
        else:
            self._fail(media)

    async def found(self, message: str) -> list[str]:
        """The types of a message's files, which are taken away now; [] when nobody tells."""
        try:
            listed = await self._client.media_of(message)
        except (*Failed, *Unclear):
            return []
        self._begin([(message, medium) for medium, _ in listed], 0)
        return [kind for _, kind in listed]

    async def again(self) -> None:
        """Try what failed once more."""
        failed, self._failed = list(self._failed), {}
        await self._take(failed, 0)

    async def stop(self) -> None:
        """Stop; the next home finds what is left."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, names: Sequence[tuple[str, str]], after: float) -> None:
        task = asyncio.create_task(self._take(names, after))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, names: Sequence[tuple[str, str]], after: float) -> None:
        await asyncio.sleep(after)
        for message, medium in names:
            try:
                await self._client.erase(message, medium)
            except (*Failed, *Unclear):
                self._fail([(message, medium)])

    def _fail(self, names: Iterable[tuple[str, str]]) -> None:
        for name in names:
            if len(self._failed) < _MOST_WAITING:
                self._failed[name] = None
