"""How does what happens on Matrix reach the house, none of it lost and none of it twice?

One loop: ask for news, let nio take keys and state, translate, hand events and position to
the house in one transaction. The next request is sent only after that commit. A crash in
between gives the same news again; what the house saw already it recognises by the event's id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from wijkbot.adapter_api import Health, Port
from wijkbot_matrix.arrivals import Arrivals
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.incoming import Batch, read_batch
from wijkbot_matrix.translate import Translator
from wijkbot_matrix.unopened import Unopened
from wijkbot_matrix.wire import ServerRefusedError, TokenRevokedError

_WAIT_SECONDS = 30.0
_SHORTEST_SECONDS, _LONGEST_SECONDS = 2.0, 60.0
_STALE_SECONDS = 180.0
_STALE_AFTER_FAULT_SECONDS = 45.0
POSITION_SECONDS = 5.0
"""A position without news is written so seldom: each answer of the bot itself brings a sync, and
after a restart the same syncs again mean as little as before."""
_log = structlog.get_logger(__name__)
_Result = TypeVar("_Result")


@dataclass(slots=True)
class Progress:
    """How the loop is doing; times are monotonic seconds."""

    synced_at: float | None = None
    fault: str = ""
    revoked: bool = False

    def health(self) -> Health:
        """Is the bot hearing its rooms?"""
        if self.revoked:
            return Health(
                False,
                "the homeserver does not accept the access token any more",
                "check the account; with a password in the settings a restart logs in again",
            )
        if self.synced_at is None:
            detail = self.fault or "not connected yet"
            return Health(False, detail, "check the homeserver's address and the network")
        age = time.monotonic() - self.synced_at
        # a long wait for news is ordinary; one after a fault is trouble
        if age > (_STALE_AFTER_FAULT_SECONDS if self.fault else _STALE_SECONDS):
            detail = f"no news for {age:.0f} s ({self.fault or 'no answer'})"
            return Health(False, detail, "check the homeserver, the network and the database")
        return Health(True, f"last sync {age:.0f} s ago")


class SyncLoop:
    """Receives for one logged-in client until cancelled or the token is revoked."""

    def __init__(
        self,
        client: MatrixClient,
        port: Port,
        arrivals: Arrivals,
        progress: Progress,
        now: Callable[[], datetime] | None,
        ready: asyncio.Event,
    ) -> None:
        self._client = client
        self._port = port
        self._arrivals = arrivals
        self._progress = progress
        self.unopened = Unopened(port)
        self.translator = Translator(client, arrivals, self.unopened, now)
        self._ready = ready
        self._due_at = 0.0

    async def run(self) -> None:
        """Loop; returns when the token is revoked."""
        try:
            await self._run()
        except TokenRevokedError:
            self._progress.revoked = True
            _log.error("matrix.token_revoked", reason="token_revoked")
        finally:
            self._ready.set()

    async def _run(self) -> None:
        since = await self._keep_trying(self._port.cursor) or ""
        await self._keep_trying(self._arrivals.load)
        await self._keep_trying(self.unopened.load)
        # The first sync brings the state of every room: without it quiet rooms are unknown.
        full_state = True
        while True:
            batch = await self._keep_trying(partial(self._fetch, since, full_state=full_state))
            await self._hand_over(batch, since)
            since, full_state = batch.next_batch, False
            self._ready.set()
            await self._upkeep()

    async def _fetch(self, since: str, *, full_state: bool) -> Batch:
        wait = self.unopened.patience(_WAIT_SECONDS)
        sync = await self._client.sync(since, full_state=full_state, wait_seconds=wait)
        batch = read_batch(sync)
        try:
            await self._client.absorb(sync)
        except Exception as fault:  # noqa: BLE001 (nio raises many kinds)
            # One malformed event from anybody must not silence the bot in all its rooms.
            _log.error("matrix.absorb_failed", reason=type(fault).__name__)
        return batch

    async def _upkeep(self) -> None:
        try:
            await self._client.upkeep()
        except Exception as fault:  # noqa: BLE001 (nio raises many kinds)
            # Keys that did not go out now go out after the next sync.
            _log.warning("matrix.upkeep_failed", reason=type(fault).__name__)

    async def _hand_over(self, batch: Batch, since: str) -> None:
        if batch.direct is not None:
            self._client.set_direct(batch.direct)
        await self._keep_trying(partial(self._arrivals.invited, batch.invited))
        # On the very first start everything before is history, and not for us.
        events = (
            await self._keep_trying(partial(self.translator.events, batch, since)) if since else []
        )
        await self._keep_trying(self.unopened.keep)
        if events or not since or time.monotonic() >= self._due_at:
            await self._keep_trying(partial(self._port.accept, events, batch.next_batch))
            self._due_at = time.monotonic() + POSITION_SECONDS
        await self._keep_trying(partial(self.unopened.settle, events))
        await self._keep_trying(partial(self._arrivals.settle, events))
        self._progress.synced_at = time.monotonic()
        self._progress.fault = ""

    async def _keep_trying(self, step: Callable[[], Awaitable[_Result]]) -> _Result:
        """Repeat a step until it works; only a revoked token ends it."""
        pause = _SHORTEST_SECONDS
        while True:
            try:
                return await step()
            except TokenRevokedError:
                raise
            except Exception as fault:  # noqa: BLE001 (the house may raise any kind)
                # Whatever it was (server away, database away), the next step would lose news.
                self._progress.fault = type(fault).__name__
                _log.warning("matrix.waiting", reason=type(fault).__name__)
                asked = fault.retry_after if isinstance(fault, ServerRefusedError) else 0.0
                await asyncio.sleep(max(pause, asked))
                pause = min(pause * 2, _LONGEST_SECONDS)
