"""Which objects make up a running bot? The only place that builds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wijkbot.adapter_api import Adapter, ChannelConfig, Clockwork
from wijkbot.app import plugins
from wijkbot.app.converse import Converser
from wijkbot.app.deliver import Deliverer
from wijkbot.app.home import TTL_MS, Home
from wijkbot.app.house import House
from wijkbot.app.journal import JOURNAL, Journal
from wijkbot.app.library import Library
from wijkbot.app.receive import ChannelPort
from wijkbot.app.roles import Role
from wijkbot.app.secure_room import SecureRoom, secure_room
from wijkbot.app.wake import Wakes
from wijkbot.clock import Clock
from wijkbot.content.translations import page_texts
from wijkbot.settings import Settings
from wijkbot.storage import seal
from wijkbot.storage.open import open_database
from wijkbot.storage.seal import Sealer

KEY_FILE = "wijkbot.key"
EMBEDDED_TTL_MS = 3_600_000
"""Nobody waits for the lease of SQLite's only process, so it is seldom renewed."""


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything of one running process.

    ``adapters`` are those that this process works with, ``deliverers`` those of the channels
    that it sends for in any case, and ``homes`` those that it may receive for. ``secure`` is the
    secure chat, where it is this server's.
    """

    house: House
    adapters: Mapping[str, Adapter]
    ports: Mapping[str, ChannelPort]
    converser: Converser
    deliverers: Mapping[str, Deliverer]
    folder: Path
    wakes: Wakes
    homes: Mapping[str, Home]
    role: Role = Role.ALL
    secure: SecureRoom | None = None


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
    journal = Journal(folder / JOURNAL, sealer.key_file, clock.random_bytes)
    journal.begin()
    return House(database, sealer, clock, settings, Library(database, settings), journal)


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


def assemble(
    house: House,
    adapters: Mapping[str, Adapter],
    folder: Path,
    role: Role = Role.ALL,
    *,
    ttl_ms: int = TTL_MS,
) -> Bot:
    """Wire the loops of one process; ``ttl_ms`` is how long a silent home stays the home."""
    is_embedded = house.database.is_embedded
    wakes = Wakes(adapters, "" if is_embedded else database_url(house.settings, folder))
    here = {
        name: adapter
        for name, adapter in adapters.items()
        if role.receives or (role.sends and not adapter.sends_from_home)
    }
    ports = {name: ChannelPort(name, house, wakes.arrived, here[name]) for name in here}
    deliverers = {
        name: Deliverer(house, name, adapter, wakes.senders[name])
        for name, adapter in here.items()
        if role.sends and not adapter.sends_from_home
    }
    holder = house.clock.random_bytes(16).hex()
    homes = {
        name: Home(
            house,
            ports[name],
            adapter,
            holder,
            make_deliverer=_deliverer_at_home(house, name, adapter, wakes),
            ttl_ms=EMBEDDED_TTL_MS if is_embedded else ttl_ms,
        )
        for name, adapter in here.items()
        if role.receives
    }
    converser = Converser(house, wakes.engine, wakes.queued)
    secure = secure_room(house)
    return Bot(house, here, ports, converser, deliverers, folder, wakes, homes, role, secure)


def _deliverer_at_home(
    house: House, name: str, adapter: Adapter, wakes: Wakes
) -> Callable[[], Deliverer] | None:
    """How a home makes what sends for it, where only the home may send."""
    if not adapter.sends_from_home:
        return None
    return lambda: Deliverer(house, name, adapter, wakes.senders[name])


def ensure_key(folder: Path, clock: Clock) -> None:
    """Make the key file of a new installation; an existing one is never touched."""
    path = folder / KEY_FILE
    if not path.exists():
        seal.create_key_file(path, clock.random_bytes(32))


def ensure_schema(settings: Settings, folder: Path) -> None:
    """Bring a new or older database to the schema of this code."""
    from wijkbot.storage import migrate

    migrate.upgrade(database_url(settings, folder))
