"""How does a conversation stand, for who only looks? Nothing is claimed and nothing locked."""

from __future__ import annotations

from sqlalchemy import Connection, literal, select

from wijkbot.storage import chats
from wijkbot.storage.conversations import state_context
from wijkbot.storage.inbox import conversation_key
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import conversation, lane, outbox


def state_of(
    conn: Connection, sealer: Sealer, channel: str, address: str, member: str
) -> tuple[int, bytes | None] | None:
    """The number and state of what this member last said in the chat at this address.

    None when they never spoke there.
    """
    chat = chats.find(conn, sealer, channel, address)
    if chat is None:
        return None
    key = conversation_key(sealer, chat.id, sealer.member(channel, member))
    row = conn.execute(select(conversation).where(conversation.c.key == key)).first()
    if row is None:
        return None
    return row.id, sealer.open_if_readable(conn, row.state_sealed, state_context(row.id))


def has_open_answer(conn: Connection, conversation_id: int) -> bool:
    """Is an answer of this conversation not sent yet? A crisis card does not count."""
    query = (
        select(literal(1))
        .select_from(outbox)
        .join(lane, lane.c.id == outbox.c.lane_id)
        .where(
            outbox.c.conversation_id == conversation_id,
            outbox.c.status < int(Status.SENT),
            lane.c.kind != int(Lane.CRISIS),
        )
        .limit(1)
    )
    return conn.execute(query).first() is not None
