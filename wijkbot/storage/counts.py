"""How often did what happen? Numbers a day; nothing in them points to a person."""

from __future__ import annotations

from collections import Counter
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


def add(conn: Connection, *counted: Count) -> None:
    """Add to the numbers of those days, kinds and places."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for one in counted:
        sums[one.day, one.kind, one.place] += one.count
    # one order for everybody: two transactions can never wait for each other's rows
    rows = [
        {"day": day, "kind": kind, "place": place, "count": count}
        for (day, kind, place), count in sorted(sums.items())
    ]
    if not rows:
        return
    new = insert(conn, event_count).values(rows)
    keys = [event_count.c.day, event_count.c.kind, event_count.c.place]
    more = {"count": event_count.c["count"] + new.excluded["count"]}
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=more))


def between(conn: Connection, first_day: str, last_day: str) -> list[Count]:
    """The numbers of those days, both included."""
    days = event_count.c.day.between(first_day, last_day)
    query = select(event_count).where(days).order_by(event_count.c.day, event_count.c.kind)
    return [Count(**row) for row in conn.execute(query).mappings()]
