"""Where do SQLite and PostgreSQL differ? The few clauses that are not the same in both."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import BigInteger, Connection, Select, Table, bindparam
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement


def is_sqlite(conn: Connection) -> bool:
    """Whether this connection is to the embedded database."""
    return conn.dialect.name == "sqlite"


def insert(conn: Connection, table: Table) -> postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in this database's dialect."""
    if is_sqlite(conn):
        # both classes offer the same on_conflict methods; the type of one stands for both
        return cast("postgresql.Insert", sqlite.insert(table))
    return postgresql.insert(table)


def big(value: int) -> ColumnElement[int]:
    """A number that PostgreSQL takes for a BIGINT everywhere, also inside CASE."""
    return sql_cast(bindparam(None, value, type_=BigInteger), BigInteger)


def skipping_locked(conn: Connection, query: Select[Any], *tables: Table) -> Select[Any]:
    """The query, passing over rows that another process holds (SQLite has one writer)."""
    if is_sqlite(conn):
        return query
    return query.with_for_update(skip_locked=True, of=tables)
