"""How does the bot behave on a server that told it to slow down? One message at a time.

When several try at once, luck decides which one the server takes next, and an announcement may
go before an answer. So then each waits for the outcome of the one before it; the house hands
them over in order of urgency.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from wijkbot.adapter_api import Reason, Refused, Sent, Unknown

_REMEMBERED_SECONDS = 600.0
Outcome = Sent | Unknown | Refused


class Patience:
    """What the server's limit asks of one account; times are monotonic seconds."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._strict_until = 0.0
        self._held_until = 0.0

    @property
    def is_asked(self) -> bool:
        """Did the server refuse something of late because it was too much?"""
        return time.monotonic() < self._strict_until

    async def take(self, step: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Run it when its turn has come; refused at once while the server wants to rest."""
        if not self.is_asked:
            return self._learned(await step())
        async with self._lock:
            left = self._held_until - time.monotonic()
            if left > 0:
                return Refused(Reason.RATE, False, left, "held", whole_account=True)
            return self._learned(await step())

    def _learned(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Refused) and outcome.reason is Reason.RATE:
            now = time.monotonic()
            self._strict_until = now + _REMEMBERED_SECONDS
            self._held_until = max(self._held_until, now + outcome.retry_after)
        return outcome
