"""How does a request wait for its turn, so that Telegram never takes too many in a second?

The house spreads what it sends, but a request does not arrive when it leaves: it may wait in a
machine that is busy, and a long text is several of them. Whatever has no answer yet may still
arrive now, so it counts until a second after its answer. Then no second of Telegram's own clock
can hold more than these, however slow the way there is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

_SECOND = 1.0
_CHATS_KEPT = 1000


class Gate:
    """One account's way out, within one process; who comes first goes first.

    ``most``: so many messages the platform takes in a second.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way = 0
        self._answered: deque[float] = deque()
        self._an_answer = asyncio.Event()
        self._door = asyncio.Lock()
        self._rests_until: dict[str, float] = {}
        self._held_until: dict[str, float] = {}

    def hold(self, chat: str, seconds: float) -> None:
        """The platform said how long it takes nothing for this chat."""
        self._note(self._held_until, chat, monotonic() + seconds)

    def held_for(self, chat: str) -> float:
        """So many seconds it still takes nothing for this chat."""
        return max(0.0, self._held_until.get(chat, 0.0) - monotonic())

    @asynccontextmanager
    async def turn(self, chat: str = "", rest: float = 0.0) -> AsyncIterator[None]:
        """Wait for a turn; the request goes out within.

        After it the chat rests for so many seconds from the next request that gives one. An
        urgent one gives none, and waits for nobody but the account.
        """
        if rest:
            await asyncio.sleep(self._rests_until.get(chat, 0.0) - monotonic())
        async with self._door:
            while self._is_full():
                await self._some_room()
            self._under_way += 1
        try:
            yield
        finally:
            now = monotonic()
            self._under_way -= 1
            self._answered.append(now)
            self._an_answer.set()
            if rest:
                self._note(self._rests_until, chat, now + rest)

    def _is_full(self) -> bool:
        now = monotonic()
        while self._answered and self._answered[0] <= now - _SECOND:
            self._answered.popleft()
        return self._under_way + len(self._answered) >= self._most

    async def _some_room(self) -> None:
        self._an_answer.clear()
        first = self._answered[0] + _SECOND - monotonic() if self._answered else None
        with suppress(TimeoutError):
            async with asyncio.timeout(first):
                await self._an_answer.wait()

    @staticmethod
    def _note(moments: dict[str, float], chat: str, until: float) -> None:
        if len(moments) >= _CHATS_KEPT:
            now = monotonic()
            for passed in [each for each, at in moments.items() if at <= now]:
                del moments[passed]
        moments[chat] = max(until, moments.get(chat, 0.0))
