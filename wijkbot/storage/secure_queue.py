"""Which conversations does a worker see, and who sits beside them?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, exists, func, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.secure_chats import COLUMNS, Conversation
from wijkbot.storage.secure_tables import (
    sc_conversation,
    sc_guest,
    sc_message,
    sc_recipient,
    sc_wrapset,
)


def waiting(conn: Connection, reader: bytes | None = None) -> list[Conversation]:
    """Those that wait for a worker; who waits longest comes first.

    ``reader``: only those whose newest epoch this member has the key of.
    """
    waits = sc_conversation.c.state == "waiting"
    return _found(conn, waits) if reader is None else _found(conn, waits, _opens(reader))


def mine(conn: Connection, member: bytes) -> list[Conversation]:
    """Those that this member talks in; closed ones too, until they are deleted."""
    return _found(
        conn, sc_conversation.c.assigned_to == member, sc_conversation.c.state != "waiting"
    )


def offered(conn: Connection, member: bytes) -> list[Conversation]:
    """Those that a colleague asked this member to take over."""
    return _found(conn, sc_conversation.c.pending_to == member)


def watched(conn: Connection, member: bytes) -> list[Conversation]:
    """Those that this member looks on at."""
    beside = select(sc_guest.c.conv).where(sc_guest.c.member == member)
    return _found(conn, sc_conversation.c.id.in_(beside))


def others(conn: Connection, member: bytes) -> list[Conversation]:
    """Those that somebody else talks in."""
    return _found(
        conn, sc_conversation.c.assigned_to != member, sc_conversation.c.state == "assigned"
    )


def all_with(conn: Connection, member: bytes) -> list[Conversation]:
    """The open ones that a member talks in or was asked to take over."""
    theirs = (sc_conversation.c.assigned_to == member) | (sc_conversation.c.pending_to == member)
    return _found(conn, theirs, sc_conversation.c.state == "assigned")


def last_seqs_by(conn: Connection, convs: Collection[bytes], sender: bytes) -> dict[bytes, int]:
    """The place of the newest message of that sender in each of these, where there is one."""
    where = (sc_message.c.conv.in_(convs), sc_message.c.sender == sender)
    query = select(sc_message.c.conv, func.max(sc_message.c.seq)).where(*where)
    return {conv: int(seq) for conv, seq in conn.execute(query.group_by(sc_message.c.conv))}


def standing(conn: Connection) -> Sequence[Row[Any]]:
    """Id, version and last place of all: what changed since somebody last looked?"""
    columns = (sc_conversation.c.id, sc_conversation.c.version, sc_conversation.c.last_seq)
    query: Select[Any] = select(*columns)
    return conn.execute(query).all()


def add_guest(conn: Connection, conv: bytes, member: bytes, now: int) -> None:
    """Let a trainee look on."""
    row = {"conv": conv, "member": member, "at": now}
    conn.execute(insert(conn, sc_guest).values(row).on_conflict_do_nothing())


def drop_guest(conn: Connection, conv: bytes, member: bytes) -> bool:
    """They look on no more."""
    where = (sc_guest.c.conv == conv, sc_guest.c.member == member)
    return conn.execute(delete(sc_guest).where(*where)).rowcount == 1


def drop_guests(conn: Connection, conv: bytes) -> None:
    """Nobody looks on any more."""
    conn.execute(delete(sc_guest).where(sc_guest.c.conv == conv))


def guests(conn: Connection, conv: bytes) -> set[bytes]:
    """Who looks on."""
    return set(conn.execute(select(sc_guest.c.member).where(sc_guest.c.conv == conv)).scalars())


def _opens(reader: bytes) -> ColumnElement[bool]:
    """Has this member a wrap of the newest epoch of a conversation?"""
    wrap, made = sc_recipient.c, sc_wrapset.c
    return exists().where(
        (made.conv == sc_conversation.c.id) & (made.e == sc_conversation.c.epoch),
        (wrap.conv == made.conv) & (wrap.number == made.number),
        (wrap.receiver == reader) & wrap.ct.is_not(None),
    )


def _found(conn: Connection, *where: ColumnElement[bool]) -> list[Conversation]:
    query = select(*COLUMNS).where(*where)
    rows = conn.execute(query.order_by(sc_conversation.c.created_at, sc_conversation.c.id))
    return [Conversation(*row) for row in rows]  # by place: a queue may be long
