"""Which one-time tokens are out? Only the resident a token was made for can use it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, select, update

from wijkbot.storage import quick
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import token as token_table


@dataclass(frozen=True, slots=True)
class Bound:
    """What a token is for: a dialog of one resident, until a moment (ms)."""

    dialog: str
    member_hmac: str
    expires_at: int


def bind(conn: Connection, sealer: Sealer, token: str, bound: Bound) -> None:
    """Remember a fresh token; only its pseudonym is kept."""
    row = {
        "token_hmac": sealer.pseudonym("token", token),
        "dialog": bound.dialog,
        "member_hmac": bound.member_hmac,
        "expires_at": bound.expires_at,
    }
    conn.execute(token_table.insert().values(row))


def use(conn: Connection, sealer: Sealer, token: str, member_hmac: str, now_ms: int) -> str | None:
    """The dialog this token opens for this resident, once.

    None for anybody else (it stays unused), for a second use, and after its time.
    """
    where = (
        token_table.c.token_hmac == sealer.pseudonym("token", token),
        *_open(member_hmac, now_ms),
    )
    used = update(token_table).where(*where).values(used_at=now_ms)
    return conn.execute(used.returning(token_table.c.dialog)).scalar()


def look(
    conn: Connection, sealer: Sealer, token: str, member_hmac: str, now_ms: int
) -> str | None:
    """What :func:`use` would give; the token stays unused."""
    query = select(token_table.c.dialog).where(
        token_table.c.token_hmac == sealer.pseudonym("token", token), *_open(member_hmac, now_ms)
    )
    return conn.execute(query).scalar()


def pending(conn: Connection, member_hmac: str, now_ms: int) -> str | None:
    """The dialog of this resident's newest unused token: they asked for it, but did not tap yet.

    For platforms whose private chat carries no token (Matrix).
    """
    row = quick.first(conn, _NEWEST, {"b_member": member_hmac, "b_now": now_ms})
    return None if row is None else str(row.dialog)


def spend(conn: Connection, member_hmac: str, now_ms: int) -> None:
    """Use up every open token of this resident: their dialog has begun."""
    conn.execute(update(token_table).where(*_open(member_hmac, now_ms)).values(used_at=now_ms))


def _open(
    member_hmac: str | ColumnElement[str], now_ms: int | ColumnElement[int]
) -> tuple[ColumnElement[bool], ...]:
    return (
        token_table.c.member_hmac == member_hmac,
        token_table.c.used_at.is_(None),
        token_table.c.expires_at > now_ms,
    )


_NEWEST = (
    select(token_table.c.dialog)
    .where(*_open(bindparam("b_member"), bindparam("b_now", type_=BigInteger)))
    .order_by(token_table.c.expires_at.desc())
    .limit(1)
)
"""Asked for many messages: building it takes longer than running it."""
