"""Who has an account in the team? Names sealed, passwords only as a hash of what was derived."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, select, update

from wijkbot.storage.seal import Sealer
from wijkbot.storage.staff_tables import (
    staff_account,
    staff_challenge,
    staff_invite,
    staff_passkey,
    staff_session,
)

ROLES = (
    "admin",
    "coordinator",
    "worker",
    "trainee",
    "moderator",
    "connector",
    "digicoach",
    "manager",
)
"""What somebody may be; what each may do stands in ``wijkbot/web/permissions.yaml``."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the browser of a member made: all of it public, or sealed under their password."""

    salt: bytes
    kdf: str
    login_hash: str
    bundle: bytes
    member: bytes
    kem: bytes
    sig: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """An account to be: the name to come in with, the name that others see, and the rest."""

    login: str
    name: str
    roles: tuple[str, ...]
    totp_secret: str
    totp_step: int
    keys: Keys


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``totp_step`` is the last thirty seconds whose code was used."""

    id: int
    name: str
    roles: frozenset[str]
    is_active: bool
    keys: Keys
    totp_step: int
    has_next_totp: bool


def login_name(told: str) -> str:
    """The one way in which a name to come in with is written."""
    return unicodedata.normalize("NFKC", told).strip().casefold()


def as_roles(roles: Iterable[str]) -> str:
    """How roles are kept: each once, in the order of :data:`ROLES`."""
    wanted = set(roles)
    return ",".join(role for role in ROLES if role in wanted)


def by_login(conn: Connection, sealer: Sealer, told: str) -> Account | None:
    """The account with that login name, active or not."""
    return _one(conn, sealer, staff_account.c.login_hmac == _login_hmac(sealer, told))


def by_id(conn: Connection, sealer: Sealer, account_id: int) -> Account | None:
    """The account with that number."""
    return _one(conn, sealer, staff_account.c.id == account_id)


def every(conn: Connection, sealer: Sealer) -> list[Account]:
    """All accounts, the oldest first."""
    rows = conn.execute(select(staff_account).order_by(staff_account.c.id)).mappings()
    return [_account(conn, sealer, row) for row in rows]


def is_last_admin(conn: Connection, account_id: int) -> bool:
    """Would nobody be left who can let people in, without this one?"""
    where = (staff_account.c.state == "active", staff_account.c.id != account_id)
    others = conn.execute(select(staff_account.c.roles).where(*where)).scalars()
    return not any("admin" in roles.split(",") for roles in others)


def is_taken(conn: Connection, sealer: Sealer, told: str, except_id: int | None = None) -> bool:
    """Has somebody else that login name?"""
    found = by_login(conn, sealer, told)
    return found is not None and found.id != except_id


def add(conn: Connection, sealer: Sealer, draft: Draft, now: int) -> int:
    """Make an account; gives its number."""
    row = {
        "login_hmac": _login_hmac(sealer, draft.login),
        "name_sealed": seal_name(sealer, draft.name),
        "roles": as_roles(draft.roles),
        "totp_sealed": seal_secret(sealer, draft.totp_secret),
        "totp_step": draft.totp_step,
        "created_at": now,
        **_columns(draft.keys),
    }
    made = conn.execute(staff_account.insert().values(row).returning(staff_account.c.id))
    return int(made.scalar_one())


def begin_again(conn: Connection, sealer: Sealer, account_id: int, draft: Draft) -> None:
    """The account of somebody who lost their password: other keys and factors, its roles stay."""
    _set(
        conn,
        account_id,
        login_hmac=_login_hmac(sealer, draft.login),
        name_sealed=seal_name(sealer, draft.name),
        totp_sealed=seal_secret(sealer, draft.totp_secret),
        totp_next_sealed=None,
        totp_step=draft.totp_step,
        **_columns(draft.keys),
    )
    conn.execute(delete(staff_passkey).where(staff_passkey.c.account_id == account_id))


def set_keys(conn: Connection, account_id: int, keys: Keys) -> None:
    """Everything that a password or new keys change, in one statement."""
    _set(conn, account_id, **_columns(keys))


def set_roles(conn: Connection, account_id: int, roles: Iterable[str]) -> None:
    """Give these roles instead of the earlier ones."""
    _set(conn, account_id, roles=as_roles(roles))


def revoke(conn: Connection, account_id: int) -> bool:
    """Nobody comes in with it any more; what opened its door is gone. False: it was so before."""
    where = (staff_account.c.id == account_id, staff_account.c.state == "active")
    if not conn.execute(update(staff_account).where(*where).values(state="revoked")).rowcount:
        return False
    for table in (staff_session, staff_challenge, staff_passkey, staff_invite):
        conn.execute(delete(table).where(table.c.account_id == account_id))
    return True


def totp_secret(
    conn: Connection, sealer: Sealer, account_id: int, *, of_next: bool = False
) -> str | None:
    """The secret of the authenticator app; ``of_next`` of one that is not confirmed yet."""
    column = staff_account.c.totp_next_sealed if of_next else staff_account.c.totp_sealed
    sealed = conn.execute(select(column).where(staff_account.c.id == account_id)).scalar()
    return None if sealed is None else open_secret(conn, sealer, sealed)


def offer_totp(conn: Connection, sealer: Sealer, account_id: int, secret: str) -> None:
    """Another authenticator app, which counts once a code of it was shown."""
    _set(conn, account_id, totp_next_sealed=seal_secret(sealer, secret))


def take_totp(conn: Connection, account_id: int, step: int) -> None:
    """The offered authenticator app is the one from now on."""
    _set(
        conn,
        account_id,
        totp_sealed=staff_account.c.totp_next_sealed,
        totp_next_sealed=None,
        totp_step=step,
    )


def use_step(conn: Connection, account_id: int, step: int) -> bool:
    """Use up the code of those thirty seconds; False when it, or a later one, was used."""
    where = (staff_account.c.id == account_id, staff_account.c.totp_step < step)
    return conn.execute(update(staff_account).where(*where).values(totp_step=step)).rowcount == 1


def seal_name(sealer: Sealer, name: str) -> bytes:
    """A name as it is kept."""
    return sealer.seal_kept(name.encode(), "staff:name")


def open_name(conn: Connection, sealer: Sealer, sealed: bytes) -> str:
    """The name again."""
    return sealer.open(conn, sealed, "staff:name").decode()


def seal_secret(sealer: Sealer, secret: str) -> bytes:
    """The secret of an authenticator app as it is kept."""
    return sealer.seal_kept(secret.encode(), "staff:totp")


def open_secret(conn: Connection, sealer: Sealer, sealed: bytes) -> str:
    """The secret again."""
    return sealer.open(conn, sealed, "staff:totp").decode()


def _set(conn: Connection, account_id: int, **row: object) -> None:
    conn.execute(update(staff_account).where(staff_account.c.id == account_id).values(row))


def _columns(keys: Keys) -> dict[str, object]:
    return {name: getattr(keys, name) for name in Keys.__dataclass_fields__}


def _login_hmac(sealer: Sealer, told: str) -> str:
    return sealer.pseudonym("staff-login", login_name(told))


def _one(conn: Connection, sealer: Sealer, where: ColumnElement[bool]) -> Account | None:
    row = conn.execute(select(staff_account).where(where)).mappings().first()
    return None if row is None else _account(conn, sealer, row)


def _account(conn: Connection, sealer: Sealer, row: RowMapping) -> Account:
    return Account(
        id=row["id"],
        name=open_name(conn, sealer, row["name_sealed"]),
        roles=frozenset(row["roles"].split(",")) - {""},
        is_active=row["state"] == "active",
        keys=Keys(**{name: row[name] for name in Keys.__dataclass_fields__}),
        totp_step=row["totp_step"],
        has_next_totp=row["totp_next_sealed"] is not None,
    )
