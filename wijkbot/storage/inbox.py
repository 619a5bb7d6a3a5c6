"""How does an event get its number?

Events are numbered under the row lock of their conversation, without gaps and in the order of
their commits; an event that was seen before gets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, tuple_, update

from wijkbot.storage import chats
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.dialect import insert
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

    The events of one conversation keep their order.
    """
    hashed = {
        (one.channel, one.external_id): sealer.pseudonym("event", one.channel, one.external_id)
        for one in arrivals
    }
    seen = _seen(conn, [(channel, name) for (channel, _), name in hashed.items()])
    fresh: dict[tuple[str, str], Arrival] = {}
    for one in arrivals:
        name = (one.channel, hashed[one.channel, one.external_id])
        if name not in seen:
            fresh.setdefault(name, one)
    ids = chats.meet(conn, sealer, [_newcomer(one) for one in fresh.values()], now_ms)
    plan = [
        (_conversation_key(sealer, ids[one.channel, one.chat], one), external_id, one)
        for (_, external_id), one in fresh.items()
    ]
    # one order for everybody: two batches can never wait for each other's conversations
    plan.sort(key=lambda step: step[0])
    accepted = []
    for key, external_id, one in plan:
        kept = _keep(conn, sealer, (key, ids[one.channel, one.chat], external_id), one, now_ms)
        if kept is not None:
            accepted.append(kept)
    return accepted


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


def _conversation_key(sealer: Sealer, chat_id: int, one: Arrival) -> str:
    member = sealer.member(one.channel, one.member) if one.member else ""
    return conversation_key(sealer, chat_id, member)


def conversation_key(sealer: Sealer, chat_id: int, member_hmac: str) -> str:
    """The name of the conversation of one member in one chat.

    It is made of our own number of the chat, so that it survives a new address of the group.
    """
    return sealer.pseudonym("conversation", str(chat_id), member_hmac)


def _seen(conn: Connection, keys: list[tuple[str, str]]) -> set[tuple[str, str]]:
    columns = (inbox.c.channel, inbox.c.external_id)
    found: set[tuple[str, str]] = set()
    for start in range(0, len(keys), 200):
        query = select(*columns).where(tuple_(*columns).in_(keys[start : start + 200]))
        found.update((row.channel, row.external_id) for row in conn.execute(query))
    return found


def _keep(
    conn: Connection, sealer: Sealer, ids: tuple[str, int, str], one: Arrival, now_ms: int
) -> Accepted | None:
    key, chat_id, external_id = ids
    new = insert(conn, conversation).values(
        key=key,
        chat_id=chat_id,
        member_hmac=sealer.member(one.channel, one.member) if one.member else "",
        in_seq=1,
        due_at=now_ms,
        last_at=now_ms,
    )
    counted = new.on_conflict_do_update(
        index_elements=[conversation.c.key],
        set_={
            "in_seq": conversation.c.in_seq + 1,
            "due_at": func.coalesce(conversation.c.due_at, new.excluded.due_at),
            "last_at": new.excluded.last_at,
        },
    ).returning(conversation.c.id, conversation.c.in_seq)
    put = conn.execute(counted).one()
    row = {
        "conversation_id": put.id,
        "seq": put.in_seq,
        "channel": one.channel,
        "external_id": external_id,
        "payload_sealed": sealer.seal(one.payload, payload_context(put.id, put.in_seq)),
        "received_at": one.received_at,
    }
    stored = conn.execute(
        insert(conn, inbox).values(row).on_conflict_do_nothing().returning(inbox.c.seq)
    ).first()
    if stored is None:
        # another process kept it a moment ago: give the number back while the row is locked
        back = {"in_seq": conversation.c.in_seq - 1}
        conn.execute(update(conversation).where(conversation.c.id == put.id).values(back))
        return None
    return Accepted(put.id, put.in_seq)


def payload_context(conversation_id: int, seq: int) -> str:
    """What an event is sealed to: its place in its conversation."""
    return f"inbox.payload:{conversation_id}:{seq}"
