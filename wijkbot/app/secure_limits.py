"""How often may one visitor or one conversation do something? Counted in memory, under a hash.

The key of a visitor is made with a random key that lives one day and in this process only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wijkbot.app.secure_refusal import slow
from wijkbot.clock import Clock
from wijkbot.securechat.limits import (
    FREE_MISSES,
    LIMITS,
    OPEN_POLLS,
    Bucket,
    is_full,
    look,
    retry_after,
    take,
    wait_after,
)
from wijkbot.securechat.visitors import real_address, visitor

DAY = 86_400
SITE = b""
"""Whose turns are those of the whole site."""
_CLEAN_AT = 5_000
_KEY_BYTES = 32
_POLL_AGAIN = 2


class Limits:
    """The turns of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._day = -1
        self._day_key = b""
        self._buckets: dict[tuple[str, bytes], Bucket] = {}
        self._misses: dict[bytes, tuple[int, float]] = {}
        self._polls: Counter[bytes] = Counter()

    def visitor(self, peer: str, forwarded: Sequence[str], proxies: int) -> bytes:
        """Who is asking, for today."""
        today = int(self._now() // DAY)
        if today != self._day:
            self._day, self._day_key = today, self._clock.random_bytes(_KEY_BYTES)
            self._misses.clear()
        return visitor(self._day_key, real_address(peer, forwarded, proxies))

    def wait(self, name: str, who: bytes) -> float:
        """Seconds until there is a turn; 0 when there is one."""
        return look(self._buckets.get((name, who)), LIMITS[name], self._now())

    def take(self, who: bytes, *names: str) -> None:
        """Use up a turn of each."""
        now = self._now()
        for name in names:
            bucket = self._buckets.get((name, who))
            self._buckets[name, who] = take(bucket, LIMITS[name], now)
        if len(self._buckets) > _CLEAN_AT:
            full = [k for k, b in self._buckets.items() if is_full(b, LIMITS[k[0]], now)]
            for key in full:
                del self._buckets[key]

    def ask(self, who: bytes, *names: str) -> None:
        """Nothing happens when each has a turn left.

        Raises:
            Turned: slow.
        """
        seconds = max(self.wait(name, who) for name in names)
        if seconds > 0:
            raise slow(retry_after(seconds))

    def claim(self, *turns: tuple[str, bytes]) -> None:
        """Take these turns, each a name and who takes it: all of them, or none.

        Raises:
            Turned: slow; nothing is taken then.
        """
        seconds = max(self.wait(name, who) for name, who in turns)
        if seconds > 0:
            raise slow(retry_after(seconds))
        for name, who in turns:
            self.take(who, name)

    def ask_return(self, who: bytes) -> None:
        """Nothing happens when this visitor may try a return code now.

        Raises:
            Turned: slow.
        """
        self.ask(who, "return")
        _, until = self._misses.get(who, (0, 0.0))
        if until > self._now():
            raise slow(retry_after(until - self._now()))

    def missed(self, who: bytes) -> None:
        """A wrong code: each one after a few costs more time."""
        misses = self._misses.get(who, (0, 0.0))[0] + 1
        wait = wait_after(misses) if misses >= FREE_MISSES else 0
        self._misses[who] = (misses, self._now() + wait)

    def hit(self, who: bytes) -> None:
        """A right code."""
        self._misses.pop(who, None)

    def begin_poll(self, token: bytes) -> None:
        """One more request of this token waits for news.

        Raises:
            Turned: slow: so many wait already.
        """
        if self._polls[token] >= OPEN_POLLS:
            raise slow(_POLL_AGAIN)
        self._polls[token] += 1

    def end_poll(self, token: bytes) -> None:
        """It got its answer, or went away."""
        self._polls[token] -= 1
        if self._polls[token] <= 0:
            del self._polls[token]

    def _now(self) -> float:
        return self._clock.now_ms() / 1000
