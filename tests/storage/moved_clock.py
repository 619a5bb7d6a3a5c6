"""How does a test move the clock of PostgreSQL itself?

Its functions that tell the time are looked up like any other: a schema that is searched first
holds others of the same name. So the statements of production run as they are, and what a
process believes about the time can differ from what the database knows.
"""

from __future__ import annotations

from sqlalchemy import Connection, create_engine, make_url, text

_MADE = (
    "DROP SCHEMA IF EXISTS moved CASCADE",
    "CREATE SCHEMA moved",
    "CREATE TABLE moved.clock (ms BIGINT NOT NULL)",
    "INSERT INTO moved.clock VALUES (0)",
    *(
        f"CREATE FUNCTION moved.{name}() RETURNS timestamptz LANGUAGE sql STABLE AS "
        "$$ SELECT to_timestamp(ms / 1000.0) FROM moved.clock $$"
        for name in ("statement_timestamp", "clock_timestamp")
    ),
)


def with_moved_clock(url: str) -> str:
    """Make a clock in this database; gives the url of who lives by it."""
    engine = create_engine(url)
    with engine.begin() as conn:
        for statement in _MADE:
            conn.execute(text(statement))
    engine.dispose()
    path = "-csearch_path=moved,public,pg_catalog"
    moved = make_url(url).update_query_dict({"options": path})
    return moved.render_as_string(hide_password=False)


def move(conn: Connection, now_ms: int) -> None:
    """It is this moment now, for everybody."""
    conn.execute(text("UPDATE moved.clock SET ms = :ms"), {"ms": now_ms})
