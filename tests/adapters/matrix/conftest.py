"""What do the Matrix tests get? A real homeserver, bots with a memory, independent residents."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.matrix.memory_port import MemoryPort
from tests.adapters.matrix.resident import Resident, ensure_resident
from tests.adapters.matrix.synapse import LocalSynapse
from wijkbot.adapter_api import ChannelConfig
from wijkbot_matrix.adapter import MatrixAdapter, create

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PASSWORD = "a-long-test-password"
_numbers = itertools.count(1)


@dataclass
class Bot:
    """One bot account: its adapter of the moment, and what outlives a restart."""

    user_id: str
    homeserver: str
    home: Path
    options: dict[str, Any] = field(default_factory=dict)
    port: MemoryPort = field(default_factory=MemoryPort)
    adapter: MatrixAdapter | None = None

    def made(self) -> MatrixAdapter:
        """Make an adapter of this account, not started."""
        options = {"homeserver": self.homeserver, "user": self.user_id, "password": PASSWORD}
        config = ChannelConfig(
            name="buurt-matrix",
            organisation="Wijkhuis De Linde",
            public_url="https://example.org",
            data_dir=str(self.home),
            options=options | self.options,
            now=lambda: NOW,
        )
        adapter = create(config)
        assert isinstance(adapter, MatrixAdapter)
        return adapter

    async def start(self) -> MatrixAdapter:
        """Start (again) with the same memory and store."""
        self.adapter = self.made()
        await self.adapter.start(self.port)
        return self.adapter

    async def stop(self) -> None:
        """Stop when running."""
        if self.adapter is not None:
            await self.adapter.stop()
        self.adapter = None


@pytest.fixture(scope="session")
def homeserver() -> Iterator[LocalSynapse]:
    """One Synapse without rate limits for the whole run."""
    ensure_resident()
    synapse = LocalSynapse()
    try:
        yield synapse.start()
    finally:
        synapse.remove()


@pytest.fixture
async def new_bot(homeserver: LocalSynapse, tmp_path: Path) -> AsyncIterator[Callable[..., Bot]]:
    """A maker of bot accounts; all are stopped at the end."""
    made: list[Bot] = []

    def make(**options: Any) -> Bot:
        user = homeserver.register(f"wijkbot{next(_numbers)}", PASSWORD)
        bot = Bot(user, homeserver.url, tmp_path / user[1:].partition(":")[0], options)
        made.append(bot)
        return bot

    yield make
    for bot in made:
        await bot.stop()


@pytest.fixture
async def bot(new_bot: Callable[..., Bot]) -> Bot:
    """A started bot with default options."""
    found = new_bot()
    await found.start()
    return found


@pytest.fixture
async def new_resident(
    homeserver: LocalSynapse,
) -> AsyncIterator[Callable[[str], Awaitable[Resident]]]:
    """A maker of residents who only trust cross-signed devices."""
    made: list[Resident] = []

    async def make(name: str) -> Resident:
        user = homeserver.register(f"{name}{next(_numbers)}", PASSWORD)
        resident = await Resident.login(homeserver.url, user, PASSWORD)
        made.append(resident)
        return resident

    yield make
    for resident in made:
        await resident.stop()


@pytest.fixture
async def anna(new_resident: Callable[[str], Awaitable[Resident]]) -> Resident:
    """A resident of an invented street."""
    return await new_resident("anna")
