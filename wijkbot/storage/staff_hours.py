"""When is the chat staffed? Spans of a week, in minutes of the organisation's own day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from wijkbot.storage.staff_tables import staff_hours


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``begins`` to ``ends`` (minutes after midnight) on a ``day``; Monday is 0."""

    day: int
    begins: int
    ends: int


def get(conn: Connection) -> list[Span]:
    """All spans, in the order of the week; empty when nobody chose them in the console."""
    rows = conn.execute(select(staff_hours).order_by(staff_hours.c.day, staff_hours.c.begins))
    return [Span(row.day, row.begins, row.ends) for row in rows]


def put(conn: Connection, spans: Sequence[Span]) -> None:
    """These spans instead of the earlier ones. They must not overlap."""
    conn.execute(delete(staff_hours))
    if spans:
        rows = [{"day": one.day, "begins": one.begins, "ends": one.ends} for one in spans]
        conn.execute(staff_hours.insert(), rows)
