"""What time is it, and what is a random word? The only reader of the clock and of randomness."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta


class Clock:
    """Gives the time and random words. One object for a whole process.

    :meth:`shift` exists for the sandbox and for tests; it moves this object only.
    """

    def __init__(self) -> None:
        self._shifted = timedelta()

    def now(self) -> datetime:
        """The moment now, aware, in UTC."""
        return datetime.now(UTC) + self._shifted

    def now_ms(self) -> int:
        """The moment now in whole milliseconds since 1970 (UTC)."""
        return round(self.now().timestamp() * 1000)

    def token(self, nbytes: int = 16) -> str:
        """A fresh secret word, safe in a link, made of so many random bytes."""
        return secrets.token_urlsafe(nbytes)

    def random_bytes(self, nbytes: int) -> bytes:
        """So many random bytes, fit for keys and nonces."""
        return secrets.token_bytes(nbytes)

    def shift(self, seconds: float) -> None:
        """Move the clock by so many seconds, on top of earlier shifts."""
        self._shifted += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Back to the real time."""
        self._shifted = timedelta()
