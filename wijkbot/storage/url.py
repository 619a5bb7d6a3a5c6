"""Which database does a url mean, and can this installation open it?"""

from __future__ import annotations

from importlib.util import find_spec

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from wijkbot.storage.errors import DatabaseRefused


def parse_url(url: str) -> URL:
    """The url in parts, with the driver we use.

    Raises:
        DatabaseRefused: it is neither SQLite with a file nor PostgreSQL, or a driver is missing.
    """
    remedy = 'use "sqlite:///wijkbot.db" or "postgresql://user:password@host/name"'
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except ArgumentError as error:
        raise DatabaseRefused("the database url cannot be read", remedy) from error
    if kind == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise DatabaseRefused("a SQLite database needs a file", remedy)
        return parsed.set(drivername="sqlite")
    if kind not in {"postgresql", "postgres"}:
        raise DatabaseRefused(f"the database {kind!r} is not supported", remedy)
    if find_spec("psycopg") is None:
        remedy = "run `pip install 'wijkbot[postgres]'`"
        raise DatabaseRefused("the driver for PostgreSQL is not installed", remedy)
    return parsed.set(drivername="postgresql+psycopg")
