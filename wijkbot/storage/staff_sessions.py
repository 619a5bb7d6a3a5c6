"""Who of the team is in, and who is here now? A session ends with its row, at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    or_,
    select,
    update,
)

from wijkbot.storage.staff_tables import staff_account, staff_session

IDLE_SECONDS = 30 * 60
"""A session in which nothing was asked for so long is over."""
LIFE_SECONDS = 12 * 3600
"""No session lasts longer."""
HERE_SECONDS = 60
"""Whoever was seen so long ago is here now."""
TOUCH_SECONDS = 10
"""A session is not marked as seen more often: every mark is a write."""
ANSWERING = ("worker", "coordinator")
"""Only these may answer a resident, so only these are the team that is here."""

Presence = Literal["open", "busy", "closed"]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is alive, and whose it is. Moments in seconds."""

    account_id: int
    member: bytes
    roles: frozenset[str]
    created_at: int
    active_at: int
    seen_at: int
    step_up_at: int | None
    is_available: bool


def hash_of(cookie: str) -> bytes:
    """What is kept of a cookie."""
    return hashlib.sha256(cookie.encode()).digest()


def begin(conn: Connection, cookie: str, account_id: int, now: int) -> None:
    """Somebody came in, with all that was asked of them."""
    row = {
        "cookie_hash": hash_of(cookie),
        "account_id": account_id,
        "created_at": now,
        "active_at": now,
        "seen_at": now,
        "step_up_at": now,
    }
    conn.execute(staff_session.insert().values(row))


def find(conn: Connection, cookie: str, now: int) -> Session | None:
    """The living session of this cookie; None when it ended, of itself or by somebody."""
    row = conn.execute(_FIND, {"b_hash": hash_of(cookie), **_moments(now)}).first()
    if row is None:
        return None
    return Session(
        account_id=row.account_id,
        member=row.member,
        roles=frozenset(row.roles.split(",")) - {""},
        created_at=row.created_at,
        active_at=row.active_at,
        seen_at=row.seen_at,
        step_up_at=row.step_up_at,
        is_available=row.is_available,
    )


def needs_touch(session: Session, now: int) -> bool:
    """Is the last mark of this session old enough for a new one?"""
    return now - min(session.active_at, session.seen_at) >= TOUCH_SECONDS


def touch(conn: Connection, cookie: str, now: int, *, is_active: bool = True) -> None:
    """Mark the session as seen; ``is_active``: something was asked, so it is not idle."""
    row = {"seen_at": now} | ({"active_at": now} if is_active else {})
    where = staff_session.c.cookie_hash == hash_of(cookie)
    conn.execute(update(staff_session).where(where).values(row))


def rotate(conn: Connection, old: str, new: str, now: int) -> bool:
    """The session goes on under another cookie, after a second look at who it is."""
    where = (staff_session.c.cookie_hash == hash_of(old), *_alive(now))
    row = {"cookie_hash": hash_of(new), "step_up_at": now, "active_at": now, "seen_at": now}
    return conn.execute(update(staff_session).where(*where).values(row)).rowcount == 1


def set_available(conn: Connection, cookie: str, *, is_available: bool) -> None:
    """This member says to be ready for a new conversation, or not."""
    where = staff_session.c.cookie_hash == hash_of(cookie)
    conn.execute(update(staff_session).where(where).values(is_available=is_available))


def end(conn: Connection, cookie: str) -> None:
    """This session is over."""
    conn.execute(delete(staff_session).where(staff_session.c.cookie_hash == hash_of(cookie)))


def end_all(conn: Connection, account_id: int, *, but: str = "") -> None:
    """All sessions of an account are over, but the one of a cookie."""
    where = (staff_session.c.account_id == account_id, staff_session.c.cookie_hash != hash_of(but))
    conn.execute(delete(staff_session).where(*where))


def sweep(conn: Connection, now: int) -> int:
    """Take away what is over; returns how many sessions."""
    over = or_(
        staff_session.c.active_at <= now - IDLE_SECONDS,
        staff_session.c.created_at <= now - LIFE_SECONDS,
    )
    return conn.execute(delete(staff_session).where(over)).rowcount


def here(conn: Connection, now: int) -> dict[int, bool]:
    """The accounts that are here now, and whether each says to be available."""
    query = select(staff_session.c.account_id, staff_session.c.is_available).where(
        *_alive(now), staff_session.c.seen_at > now - HERE_SECONDS
    )
    found: dict[int, bool] = {}
    for row in conn.execute(query):
        found[row.account_id] = found.get(row.account_id, False) or row.is_available
    return found


def presence(conn: Connection, now: int) -> Presence:
    """Is anybody here who answers residents, and does one of them say to be available?"""
    answering = [
        row.is_available
        for row in conn.execute(_PRESENT, {"b_here": now - HERE_SECONDS, **_moments(now)})
        if not set(ANSWERING).isdisjoint(row.roles.split(","))
    ]
    if not answering:
        return "closed"
    return "open" if any(answering) else "busy"


def _alive(now: int) -> tuple[ColumnElement[bool], ...]:
    return (
        staff_session.c.active_at > now - IDLE_SECONDS,
        staff_session.c.created_at > now - LIFE_SECONDS,
    )


def _moments(now: int) -> dict[str, int]:
    """The parameters of a statement with :data:`_LIVING`."""
    return {"b_idle": now - IDLE_SECONDS, "b_life": now - LIFE_SECONDS}


# what every request of a console asks is built once: building it takes longer than asking
_JOINED = staff_session.join(staff_account, staff_account.c.id == staff_session.c.account_id)
_LIVING = (
    staff_session.c.active_at > bindparam("b_idle", type_=BigInteger),
    staff_session.c.created_at > bindparam("b_life", type_=BigInteger),
    staff_account.c.state == "active",
)
_FIND = (
    select(
        staff_session.c.account_id,
        staff_account.c.member,
        staff_account.c.roles,
        staff_session.c.created_at,
        staff_session.c.active_at,
        staff_session.c.seen_at,
        staff_session.c.step_up_at,
        staff_session.c.is_available,
    )
    .select_from(_JOINED)
    .where(staff_session.c.cookie_hash == bindparam("b_hash"), *_LIVING)
)
_PRESENT = (
    select(staff_session.c.is_available, staff_account.c.roles)
    .select_from(_JOINED)
    .where(staff_session.c.seen_at > bindparam("b_here", type_=BigInteger), *_LIVING)
)
