"""Where do SQLite and PostgreSQL differ? The few clauses that are not the same in both."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    FromClause,
    Insert,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:  # who uses SQLite does without, which saves 2 MB
    from sqlalchemy.dialects import postgresql

GIVEN_CLOCK = "wijkbot_given_clock"
"""Execution option of an engine whose moments are those that callers give, in tests."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """What a statement must know of its database. Statements that run for every message are
    built once for each flavour: building one takes ten times as long as running it.
    """

    is_sqlite: bool
    takes_given_clock: bool

    def insert_each(self, table: Table, **types: type[TypeEngine[Any]]) -> Insert:
        """An INSERT of rows; its parameters are those of :meth:`for_each`."""
        each = self.each(**types)
        if self.is_sqlite:
            return table.insert().values(each)
        return table.insert().from_select(
            list(each), select(*each.values()), include_defaults=False
        )

    def insert(self, table: Table) -> postgresql.Insert:
        """An INSERT that knows ON CONFLICT."""
        if self.is_sqlite:
            # both classes offer the same on_conflict methods; the type of one stands for both
            return cast("postgresql.Insert", sqlite.insert(table))
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)

    def now(self) -> ColumnElement[int]:
        """This moment in ms; run the statement with the parameters of :meth:`at`."""
        if self.takes_given_clock:
            return sql_cast(bindparam("b_now", type_=BigInteger), BigInteger)
        return _DATABASE_NOW

    def at(self, now_ms: int) -> dict[str, object]:
        """The parameters that say when a statement with :meth:`now` runs."""
        return {"b_now": now_ms} if self.takes_given_clock else {}

    def without_waiting(self) -> ColumnElement[str]:
        """Selecting it lets this transaction of PostgreSQL be lost with the machine."""
        return func.set_config("synchronous_commit", "off", true())

    def is_among(self, column_: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Whether it is one of the values of one parameter; see :meth:`many`."""
        if self.is_sqlite:
            each = func.json_each(bindparam(name, type_=Text)).table_valued("value", name="many")
            return column_.in_(select(each.c.value))
        return column_ == any_(bindparam(name, type_=ARRAY(column_.type)))

    def many(self, values: Iterable[object]) -> object:
        """The value of the parameter of :meth:`is_among`, however many they are."""
        return json.dumps(list(values)) if self.is_sqlite else list(values)

    def each(self, **types: type[TypeEngine[Any]]) -> dict[str, ColumnElement[Any]]:
        """The columns of rows that a statement is run for; see :meth:`for_each`.

        SQLite runs the statement once for each row, which costs it little. PostgreSQL runs it
        once for all of them, because every statement is a journey there.
        """
        if self.is_sqlite:
            return {name: bindparam(f"b_{name}", type_=type_) for name, type_ in types.items()}
        arrays = [bindparam(f"b_{name}", type_=ARRAY(type_)) for name, type_ in types.items()]
        columns = [column(name, type_()) for name, type_ in types.items()]
        table = func.unnest(*arrays).table_valued(*columns, name="each").render_derived()
        return {name: table.c[name] for name in types}

    def for_each(
        self, rows: Sequence[Mapping[str, object]], **same: object
    ) -> list[dict[str, object]] | dict[str, object]:
        """The parameters of a statement with :meth:`each`; ``same`` are those of all rows."""
        if self.is_sqlite:
            return [{f"b_{name}": it for name, it in row.items()} | same for row in rows]
        return {f"b_{name}": [row[name] for row in rows] for name in rows[0]} | same

    def rows(self, **types: type[TypeEngine[Any]]) -> FromClause:
        """Many rows as a table: run the statement with the parameter of :func:`as_rows`.

        One parameter for all of them costs far less than one statement for each.
        """
        given = bindparam("b_rows", type_=Text)
        if self.is_sqlite:
            each = func.json_each(given).table_valued("value", name="each")
            values = [
                sql_cast(func.json_extract(each.c.value, f"$.{name}"), type_()).label(name)
                for name, type_ in types.items()
            ]
            return select(*values).subquery("given")
        from sqlalchemy.dialects import postgresql

        columns = [column(name, type_()) for name, type_ in types.items()]
        records = func.jsonb_to_recordset(sql_cast(given, postgresql.JSONB(none_as_null=True)))
        return records.table_valued(*columns, name="given").render_derived(with_types=True)

    def skipping_locked(self, query: Select[Any], *tables: Table) -> Select[Any]:
        """The query, passing over rows that another process holds (SQLite has one writer)."""
        if self.is_sqlite:
            return query
        return query.with_for_update(skip_locked=True, of=tables)


# the same in a whole statement, so that an index can be used with it
_DATABASE_NOW: ColumnElement[int] = literal_column(
    "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)", BigInteger
)
_EMBEDDED = Flavour(is_sqlite=True, takes_given_clock=True)
_TOLD = Flavour(is_sqlite=False, takes_given_clock=True)
_OWN = Flavour(is_sqlite=False, takes_given_clock=False)


def flavour(conn: Connection) -> Flavour:
    """Which one this connection is."""
    if is_sqlite(conn):
        return _EMBEDDED
    return _TOLD if _takes_given_clock(conn) else _OWN


def as_rows(rows: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """The parameter that carries these rows; their values are numbers and texts."""
    return {"b_rows": json.dumps(list(rows))}


def is_sqlite(conn: Connection) -> bool:
    """Whether this connection is to the embedded database."""
    return conn.dialect.name == "sqlite"


def insert(conn: Connection, table: Table) -> postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in this database's dialect."""
    return flavour(conn).insert(table)


def big(value: int) -> ColumnElement[int]:
    """A number that PostgreSQL takes for a BIGINT everywhere, also inside CASE."""
    return sql_cast(bindparam(None, value, type_=BigInteger), BigInteger)


def now(conn: Connection, now_ms: int) -> ColumnElement[int]:
    """This moment in ms: the database's own on PostgreSQL, where processes' clocks may differ.

    It is the same in a whole statement, so that an index can be used with it.
    """
    return big(now_ms) if _takes_given_clock(conn) else _DATABASE_NOW


def moment(conn: Connection, now_ms: int) -> int:
    """As :func:`now`, but as a number, and read at the instant it is asked for."""
    if _takes_given_clock(conn):
        return now_ms
    clock = func.floor(func.extract("epoch", func.clock_timestamp()) * 1000)
    return int(conn.execute(clock.select()).scalar_one())


def _takes_given_clock(conn: Connection) -> bool:
    return is_sqlite(conn) or GIVEN_CLOCK in conn.get_execution_options()


def among(
    conn: Connection, column: ColumnElement[int], ids: Collection[int]
) -> ColumnElement[bool]:
    """Whether the number is one of these: one parameter, however many they are."""
    if is_sqlite(conn):
        each = func.json_each(json.dumps(list(ids))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(None, list(ids), type_=ARRAY(BigInteger)))


def skipping_locked(conn: Connection, query: Select[Any], *tables: Table) -> Select[Any]:
    """The query, passing over rows that another process holds (SQLite has one writer)."""
    return flavour(conn).skipping_locked(query, *tables)
