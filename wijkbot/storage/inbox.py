"""How does an event get its number?

Events are numbered under the row lock of their conversation, without gaps and in the order of
their commits; an event that was seen before gets none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Insert,
    LargeBinary,
    Select,
    Text,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.dml import ReturningInsert

from wijkbot.storage import chats, quick
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.dialect import Flavour, as_rows, flavour
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import conversation, inbox


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event to keep. Addresses are plain here and nowhere on disk.

    ``member`` is "" for an event of the chat itself. The last four are used for a chat that
    is not known yet.
    """

    channel: str
    external_id: str
    chat: str
    is_private: bool
    member: str
    payload: bytes
    received_at: int
    neighbourhood: str = ""
    language: str = "nl"
    mode: str = "mention"
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where an event was put."""

    conversation_id: int
    seq: int


def accept(
    conn: Connection, sealer: Sealer, arrivals: Sequence[Arrival], now_ms: int
) -> list[Accepted]:
    """Number and keep new events; those that were seen before are dropped.

    The events of one conversation keep their order. An event that another process keeps at
    this very moment makes the database refuse the whole call: it is to be tried again, and is
    then one that was seen.
    """
    fresh = _fresh(conn, sealer, arrivals)
    if not fresh:
        return []
    ids = chats.meet(conn, sealer, [_newcomer(one) for one in fresh.values()], now_ms)
    plan = [_plan(sealer, ids[one.channel, one.chat], name, one) for name, one in fresh.items()]
    # one order for everybody: two batches can never wait for each other's conversations
    plan.sort(key=lambda step: step.key)
    numbers = _count(conn, plan, now_ms)
    accepted, rows = [], []
    for step in plan:
        place = next(numbers[step.key])
        accepted.append(place)
        rows.append(_row(sealer, step, place))
    of = flavour(conn)
    quick.change(conn, _inserting(of), of.for_each(rows))
    return accepted


@dataclass(frozen=True, slots=True)
class _Plan:
    """One new event, with the pseudonyms it is kept under."""

    key: str
    chat_id: int
    member_hmac: str
    external_id: str
    arrival: Arrival


def _fresh(
    conn: Connection, sealer: Sealer, arrivals: Sequence[Arrival]
) -> dict[tuple[str, str], Arrival]:
    """The events that nobody kept yet, by channel and pseudonym, each once."""
    by_name: dict[tuple[str, str], Arrival] = {}
    for one in arrivals:
        name = sealer.pseudonym("event", one.channel, one.external_id)
        by_name.setdefault((one.channel, name), one)
    by_channel: dict[str, list[str]] = {}
    for channel, name in by_name:
        by_channel.setdefault(channel, []).append(name)
    of = flavour(conn)
    for channel, names in by_channel.items():
        for start in range(0, len(names), 500):
            part = {"b_channel": channel, "b_names": of.many(names[start : start + 500])}
            for row in quick.rows(conn, _known(of), part):
                del by_name[channel, row.external_id]
    return by_name


@cache
def _known(of: Flavour) -> Select[Any]:
    return select(inbox.c.external_id).where(
        inbox.c.channel == bindparam("b_channel"),
        of.is_among(inbox.c.external_id, "b_names"),
    )


@cache
def _inserting(of: Flavour) -> Insert:
    return of.insert_each(
        inbox,
        conversation_id=BigInteger,
        seq=BigInteger,
        channel=Text,
        external_id=Text,
        payload_sealed=LargeBinary,
        received_at=BigInteger,
    )


def _newcomer(one: Arrival) -> Newcomer:
    return Newcomer(
        channel=one.channel,
        address=one.chat,
        is_private=one.is_private,
        neighbourhood=one.neighbourhood,
        language=one.language,
        mode=one.mode,
        is_active=one.is_active,
    )


def _plan(sealer: Sealer, chat_id: int, name: tuple[str, str], one: Arrival) -> _Plan:
    member = sealer.member(one.channel, one.member) if one.member else ""
    return _Plan(conversation_key(sealer, chat_id, member), chat_id, member, name[1], one)


def conversation_key(sealer: Sealer, chat_id: int, member_hmac: str) -> str:
    """The name of the conversation of one member in one chat.

    It is made of our own number of the chat, so that it survives a new address of the group.
    """
    return sealer.pseudonym("conversation", str(chat_id), member_hmac)


def _count(conn: Connection, plan: list[_Plan], now_ms: int) -> dict[str, Iterator[Accepted]]:
    """Count the new events under the row lock of their conversations; gives their numbers."""
    how_many = Counter(step.key for step in plan)
    of = flavour(conn)
    rows = [
        {
            "key": step.key,
            "chat": step.chat_id,
            "member": step.member_hmac,
            "count": how_many[step.key],
        }
        for step in {step.key: step for step in plan}.values()
    ]
    times = {**of.at(now_ms), "b_last_at": now_ms}
    counted = quick.rows(conn, _counting(of), {**as_rows(rows), **times})
    return {
        row.key: iter(
            [Accepted(row.id, row.in_seq - left) for left in reversed(range(how_many[row.key]))]
        )
        for row in counted
    }


@cache
def _counting(of: Flavour) -> ReturningInsert[Any]:
    added = of.rows(key=Text, chat=BigInteger, member=Text, count=BigInteger)
    due_at = of.now()
    last_at = sql_cast(bindparam("b_last_at"), BigInteger)
    # WHERE true: SQLite would take ON CONFLICT for the condition of a join
    rows = select(added.c.key, added.c.chat, added.c.member, added.c.count, due_at, last_at).where(
        true()
    )
    into = ("key", "chat_id", "member_hmac", "in_seq", "due_at", "last_at")
    new = of.insert(conversation).from_select(into, rows, include_defaults=False)
    return new.on_conflict_do_update(
        index_elements=[conversation.c.key],
        set_={
            "in_seq": conversation.c.in_seq + new.excluded.in_seq,
            "due_at": func.coalesce(conversation.c.due_at, new.excluded.due_at),
            "last_at": new.excluded.last_at,
        },
    ).returning(conversation.c.id, conversation.c.key, conversation.c.in_seq)


def _row(sealer: Sealer, step: _Plan, place: Accepted) -> dict[str, object]:
    context = payload_context(place.conversation_id, place.seq)
    return {
        "conversation_id": place.conversation_id,
        "seq": place.seq,
        "channel": step.arrival.channel,
        "external_id": step.external_id,
        "payload_sealed": sealer.seal(step.arrival.payload, context),
        "received_at": step.arrival.received_at,
    }


def payload_context(conversation_id: int, seq: int) -> str:
    """What an event is sealed to: its place in its conversation."""
    return f"inbox.payload:{conversation_id}:{seq}"
