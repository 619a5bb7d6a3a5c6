"""How often did what happen? Numbers a day; nothing in them points to a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from sqlalchemy import BigInteger, Connection, Insert, Text, select, true

from wijkbot.storage import quick
from wijkbot.storage.dialect import Flavour, as_rows, flavour
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
    quick.change(conn, _adding(flavour(conn)), as_rows(rows))


@cache
def _adding(of: Flavour) -> Insert:
    added = of.rows(day=Text, kind=Text, place=Text, count=BigInteger)
    keys = ("day", "kind", "place")
    # WHERE: without it SQLite would take ON CONFLICT for the condition of a join
    rows = select(*(added.c[name] for name in (*keys, "count"))).where(true())
    rows = rows.order_by(*(added.c[name] for name in keys))
    new = of.insert(event_count).from_select([*keys, "count"], rows, include_defaults=False)
    more = {"count": event_count.c["count"] + new.excluded["count"]}
    index = [event_count.c[name] for name in keys]
    return new.on_conflict_do_update(index_elements=index, set_=more)


def between(conn: Connection, first_day: str, last_day: str) -> list[Count]:
    """The numbers of those days, both included."""
    days = event_count.c.day.between(first_day, last_day)
    query = select(event_count).where(days).order_by(event_count.c.day, event_count.c.kind)
    return [Count(**row) for row in conn.execute(query).mappings()]
