"""Which databases do the storage tests run on? Both, each empty at the start of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.storage.copies import Copies
from tests.storage.house import House
from wijkbot.clock import Clock
from wijkbot.storage import migrate
from wijkbot.storage.database import Database
from wijkbot.storage.open import open_database
from wijkbot.storage.seal import Sealer, check_key, create_key_file, load_key_file, rotate
from wijkbot.storage.tables import metadata

T = TypeVar("T")


def _admin(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def pg_url(postgres_url: str) -> Iterator[str]:
    """A migrated database of its own on the server of this test run."""
    _admin(postgres_url, "DROP DATABASE IF EXISTS storage_tests", "CREATE DATABASE storage_tests")
    url = make_url(postgres_url).set(database="storage_tests")
    shown = url.render_as_string(hide_password=False)
    migrate.upgrade(shown)
    yield shown
    _admin(postgres_url, "DROP DATABASE storage_tests WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database with the newest schema."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/wijkbot.db"
        migrate.upgrade(url)
        return url
    url = str(request.getfixturevalue("pg_url"))
    empty(url)
    return url


def empty(url: str) -> None:
    """Take away all rows of the PostgreSQL database of the tests."""
    tables = ", ".join(metadata.tables)
    _admin(url, f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    clock = Clock()
    path = tmp_path / "wijkbot.key"
    create_key_file(path, clock.random_bytes(32))
    return Sealer(load_key_file(path), clock.random_bytes)


@pytest.fixture
async def house(database_url: str, sealer: Sealer) -> AsyncIterator[House]:
    """The open database with its sealer, and short words for what tests do often."""
    database = open_database(database_url, takes_given_clock=True)
    await database.write(lambda conn: check_key(conn, sealer))
    await rotate(database, sealer, House.START)
    yield House(database, sealer)
    await database.close()


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path}/wijkbot.db"
    migrate.upgrade(url)
    database = open_database(url)
    yield database
    await database.close()


@pytest.fixture
async def copies(database_url: str, tmp_path: Path, house: House) -> AsyncIterator[Copies]:
    """The operator's hands on that database; open again whatever a test restored."""
    made = Copies(database_url, tmp_path, house)
    yield made
    await made.house.database.close()
