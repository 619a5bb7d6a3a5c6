"""What do the tests of the secure chat's server get? A chat with a team, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, make_url, text

from tests.securechat.office import Office, open_office
from tests.securechat.room import Chat, running_chat
from tests.securechat.street import Street, a_street
from wijkbot.storage import migrate
from wijkbot.storage.tables import metadata


@pytest.fixture(scope="session")
def secure_pg_url(postgres_url: str) -> Iterator[str]:
    """A migrated database of its own on the server of this test run."""
    name = "secure_tests"
    _admin(postgres_url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    url = make_url(postgres_url).set(drivername="postgresql", database=name)
    shown = url.render_as_string(hide_password=False)
    migrate.upgrade(shown)
    yield shown
    _admin(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def secure_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty file to copy: migrating anew takes longer than most tests."""
    path = tmp_path_factory.mktemp("secure") / "empty.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def secure_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database with the newest schema."""
    return _empty_url(request, tmp_path)


def _empty_url(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "sqlite":
        empty: Path = request.getfixturevalue("secure_sqlite")
        copied = folder / "wijkbot.db"
        copied.write_bytes(empty.read_bytes())
        return f"sqlite:///{copied}"
    url = str(request.getfixturevalue("secure_pg_url"))
    _admin(url, f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY CASCADE")
    return url


@pytest.fixture
async def chat(secure_url: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """A secure chat with a team, one trusted proxy before it."""
    async with running_chat(secure_url, tmp_path) as running:
        yield running


@pytest.fixture
async def office(secure_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """A server whose team has nobody yet, and no loops."""
    async with open_office(tmp_path / "office", secure_url) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql"])
async def street_of_file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    """A bot that runs, with residents; publishing takes long, so a file of tests has one."""
    folder = tmp_path_factory.mktemp("street")
    url = _empty_url(request, folder)
    async with open_office(folder / "office", url) as opened, a_street(opened) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def street(street_of_file: Street) -> Street:
    """The same one; nobody has a code, and nobody stopped anything."""
    await street_of_file.begin()
    return street_of_file


def _admin(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()
