"""What must be true of the tables at every moment, and what when nobody works any more?"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from wijkbot.storage.outbox import Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import broadcast, chat, conversation, inbox, lane, limiter, outbox

FACTS = (conversation, inbox, lane, outbox, broadcast)


def everything(conn: Connection) -> list[list[tuple[Any, ...]]]:
    """All rows of the work: to see that something changed nothing."""
    tables = (select(table).order_by(*table.primary_key) for table in FACTS)
    return [[tuple(row) for row in conn.execute(query)] for query in tables]


def wipe(conn: Connection) -> None:
    """Begin again, with the keys and the texts that are there."""
    for table in (outbox, lane, inbox, conversation, broadcast, chat, limiter):
        conn.execute(delete(table))


def broken(
    conn: Connection, sealer: Sealer, erased: Mapping[int, int], *, is_at_rest: bool
) -> list[str]:
    """Which promises do the tables break? ``erased``: up to which event a talk was erased."""
    events = _by(conn.execute(select(inbox).order_by(inbox.c.seq)), "conversation_id")
    messages = _by(conn.execute(select(outbox).order_by(outbox.c.seq)), "lane_id")
    found: list[str] = []
    for talk in conn.execute(select(conversation)):
        found += _of_talk(talk, events[talk.id], is_at_rest=is_at_rest)
        mine = [one for one in events[talk.id] if one.seq > erased.get(talk.id, 0)]
        found += _of_state(conn, sealer, talk, mine)
    for way in conn.execute(select(lane)):
        found += _of_lane(way, messages[way.id], is_at_rest=is_at_rest)
    return found


def orders(conn: Connection) -> list[list[str]]:
    """The pseudonyms of the events of each conversation, as they were numbered."""
    rows = _by(conn.execute(select(inbox).order_by(inbox.c.seq)), "conversation_id")
    return sorted([one.external_id for one in events] for events in rows.values())


def effects(conn: Connection) -> tuple[set[str], dict[int, int]]:
    """The keys of all answers, and how many messages each announcement has."""
    rows = conn.execute(select(outbox.c.key, outbox.c.broadcast_id)).all()
    counts = dict.fromkeys(conn.execute(select(broadcast.c.id)).scalars(), 0)
    counts |= Counter(row.broadcast_id for row in rows if row.broadcast_id is not None)
    return {row.key for row in rows if row.broadcast_id is None}, counts


def sent(conn: Connection) -> set[str]:
    """The keys of all messages that arrived."""
    arrived = select(outbox.c.key).where(outbox.c.status == int(Status.SENT))
    return set(conn.execute(arrived).scalars())


def numbers(conn: Connection) -> tuple[dict[int, int], dict[int, int]]:
    """The lease of each conversation, and of each lane."""
    talks = {row.id: int(row.lease) for row in conn.execute(select(conversation))}
    return talks, {row.id: int(row.lease) for row in conn.execute(select(lane))}


def state_of(conn: Connection, sealer: Sealer, talk: Row[Any]) -> list[str]:
    """The events that this conversation handled, in the order in which it did."""
    if talk.state_sealed is None:
        return []
    opened = sealer.open(conn, talk.state_sealed, f"conversation.state:{talk.id}")
    return [str(one) for one in json.loads(opened)]


def _of_talk(talk: Row[Any], events: list[Row[Any]], *, is_at_rest: bool) -> list[str]:
    found = _gaps(f"conversation {talk.id}", [one.seq for one in events], talk.in_seq)
    if talk.done_seq > talk.in_seq:
        found.append(f"conversation {talk.id} is further than its events")
    if talk.done_seq < talk.in_seq and talk.due_at is None:
        found.append(f"conversation {talk.id} waits and nobody will look")
    if is_at_rest and (talk.done_seq < talk.in_seq or talk.timer_at is not None):
        found.append(f"conversation {talk.id} still waits")
    if is_at_rest and talk.due_at is not None:
        found.append(f"conversation {talk.id} is looked at for nothing")
    return found


def _of_state(
    conn: Connection, sealer: Sealer, talk: Row[Any], events: list[Row[Any]]
) -> list[str]:
    """The state is the list of the events, in their order, each once."""
    done = [one.external_id for one in events if one.seq <= talk.done_seq and not one.dead_at]
    state = [sealer.pseudonym("event", "street", one) for one in state_of(conn, sealer, talk)]
    return [] if state == done else [f"conversation {talk.id} handled other events than it got"]


def _of_lane(way: Row[Any], messages: list[Row[Any]], *, is_at_rest: bool) -> list[str]:
    found = _gaps(f"lane {way.id}", [one.seq for one in messages], way.out_seq)
    final = Status.SENT
    if any(one.status < final for one in messages if one.seq <= way.sent_seq):
        found.append(f"lane {way.id} passed over a message that waits")
    if any(one.status == Status.SENDING for one in messages if one.seq > way.sent_seq + 1):
        found.append(f"lane {way.id} sends two messages at once")
    if way.sent_seq < way.out_seq and way.due_at is None and not way.suspended:
        found.append(f"lane {way.id} waits and nobody will look")
    if is_at_rest and (way.sent_seq < way.out_seq or way.due_at is not None):
        found.append(f"lane {way.id} still waits")
    return found


def _gaps(what: str, seqs: list[int], last: int) -> list[str]:
    return [] if seqs == list(range(1, last + 1)) else [f"{what} has gaps: {seqs} of {last}"]


def _by(rows: Iterable[Row[Any]], name: str) -> defaultdict[int, list[Row[Any]]]:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found
