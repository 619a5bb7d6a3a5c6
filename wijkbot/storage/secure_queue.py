"""Which conversations does a worker see, and who sits beside them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    select,
)

from wijkbot.storage.dialect import insert
from wijkbot.storage.secure_chats import COLUMNS, Conversation
from wijkbot.storage.secure_tables import (
    sc_conversation,
    sc_guest,
)

_STANDING: Select[Any] = select(
    sc_conversation.c.id, sc_conversation.c.version, sc_conversation.c.last_seq
)
_GUESTS = select(sc_guest.c.member).where(sc_guest.c.conv == bindparam("b_conv"))


def waiting(conn: Connection) -> list[Conversation]:
    """Those that wait for a worker; who waits longest comes first."""
    return _found(conn, sc_conversation.c.state == "waiting")


def watched(conn: Connection, member: bytes) -> list[Conversation]:
    """Those that this member looks on at."""
    beside = select(sc_guest.c.conv).where(sc_guest.c.member == member)
    return _found(conn, sc_conversation.c.id.in_(beside))


def all_with(conn: Connection, member: bytes) -> list[Conversation]:
    """The open ones that a member talks in or was asked to take over."""
    theirs = (sc_conversation.c.assigned_to == member) | (sc_conversation.c.pending_to == member)
    return _found(conn, theirs, sc_conversation.c.state == "assigned")


def standing(conn: Connection) -> Sequence[Row[Any]]:
    """Id, version and last place of all: what changed since somebody last looked?"""
    return conn.execute(_STANDING).all()


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
    return set(conn.execute(_GUESTS, {"b_conv": conv}).scalars())


def _found(conn: Connection, *where: ColumnElement[bool]) -> list[Conversation]:
    query = select(*COLUMNS).where(*where)
    rows = conn.execute(query.order_by(sc_conversation.c.created_at, sc_conversation.c.id))
    return [Conversation(*row) for row in rows]  # by place: a queue may be long
