"""How much may a bot send? Twenty a minute to a group, one a second to a person, thirty in all.

A person may get some at once after a rest. Whoever goes on after a 429 is refused until it is
over, as the real server does.
"""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import pairwise
from time import monotonic

from tests.adapters.telegram.bot_api_world import ApiError

GROUP_EACH_MINUTE = 20
ALL_EACH_SECOND = 30
PRIVATE_BURST = 5
_MINUTE = 60.0


class Pace:
    """Counts what was sent. ``is_on`` False lets everything through."""

    def __init__(self, *, is_on: bool = True) -> None:
        self.is_on = is_on
        self._sent: dict[int, deque[float]] = defaultdict(deque)
        self._all: deque[float] = deque()
        self._held_until: dict[int, float] = {}

    def take(self, chat: int) -> None:
        """Let a message into a chat; raises ApiError 429 with retry_after when it is too much."""
        if not self.is_on:
            return
        now = monotonic()
        if (held := self._held_until.get(chat, 0.0)) > now:
            raise self._refusal(held - now)
        wait = max(self._wait_of_all(now), self._wait_of(chat, now))
        if wait > 0:
            self._held_until[chat] = now + wait
            raise self._refusal(wait)
        self._sent[chat].append(now)
        self._all.append(now)

    def busiest(self, chat: int) -> int:
        """The most messages that a chat took within any minute."""
        times = list(self._sent[chat])
        return max((sum(at <= t < at + _MINUTE for t in times) for at in times), default=0)

    def busiest_second(self) -> int:
        """The most messages that all chats together took within any second."""
        times = sorted(at for sent in self._sent.values() for at in sent)
        return max((sum(at <= t < at + 1.0 for t in times) for at in times), default=0)

    def closest(self, chat: int) -> float:
        """The shortest time, in seconds, between two messages that a chat took."""
        times = list(self._sent[chat])
        return min((b - a for a, b in pairwise(times)), default=_MINUTE)

    def _wait_of_all(self, now: float) -> float:
        while self._all and self._all[0] <= now - 1.0:
            self._all.popleft()
        return 1.0 if len(self._all) >= ALL_EACH_SECOND else 0.0

    def _wait_of(self, chat: int, now: float) -> float:
        times = self._sent[chat]
        if chat < 0:
            recent = [at for at in times if at > now - _MINUTE]
            is_full = len(recent) >= GROUP_EACH_MINUTE
            return recent[-GROUP_EACH_MINUTE] + _MINUTE - now if is_full else 0.0
        room = float(PRIVATE_BURST)
        last = None
        for at in times:
            room = min(PRIVATE_BURST, room + (at - last if last is not None else 0.0)) - 1
            last = at
        room = min(PRIVATE_BURST, room + (now - last if last is not None else 0.0))
        return 1.0 - room if room < 1 else 0.0

    def _refusal(self, wait: float) -> ApiError:
        seconds = int(wait) + 1
        text = f"Too Many Requests: retry after {seconds}"
        return ApiError(429, text, {"retry_after": seconds})
