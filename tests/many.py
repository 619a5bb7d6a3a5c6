"""How do tests run several processes on one PostgreSQL? Each with a database of its own."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from sqlalchemy import create_engine, make_url, text

from tests.adapters.telegram.bot_api import LocalBotApi
from wijkbot.app.assemble import ensure_key
from wijkbot.clock import Clock
from wijkbot.storage import migrate

_numbers = itertools.count(1)
_SERVE = (
    "import sys; from pathlib import Path; from wijkbot.cli.serving import serve;"
    " serve(Path(sys.argv[1]), sys.argv[2], 0, ttl_ms=int(sys.argv[3]))"
)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """A migrated, empty database on that server, for one test; gives its url for settings."""
    name = f"many_{os.getpid()}_{next(_numbers)}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(server_url).set(drivername="postgresql", database=name)
    shown = url.render_as_string(hide_password=False)
    migrate.upgrade(shown)
    try:
        yield shown
    finally:
        with engine.connect() as conn:
            conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@contextmanager
def away(server_url: str, url: str) -> Iterator[None]:
    """The database refuses everybody, those who were connected too."""
    name = make_url(url).database
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        conn.execute(text(ended), {"name": name})
        yield
        conn.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    engine.dispose()


def write_config(folder: Path, url: str, api: LocalBotApi) -> Path:
    """The settings and the key file that all processes of one bot share."""
    folder.mkdir(parents=True, exist_ok=True)
    ensure_key(folder, Clock())
    config = folder / "wijkbot.toml"
    config.write_text(
        f"""
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "http://127.0.0.1:1"
[database]
url = "{url}"
[secure_chat]
url = "https://veilige-chat.example/"
[channels.buurt]
adapter = "telegram"
token = "{api.token}"
base_url = "{api.base_url}"
base_file_url = "{api.base_file_url}"
""",
        encoding="utf-8",
    )
    return config


@dataclass(frozen=True, slots=True)
class Served:
    """A process that runs ``serve``, what it logs, and where it answers."""

    process: asyncio.subprocess.Process
    log: Path
    base_url: str = ""

    @property
    def is_home(self) -> bool:
        """Did it begin to receive for its channel, at any time?"""
        return "channel-started" in self.log.read_text(encoding="utf-8")

    async def get(self, path: str) -> int:
        """The status with which it answers there."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{self.base_url}{path}")).status_code


@asynccontextmanager
async def processes(
    config: Path, *roles: str, ttl_ms: int = 2000
) -> AsyncIterator[tuple[Served, ...]]:
    """A process for each role, all ready; those that still run at the end are killed."""
    started = [await _start(config, role, ttl_ms) for role in roles]
    try:
        async with asyncio.timeout(60):
            ready = tuple(await asyncio.gather(*(_ready(one) for one in started)))
        yield ready
    finally:
        for one in started:
            if one.process.returncode is None:
                one.process.kill()
            await one.process.wait()


async def _start(config: Path, role: str, ttl_ms: int) -> Served:
    log = config.parent / f"{role}-{next(_numbers)}.log"
    with log.open("wb") as stderr:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", _SERVE, str(config), role, str(ttl_ms)),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    return Served(started, log)


async def _ready(started: Served) -> Served:
    assert started.process.stdout is not None
    said = (await started.process.stdout.readline()).decode()
    assert " on port " in said, started.log.read_text(encoding="utf-8")
    port = said.rpartition(" on port ")[2].strip(" .\n")
    return replace(started, base_url=f"http://127.0.0.1:{port}")
