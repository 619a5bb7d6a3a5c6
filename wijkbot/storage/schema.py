"""Which schema has this database, and does this code know it?

Nothing is changed here: what only looks at a database does without what changes it
(:mod:`wijkbot.storage.migrate`), starts faster and takes less memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from wijkbot.storage.errors import DatabaseAway, DatabaseTooNew, DatabaseTooOld
from wijkbot.storage.url import parse_url

MIGRATIONS = Path(__file__).parent / "migrations"
_TABLE = "alembic_version"
"""Where Alembic writes which schema a database has."""


@cache
def known() -> tuple[str, ...]:
    """The names of all schemas this code knows, the oldest first: what their files begin with."""
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
    return tuple(file.stem.partition("_")[0] for file in files)


def head() -> str:
    """The name of the newest one."""
    return known()[-1]


def current(url: str) -> str | None:
    """The schema of that database, or None when it is empty."""
    with connection(url) as conn:
        return revision_of(conn)


def revision_of(conn: Connection) -> str | None:
    """As :func:`current`, of an open connection."""
    if not inspect(conn).has_table(_TABLE):
        return None
    found = conn.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar_one_or_none()  # noqa: S608 - the name is a constant
    return None if found is None else str(found)


def check(url: str) -> None:
    """Nothing, when the database has the schema of this code.

    Raises:
        DatabaseTooOld, DatabaseTooNew, DatabaseAway: the remedy says what to do.
    """
    found = current(url)
    refuse_newer(found)
    if found != head():
        raise DatabaseTooOld("the database has to be upgraded", "run `wijkbot db upgrade`")


def refuse_newer(found: str | None) -> None:
    """Nothing, when this code knows that schema.

    Raises:
        DatabaseTooNew: a newer wijkbot made it.
    """
    if found is not None and found not in known():
        remedy = "install the newer wijkbot, or restore a backup made before its upgrade"
        raise DatabaseTooNew("a newer wijkbot has upgraded this database", remedy)


@contextmanager
def connection(url: str) -> Iterator[Connection]:
    """One connection to that database, for as long as it takes.

    Raises:
        DatabaseAway: it cannot be opened.
    """
    engine = create_engine(parse_url(url))
    try:
        with engine.connect() as conn:
            yield conn
    except DBAPIError as error:
        what = f"the database cannot be opened ({type(error.orig).__name__})"
        remedy = "look whether it runs, and whether the url and the folder are right"
        raise DatabaseAway(what, remedy) from error
    finally:
        engine.dispose()
