"""Which conversations can nobody of the team open any more, and what opens them then?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Join, select

from wijkbot.storage.secure_chats import COLUMNS, Conversation
from wijkbot.storage.secure_tables import sc_conversation, sc_recipient, sc_wrapset


@dataclass(frozen=True, slots=True)
class Locked:
    """A conversation, and its epochs whose key no member has."""

    conversation: Conversation
    epochs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wrap:
    """The key of an epoch, wrapped for one receiver by ``by``."""

    e: int
    by: bytes
    commit: bytes
    kem: bytes
    enc: bytes
    ct: bytes


def locked(conn: Connection, members: Collection[bytes]) -> list[Locked]:
    """The open conversations with an epoch that none of ``members`` can read, oldest first."""
    query = select(*COLUMNS).where(sc_conversation.c.state != "closed")
    rows = conn.execute(query.order_by(sc_conversation.c.created_at, sc_conversation.c.id))
    found = [Conversation(*row) for row in rows]
    return [Locked(one, epochs) for one in found if (epochs := locked_epochs(conn, one, members))]


def locked_epochs(
    conn: Connection, seen: Conversation, members: Collection[bytes]
) -> tuple[int, ...]:
    """The epochs of a conversation that none of ``members`` can read."""
    query = (
        select(sc_wrapset.c.e)
        .select_from(_joined())
        .where(
            sc_wrapset.c.conv == seen.id,
            sc_recipient.c.receiver.in_(list(members)),
            sc_recipient.c.ct.is_not(None),
        )
    )
    readable = set(conn.execute(query).scalars())
    return tuple(e for e in range(1, seen.epoch + 1) if e not in readable)


def wrap_of(conn: Connection, conv: bytes, epoch: int, receiver: bytes) -> Wrap | None:
    """The first wrap of that epoch for that receiver that is still there."""
    query = (
        select(
            sc_wrapset.c.e,
            sc_wrapset.c.sender,
            sc_wrapset.c.commit,
            sc_recipient.c.kem,
            sc_recipient.c.enc,
            sc_recipient.c.ct,
        )
        .select_from(_joined())
        .where(
            sc_wrapset.c.conv == conv,
            sc_wrapset.c.e == epoch,
            sc_recipient.c.receiver == receiver,
            sc_recipient.c.ct.is_not(None),
        )
        .order_by(sc_wrapset.c.number)
    )
    row = conn.execute(query.limit(1)).first()
    return Wrap(*row) if row else None


def _joined() -> Join:
    return sc_wrapset.join(
        sc_recipient,
        (sc_recipient.c.conv == sc_wrapset.c.conv)
        & (sc_recipient.c.number == sc_wrapset.c.number),
    )
