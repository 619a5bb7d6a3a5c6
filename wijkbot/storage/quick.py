"""How does a statement that runs for every message cost little?

SQLAlchemy takes longer around such a statement than SQLite takes for it. On SQLite it is written
out once and then given to the driver itself, in the same transaction; PostgreSQL, where the
journey is what takes time, gets it in the ordinary way. Only for statements that are built once,
at module level or behind a cache: each is remembered for ever.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Delete,
    Dialect,
    Insert,
    LargeBinary,
    Select,
    Update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from wijkbot.storage.dialect import is_sqlite

Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete
Parameters = Mapping[str, object]
_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as SQLite takes it: ``names`` are its places in order, ``fixed`` their values
    where the statement itself has them.
    """

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, object]
    binds: Mapping[str, _Process]
    row: Callable[..., Any]
    results: tuple[tuple[int, _Process], ...]

    def values(self, parameters: Parameters) -> list[object]:
        """The parameters in the order of their places."""
        given = {**self.fixed, **parameters}
        for name, process in self.binds.items():
            given[name] = process(given[name])
        return [given[name] for name in self.names]

    def read(self, found: Sequence[Any]) -> Any:
        """A row of the driver, with the names of its columns."""
        if not self.results:
            return self.row(*found)
        values = list(found)
        for place, process in self.results:
            values[place] = process(values[place])
        return self.row(*values)


_written: dict[Statement, _Written] = {}


def rows(conn: Connection, statement: Statement, parameters: Parameters) -> Sequence[Any]:
    """All rows, their columns as attributes."""
    if not is_sqlite(conn):
        return conn.execute(statement, parameters).all()
    written = _written.get(statement) or _write(statement, conn.dialect)
    found = _run(conn, written, parameters).fetchall()
    return [written.read(row) for row in found]


def first(conn: Connection, statement: Statement, parameters: Parameters) -> Any:
    """The first row, or None."""
    found = rows(conn, statement, parameters)
    return found[0] if found else None


def change(
    conn: Connection, statement: Statement, parameters: Parameters | Sequence[Parameters]
) -> int:
    """Run it (once for each when there are many parameters); gives how many rows it changed."""
    if not is_sqlite(conn):
        return conn.execute(statement, parameters).rowcount
    written = _written.get(statement) or _write(statement, conn.dialect)
    return int(_run(conn, written, parameters).rowcount)


def _run(
    conn: Connection, written: _Written, parameters: Parameters | Sequence[Parameters]
) -> sqlite3.Cursor:
    if not conn.in_transaction():
        conn.begin()
    driver: sqlite3.Connection = conn.connection.dbapi_connection  # type: ignore[assignment]
    try:
        if isinstance(parameters, Mapping):
            return driver.execute(written.sql, written.values(parameters))
        return driver.executemany(written.sql, [written.values(one) for one in parameters])
    except sqlite3.Error as error:
        raise in_words_of_sqlalchemy(error, written.sql, conn.dialect) from error


def in_words_of_sqlalchemy(error: sqlite3.Error, sql: str, dialect: Dialect) -> Exception:
    """The error as SQLAlchemy says it, because trouble is told apart by that; without values."""
    return DBAPIError.instance(
        sql, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect
    )


def _write(statement: Statement, dialect: Dialect) -> _Written:
    compiled: SQLCompiler = statement.compile(dialect=dialect)
    if compiled.insert_prefetch or compiled.update_prefetch or compiled.post_compile_params:
        raise TypeError(f"not a statement of fixed text: {compiled.string}")
    returned = list(statement.exported_columns.items())
    binds = {
        name: process
        for name, bind in compiled.binds.items()
        if (process := _given(bind.type, dialect)) is not None
    }
    results = [
        (place, process)
        for place, (_, column) in enumerate(returned)
        if (process := _found(column.type, dialect)) is not None
    ]
    written = _Written(
        sql=compiled.string,
        names=tuple(compiled.positiontup or ()),
        fixed={name: it.effective_value for name, it in compiled.binds.items() if not it.required},
        binds=binds,
        row=namedtuple("Row", [str(name) for name, _ in returned], rename=True),
        results=tuple(results),
    )
    return _written.setdefault(statement, written)


def _given(type_: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    """What makes a value fit for the driver; bytes are fit as they are."""
    if isinstance(type_, LargeBinary):
        return None
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _found(type_: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    """What makes a value of the driver ours, such as a truth of a number."""
    if isinstance(type_, LargeBinary):
        return None
    return type_.dialect_impl(dialect).result_processor(dialect, None)
