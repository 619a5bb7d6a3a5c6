"""Is the database's schema the one this code knows, and how does it become that?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError

from wijkbot.storage.errors import DatabaseAway, DatabaseTooNew, DatabaseTooOld
from wijkbot.storage.url import parse_url


def head() -> str:
    """The name of the newest schema this code knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(url: str) -> str | None:
    """The schema of that database, or None when it is empty."""
    with _connection(url) as conn:
        return revision_of(conn)


def revision_of(conn: Connection) -> str | None:
    """As :func:`current`, of an open connection."""
    return MigrationContext.configure(conn).get_current_revision()


def check(url: str) -> None:
    """Nothing, when the database has the schema of this code.

    Raises:
        DatabaseTooOld, DatabaseTooNew, DatabaseAway: the remedy says what to do.
    """
    found = current(url)
    refuse_newer(found)
    if found != head():
        raise DatabaseTooOld("the database has to be upgraded", "run `wijkbot db upgrade`")


def upgrade(url: str) -> None:
    """Bring the database to the newest schema, in one transaction; harmless when it is.

    Raises:
        DatabaseTooNew: a newer wijkbot made it; nothing is changed.
    """
    with _connection(url) as conn:
        bring(conn)
        conn.commit()


def bring(conn: Connection, revision: str = "head") -> None:
    """As :func:`upgrade`, to that revision and in the caller's transaction."""
    refuse_newer(revision_of(conn))  # begins the transaction, which Alembic then leaves open
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def refuse_newer(found: str | None) -> None:
    """Nothing, when this code knows that schema.

    Raises:
        DatabaseTooNew: a newer wijkbot made it.
    """
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        remedy = "install the newer wijkbot, or restore a backup made before its upgrade"
        raise DatabaseTooNew("a newer wijkbot has upgraded this database", remedy)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
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
