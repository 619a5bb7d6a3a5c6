"""How often did what happen? Numbers a day; nothing in them points to a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.tables import event_count


@dataclass(frozen=True, slots=True)
class Count:
    """How often something of a kind happened in a place (G, P, S) on a local day."""

    day: str
    kind: str
    place: str
    count: int


def add(conn: Connection, counted: Count) -> None:
    """Add to the number of that day, kind and place."""
    new = insert(conn, event_count).values(
        day=counted.day, kind=counted.kind, place=counted.place, count=counted.count
    )
    keys = [event_count.c.day, event_count.c.kind, event_count.c.place]
    more = {"count": event_count.c["count"] + new.excluded["count"]}
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=more))


def between(conn: Connection, first_day: str, last_day: str) -> list[Count]:
    """The numbers of those days, both included."""
    days = event_count.c.day.between(first_day, last_day)
    query = select(event_count).where(days).order_by(event_count.c.day, event_count.c.kind)
    return [Count(**row) for row in conn.execute(query).mappings()]
