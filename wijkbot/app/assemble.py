"""Which objects make up a running bot? The only place that builds them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wijkbot.adapter_api import Adapter, ChannelConfig, Clockwork
from wijkbot.app import plugins
from wijkbot.app.converse import Converser
from wijkbot.app.deliver import Deliverer
from wijkbot.app.house import House
from wijkbot.app.library import Library
from wijkbot.app.receive import ChannelPort
from wijkbot.clock import Clock
from wijkbot.content.translations import page_texts
from wijkbot.settings import Settings
from wijkbot.storage import migrate, seal
from wijkbot.storage.database import open_database
from wijkbot.storage.seal import Sealer

KEY_FILE = "wijkbot.key"


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything of one running process."""

    house: House
    adapters: Mapping[str, Adapter]
    ports: Mapping[str, ChannelPort]
    converser: Converser
    deliverers: Mapping[str, Deliverer]
    folder: Path
    wake: asyncio.Event


def database_url(settings: Settings, folder: Path) -> str:
    """The database's address; a relative SQLite path is beside the configuration."""
    url = settings.database.url
    path = url.removeprefix("sqlite:///")
    if path == url or path.startswith("/"):
        return url
    return f"sqlite:///{(folder / path).resolve()}"


async def open_house(settings: Settings, folder: Path, clock: Clock) -> House:
    """Open database and key file.

    Raises:
        StorageProblem: database too old, too new or away; key file missing or readable by others.
    """
    database = open_database(database_url(settings, folder))
    sealer = Sealer(seal.load_key_file(folder / KEY_FILE), clock.random_bytes)
    await database.write(lambda conn: seal.check_key(conn, sealer))
    await seal.rotate(database, sealer, clock.now_ms())
    return House(database, sealer, clock, settings, Library(database, settings))


def make_adapters(settings: Settings, folder: Path, clock: Clock) -> dict[str, Adapter]:
    """The adapter of every channel; configuration mistakes raise before anything starts."""
    made = {}
    for name, channel in settings.channels.items():
        options = channel.options()
        if channel.adapter == "sandbox":
            area = settings.areas()[settings.neighbourhood_of(name)]
            options |= {
                "title": area.name,
                "gettext": page_texts,
                "clock": Clockwork(clock.now, clock.shift, clock.reset),
            }
        config = ChannelConfig(
            name=name,
            organisation=settings.organisation.name,
            public_url=settings.organisation.public_url,
            data_dir=str(folder),
            options=options,
            now=clock.now,
        )
        made[name] = plugins.create(channel.adapter, config)
    return made


def assemble(house: House, adapters: Mapping[str, Adapter], folder: Path) -> Bot:
    """Wire the loops of one process."""
    wake, wake_sender = asyncio.Event(), {name: asyncio.Event() for name in adapters}
    everyone = _All(tuple(wake_sender.values()))
    ports = {
        name: ChannelPort(name, house.database, house.sealer, house.clock, house.settings, wake)
        for name in adapters
    }
    deliverers = {
        name: Deliverer(house, name, adapter, wake_sender[name])
        for name, adapter in adapters.items()
    }
    converser = Converser(house, wake, everyone)
    return Bot(house, adapters, ports, converser, deliverers, folder, wake)


class _All(asyncio.Event):
    """One event that wakes many."""

    def __init__(self, others: tuple[asyncio.Event, ...]) -> None:
        super().__init__()
        self._others = others

    def set(self) -> None:
        """Wake every sender."""
        for other in self._others:
            other.set()


def ensure_key(folder: Path, clock: Clock) -> None:
    """Make the key file of a new installation; an existing one is never touched."""
    path = folder / KEY_FILE
    if not path.exists():
        seal.create_key_file(path, clock.random_bytes(32))


def ensure_schema(settings: Settings, folder: Path) -> None:
    """Bring a new or older database to the schema of this code."""
    migrate.upgrade(database_url(settings, folder))
