"""With which code can a worker send an info card to somebody, how often, and until when?

A code is six digits, so only its keyed pseudonym is kept: without the key file nobody can try
them all. A private chat has one; a new one takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select, update

from wijkbot.storage.card_tables import card_code
from wijkbot.storage.dialect import insert
from wijkbot.storage.seal import Sealer

MOST_CARDS = 5
"""So many cards a code sends; whoever wants more asks for another code."""


@dataclass(frozen=True, slots=True)
class Given:
    """For whom a code is, and where: the private chat that asked for it. Times in ms."""

    chat_id: int
    conversation_id: int
    member_hmac: str
    language: str
    expires_at: int


def is_there(conn: Connection, sealer: Sealer, code: str) -> bool:
    """Whether somebody has this code, or had it until a moment ago."""
    where = card_code.c.code_hmac == _hmac(sealer, code)
    return conn.execute(select(card_code.c.chat_id).where(where)).first() is not None


def give(conn: Connection, sealer: Sealer, code: str, given: Given, now_ms: int) -> None:
    """Remember a fresh code; what this chat had before opens nothing any more."""
    row = {
        "code_hmac": _hmac(sealer, code),
        "conversation_id": given.conversation_id,
        "member_hmac": given.member_hmac,
        "language": given.language,
        "sent": 0,
        "given_at": now_ms,
        "expires_at": given.expires_at,
    }
    new = insert(conn, card_code).values(chat_id=given.chat_id, **row)
    conn.execute(new.on_conflict_do_update(index_elements=[card_code.c.chat_id], set_=row))


def look(conn: Connection, sealer: Sealer, code: str, now_ms: int) -> Given | None:
    """For whom a code is; None when it is wrong, over or used up, which look all the same."""
    columns = [card_code.c[name] for name in Given.__dataclass_fields__]
    row = conn.execute(select(*columns).where(*_living(sealer, code, now_ms))).mappings().first()
    return None if row is None else Given(**row)


def use(conn: Connection, sealer: Sealer, code: str, now_ms: int) -> bool:
    """Count one more card; False when the code went meanwhile, or has sent all it may."""
    used = update(card_code).where(*_living(sealer, code, now_ms))
    return conn.execute(used.values(sent=card_code.c.sent + 1)).rowcount == 1


def withdraw(conn: Connection, member_hmac: str, until: int | None = None) -> None:
    """A resident's code opens nothing any more; with ``until`` (ms) only one from before that."""
    where = [card_code.c.member_hmac == member_hmac]
    if until is not None:
        where.append(card_code.c.given_at <= until)
    conn.execute(delete(card_code).where(*where))


def forget(conn: Connection, chat_id: int) -> None:
    """The bot is out of this chat: its code goes."""
    conn.execute(delete(card_code).where(card_code.c.chat_id == chat_id))


def sweep(conn: Connection, now_ms: int, limit: int) -> int:
    """Take away what is over; returns how many."""
    old = select(card_code.c.chat_id).where(card_code.c.expires_at <= now_ms).limit(limit)
    return conn.execute(delete(card_code).where(card_code.c.chat_id.in_(old))).rowcount


def _living(sealer: Sealer, code: str, now_ms: int) -> tuple[ColumnElement[bool], ...]:
    return (
        card_code.c.code_hmac == _hmac(sealer, code),
        card_code.c.expires_at > now_ms,
        card_code.c.sent < MOST_CARDS,
    )


def _hmac(sealer: Sealer, code: str) -> str:
    return sealer.pseudonym("card", code)
