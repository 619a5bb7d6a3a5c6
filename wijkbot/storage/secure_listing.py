"""What stands in the queue of a console? What its lines show, in as few questions as it takes.

Each console reads its queue up to once a second, and there may be hundreds of lines.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    bindparam,
    func,
    or_,
    select,
)

from wijkbot.storage.secure_tables import (
    sc_conversation,
    sc_guest,
    sc_message,
    sc_recipient,
    sc_wrapset,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line. Times in seconds; ids are bytes."""

    id: bytes
    state: str
    version: int
    assigned_to: bytes | None
    pending_to: bytes | None
    was_with: bytes | None
    lang: str
    is_returning: bool
    created_at: int
    last_at: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The lines of one member; of each kind, the oldest come first.

    ``waiting``: those whose newest epoch they have the key of. ``mine``: they talk in it, closed
    ones too. ``offered``: a colleague asked them to take it over. ``beside``: they look on.
    ``others``: somebody else talks in it. ``said``: the place of their own newest message.
    """

    waiting: list[Listed]
    mine: list[Listed]
    offered: list[Listed]
    beside: list[Listed]
    others: list[Listed]
    said: dict[bytes, int]


def listing(conn: Connection, member: bytes, *, sees_others: bool) -> Listing:
    """The lines of this member; those of others only when they are wanted."""
    me = {"b_me": member}
    theirs = _found(conn, _THEIRS, me)
    return Listing(
        waiting=_found(conn, _WAITING, me),
        mine=[one for one in theirs if one.assigned_to == member and one.state != "waiting"],
        offered=[one for one in theirs if one.pending_to == member],
        beside=_found(conn, _BESIDE, me),
        others=_found(conn, _OTHERS, me) if sees_others else [],
        said={conv: int(seq) for conv, seq in conn.execute(_SAID, me)},
    )


def _found(conn: Connection, query: Select[Any], me: dict[str, bytes]) -> list[Listed]:
    return [Listed(*row) for row in conn.execute(query, me)]


def _lines(*where: ColumnElement[bool]) -> Select[Any]:
    columns = [sc_conversation.c[field.name] for field in fields(Listed)]
    query = select(*columns).where(*where)
    return query.order_by(sc_conversation.c.created_at, sc_conversation.c.id)


def _has_key(me: ColumnElement[bytes]) -> ColumnElement[bool]:
    """Has this member a wrap of the newest epoch of a conversation?

    Asked from the conversation, of which few wait: a member may have thousands of wraps.
    """
    wrap, made = sc_recipient.c, sc_wrapset.c
    joined = sc_recipient.join(sc_wrapset, (made.conv == wrap.conv) & (made.number == wrap.number))
    theirs = (
        select(wrap.receiver)
        .select_from(joined)
        .where(
            wrap.conv == sc_conversation.c.id,
            made.e == sc_conversation.c.epoch,
            wrap.ct.is_not(None),
        )
    )
    return me.in_(theirs.correlate(sc_conversation))


_ME = bindparam("b_me", type_=LargeBinary)
_TALKED_IN = select(sc_conversation.c.id).where(
    sc_conversation.c.assigned_to == _ME, sc_conversation.c.state != "waiting"
)
_FROM_BESIDE = select(sc_guest.c.conv).where(sc_guest.c.member == _ME)

_WAITING = _lines(sc_conversation.c.state == "waiting", _has_key(_ME))
_THEIRS = _lines(or_(sc_conversation.c.assigned_to == _ME, sc_conversation.c.pending_to == _ME))
_BESIDE = _lines(sc_conversation.c.id.in_(_FROM_BESIDE))
_OTHERS = _lines(sc_conversation.c.assigned_to != _ME, sc_conversation.c.state == "assigned")
_SAID = (
    select(sc_message.c.conv, func.max(sc_message.c.seq))
    .where(sc_message.c.sender == _ME, sc_message.c.conv.in_(_TALKED_IN.union(_FROM_BESIDE)))
    .group_by(sc_message.c.conv)
)
