"""Who was invited? Of a link only the hash of its secret part is kept, for three days."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, or_, select, update

from wijkbot.storage import staff
from wijkbot.storage.seal import Sealer
from wijkbot.storage.staff_tables import staff_invite

LIFE_SECONDS = 72 * 3600


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation that can be accepted. ``account_id``: for an account that exists."""

    id: int
    name: str
    roles: tuple[str, ...]
    account_id: int | None
    totp_secret: str
    expires_at: int


def make(
    conn: Connection, sealer: Sealer, token: str, secret: str, wanted: Invite, now: int
) -> Invite:
    """Keep an invitation; ``wanted`` says for whom. An earlier one of that account is void."""
    if wanted.account_id is not None:
        earlier = staff_invite.c.account_id == wanted.account_id
        conn.execute(delete(staff_invite).where(earlier))
    row = {
        "token_hash": _hash(token),
        "account_id": wanted.account_id,
        "roles": staff.as_roles(wanted.roles),
        "name_sealed": staff.seal_name(sealer, wanted.name),
        "totp_sealed": staff.seal_secret(sealer, secret),
        "expires_at": now + LIFE_SECONDS,
    }
    made = conn.execute(staff_invite.insert().values(row).returning(staff_invite))
    return _invite(conn, sealer, made.one())


def wanted(name: str, roles: tuple[str, ...], account_id: int | None = None) -> Invite:
    """For whom an invitation is to be made."""
    return Invite(0, name, roles, account_id, "", 0)


def look(conn: Connection, sealer: Sealer, token: str, now: int) -> Invite | None:
    """The invitation behind a link; None when it is used, over, or never was."""
    where = (staff_invite.c.token_hash == _hash(token), *_open(now))
    row = conn.execute(select(staff_invite).where(*where)).first()
    return None if row is None else _invite(conn, sealer, row)


def use(conn: Connection, invite_id: int, now: int) -> bool:
    """Use it up; False when somebody was faster. What it held is taken away."""
    where = (staff_invite.c.id == invite_id, *_open(now))
    row = {"used_at": now, "totp_sealed": b"", "name_sealed": b""}
    return conn.execute(update(staff_invite).where(*where).values(row)).rowcount == 1


def waiting(conn: Connection, sealer: Sealer, now: int) -> list[Invite]:
    """Those that nobody accepted yet, the oldest first."""
    query = select(staff_invite).where(*_open(now)).order_by(staff_invite.c.id)
    return [_invite(conn, sealer, row) for row in conn.execute(query)]


def sweep(conn: Connection, now: int) -> int:
    """Take away what is used or over; returns how many."""
    over = or_(staff_invite.c.used_at.is_not(None), staff_invite.c.expires_at <= now)
    return conn.execute(delete(staff_invite).where(over)).rowcount


def _open(now: int) -> tuple[ColumnElement[bool], ...]:
    return staff_invite.c.used_at.is_(None), staff_invite.c.expires_at > now


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _invite(conn: Connection, sealer: Sealer, row: Row[Any]) -> Invite:
    return Invite(
        id=row.id,
        name=staff.open_name(conn, sealer, row.name_sealed),
        roles=tuple(row.roles.split(",")),
        account_id=row.account_id,
        totp_secret=staff.open_secret(conn, sealer, row.totp_sealed),
        expires_at=row.expires_at,
    )
