"""Who receives for a channel? Its home: the one process that holds the channel's lease.

A home that dies is followed by another process when its lease ends; one that stops cleanly
gives the lease back. One that was away for too long (a paused machine, a lost database) finds
another home, stops receiving at once, and what it still had in hand is stored by nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from time import monotonic

import structlog

from wijkbot.adapter_api import Adapter, ConfigError
from wijkbot.app.deliver import Deliverer
from wijkbot.app.house import House
from wijkbot.app.known_links import keep_link
from wijkbot.app.loops import keep_running, outlive
from wijkbot.app.menu import Menu
from wijkbot.app.receive import ChannelPort, Fence
from wijkbot.app.stays import LOOK_SECONDS, leave_due
from wijkbot.settings import SettingsError
from wijkbot.storage import caught_up, leases
from wijkbot.storage.errors import StorageProblem

log = structlog.get_logger()

TTL_MS = 30_000
"""A home that does not renew its lease for so long may be followed by another one."""
RENEWALS = 3
"""So often the lease is renewed in that time."""
ASK_SECONDS = 1.0
"""How often a process that could be the home looks whether the lease is free."""
FINISH_SECONDS = 5.0
"""How long a send that is under way may take when a home stops."""


class Home:
    """One process's part in being the home of one channel.

    ``make_deliverer`` is given for a channel that only its home may send for. ``holder`` is a
    random word of this process.
    """

    def __init__(
        self,
        house: House,
        port: ChannelPort,
        adapter: Adapter,
        holder: str,
        *,
        make_deliverer: Callable[[], Deliverer] | None = None,
        ttl_ms: int = TTL_MS,
    ) -> None:
        self.is_home = False
        self.lease = caught_up.home_lease(port.channel)
        self._house = house
        self._channel = port.channel
        self._port = port
        self._adapter = adapter
        self._holder = holder
        self._make_deliverer = make_deliverer
        self._ttl_ms = ttl_ms
        self._is_stopping = False
        self._over = asyncio.Event()
        self._settled = asyncio.Event()
        self._refusal: ConfigError | None = None

    async def settled(self) -> None:
        """Returns when this process receives, or when another one is the home.

        Raises:
            SettingsError: the adapter does not accept its settings.
        """
        await self._settled.wait()
        if self._refusal is not None:
            raise SettingsError(self._refusal.key, self._refusal.remedy) from self._refusal

    def stop(self) -> None:
        """Stop receiving, finish what is being sent, give the lease back; ``run`` then ends."""
        self._is_stopping = True
        self._over.set()

    async def run(self) -> None:
        """Be the home whenever there is no other, until stopped."""
        try:
            while not self._is_stopping and self._refusal is None:
                number = await self._ask()
                if number is not None:
                    await self._live(number)
                    continue
                self._settled.set()
                await self._pause(ASK_SECONDS)
        finally:
            self._settled.set()

    async def _ask(self) -> int | None:
        """Try to get the lease; gives its number, or None while another process has it."""
        database, name, holder = self._house.database, self.lease, self._holder
        now_ms = self._house.clock.now_ms()
        if not await database.read(lambda c: leases.is_free(c, name, holder, now_ms)):
            return None
        return await database.write(
            lambda c: leases.acquire(c, name, holder, now_ms, self._ttl_ms)
        )

    async def _live(self, number: int) -> None:
        """Receive until stopped or until the lease is lost."""
        self._over.clear()
        if self._is_stopping:
            await self._release(number)
            return
        deliverer = self._make_deliverer() if self._make_deliverer else None
        door = self._port.fenced(Fence(self.lease, number, self._over.set))
        renewing = asyncio.create_task(self._renew(number))
        receiving = asyncio.create_task(self._receive(door, deliverer))
        leaving = asyncio.create_task(outlive(self._leave))
        menu = asyncio.create_task(self._keep_menu())
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({receiving, leaving, over}, return_when=asyncio.FIRST_COMPLETED)
            if self._is_stopping and deliverer is not None:
                # a send that is cut off would be tried again: a double answer
                deliverer.stop()
                await asyncio.wait({receiving}, timeout=FINISH_SECONDS)
        finally:
            self.is_home = False
            faults = await _ended(receiving, leaving, over)
            await _ended(menu)
            await self._adapter.stop_receiving()
            await _ended(renewing)
            await self._release(number)
        log.info("home-left", channel=self._channel)
        await self._judge(faults)

    async def _leave(self) -> None:
        """Be out of the groups that do not want the bot; only the home speaks for the account."""
        while True:
            if self.is_home:
                await leave_due(self._house, self._channel, self._adapter)
            await asyncio.sleep(LOOK_SECONDS)

    async def _keep_menu(self) -> None:
        """The list of commands is the account's; once it receives, its home tells it."""
        while not self.is_home:  # noqa: ASYNC110 - a second is soon enough for a menu
            await asyncio.sleep(ASK_SECONDS)
        await Menu(self._house, self._channel, self._adapter).keep()

    async def _receive(self, door: ChannelPort, deliverer: Deliverer | None) -> None:
        await self._adapter.start(door)
        self.is_home = True
        self._settled.set()
        log.info("channel-started", channel=self._channel, adapter=self._adapter.name)
        with contextlib.suppress(StorageProblem):
            await keep_link(self._house, self._channel, self._adapter)
        if deliverer is None:
            await asyncio.Event().wait()
        else:
            died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            await keep_running(deliverer.run, died)
            if died.done():
                died.result()

    async def _renew(self, number: int) -> None:
        """Keep the lease; ends when it is lost, or could be by now."""
        renewed = monotonic()
        try:
            while (monotonic() - renewed) * 1000 < self._ttl_ms:
                await asyncio.sleep(self._ttl_ms / RENEWALS / 1000)
                asked = monotonic()
                with contextlib.suppress(StorageProblem):
                    if not await self._stay(number):
                        log.warning("home-lost", channel=self._channel)
                        return
                    renewed = asked
        finally:
            self._over.set()

    async def _stay(self, number: int) -> bool:
        now_ms = self._house.clock.now_ms()
        return await self._house.database.write(
            lambda c: leases.renew(c, self.lease, number, now_ms, self._ttl_ms)
        )

    async def _release(self, number: int) -> None:
        with contextlib.suppress(StorageProblem):
            await self._house.database.write(lambda c: leases.release(c, self.lease, number))

    async def _judge(self, faults: list[BaseException]) -> None:
        """What made receiving end by itself, if anything did?"""
        for fault in faults:
            if not isinstance(fault, ConfigError):
                raise fault
            if not self._settled.is_set():
                # at the start of the process somebody is looking: say it and stop
                self._refusal = fault
                return
            log.error("home-refused", channel=self._channel)
            await self._pause(self._ttl_ms / RENEWALS / 1000)

    async def _pause(self, seconds: float) -> None:
        if not self._is_stopping:
            self._over.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)


async def _ended(*tasks: asyncio.Task[object]) -> list[BaseException]:
    """End the tasks; gives what they failed of by themselves."""
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    return [
        one
        for one in results
        if isinstance(one, BaseException) and not isinstance(one, asyncio.CancelledError)
    ]
