"""How do processes on one PostgreSQL wake each other? By NOTIFY and LISTEN, never in a write.

A notification inside a data transaction would make all commits wait for each other, so it has
a connection of its own. It says only that there is something: who misses it finds the work by
polling. Nothing personal is in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wijkbot.storage.url import parse_url

if TYPE_CHECKING:
    import psycopg

IN = "wijkbot_in"
"""Something came in for the engine."""
OUT = "wijkbot_out"
"""Something waits for a sender; the payload is the channel, "" for any of them."""

GAP_SECONDS = 0.02
"""Notifications of one process go out at most 50 times a second, many at once."""
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.5, 5.0
_ALIVE_SECONDS = 30.0
_KEPT_ALIVE: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "wijkbot wake-ups",
}

Heard = Callable[[str, str], None]
"""Is told the name and the payload of a notification."""


class Bell:
    """Rings in the other processes, and hears them ring.

    ``heard`` is called for what other processes rang, not for our own; and after each connect
    with ("", ""), as anything may have been missed. Trouble is nobody's error: both loops
    connect again by themselves.
    """

    def __init__(self, url: str, heard: Heard) -> None:
        parsed = parse_url(url)
        _, self._where = parsed.get_dialect()().create_connect_args(parsed)
        self._heard = heard
        self._rung: set[tuple[str, str]] = set()
        self._has_rung = asyncio.Event()
        self._own_pid = 0

    def ring(self, name: str, payload: str = "") -> None:
        """Wake the others soon; never fails and never waits."""
        self._rung.add((name, payload))
        self._has_rung.set()

    async def listen(self) -> None:
        """Hear the others until cancelled."""
        await _for_ever(self._listen)

    async def tell(self) -> None:
        """Send what was rung until cancelled."""
        await _for_ever(self._tell)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        import psycopg  # an extra, only installed for PostgreSQL

        return await psycopg.AsyncConnection.connect(**{**_KEPT_ALIVE, **self._where})

    async def _listen(self, connected: Callable[[], None]) -> None:
        conn = await self._connect()
        async with conn:
            await conn.execute(f"LISTEN {IN}")
            await conn.execute(f"LISTEN {OUT}")
            connected()
            self._heard("", "")
            while True:
                async for notice in conn.notifies(timeout=_ALIVE_SECONDS):
                    if notice.pid != self._own_pid:
                        self._heard(notice.channel, notice.payload)
                # silence may be a machine that went away without a word
                await conn.execute("SELECT 1")

    async def _tell(self, connected: Callable[[], None]) -> None:
        await self._has_rung.wait()
        conn = await self._connect()
        async with conn:
            self._own_pid = conn.info.backend_pid
            connected()
            while True:
                await self._has_rung.wait()
                rung, self._rung = self._rung, set()
                self._has_rung.clear()
                for name, payload in rung:
                    await conn.execute("SELECT pg_notify(%s, %s)", (name, payload))
                await asyncio.sleep(GAP_SECONDS)


async def _for_ever(work: Callable[[Callable[[], None]], Any]) -> None:
    """Again and again, with a pause that grows until a connection was made."""
    import psycopg  # an extra, only installed for PostgreSQL

    pause = _SHORTEST_SECONDS

    def connected() -> None:
        nonlocal pause
        pause = _SHORTEST_SECONDS

    while True:
        with suppress(psycopg.Error, OSError):
            await work(connected)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_SECONDS)
