"""Which passkeys open an account, and which challenges wait for an answer?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from wijkbot.storage.dialect import insert
from wijkbot.storage.staff_tables import staff_challenge, staff_passkey

CHALLENGE_SECONDS = 5 * 60


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public half of a passkey, and how often it says to have been used."""

    id: bytes
    public_key: bytes
    sign_count: int


def of_account(conn: Connection, account_id: int) -> list[Passkey]:
    """The passkeys of an account."""
    where = staff_passkey.c.account_id == account_id
    rows = conn.execute(select(staff_passkey).where(where).order_by(staff_passkey.c.created_at))
    return [Passkey(row.id, row.public_key, row.sign_count) for row in rows]


def add(conn: Connection, account_id: int, passkey: Passkey, now: int) -> bool:
    """Keep a passkey; False when it is there already, of this account or another."""
    row = {
        "id": passkey.id,
        "account_id": account_id,
        "public_key": passkey.public_key,
        "sign_count": passkey.sign_count,
        "created_at": now,
    }
    adding = insert(conn, staff_passkey).values(row).on_conflict_do_nothing()
    return conn.execute(adding.returning(staff_passkey.c.id)).first() is not None


def remove(conn: Connection, account_id: int, passkey_id: bytes) -> bool:
    """Take a passkey of this account away; False when it has no such."""
    where = (staff_passkey.c.account_id == account_id, staff_passkey.c.id == passkey_id)
    return conn.execute(delete(staff_passkey).where(*where)).rowcount == 1


def count_use(conn: Connection, passkey_id: bytes, sign_count: int) -> None:
    """Remember how often it was used, so that a copy is seen."""
    where = staff_passkey.c.id == passkey_id
    conn.execute(update(staff_passkey).where(where).values(sign_count=sign_count))


def challenge(
    conn: Connection, challenge_bytes: bytes, account_id: int, purpose: str, now: int
) -> None:
    """Wait for the answer to a challenge. Of each account and purpose only the newest counts."""
    where = (staff_challenge.c.account_id == account_id, staff_challenge.c.purpose == purpose)
    conn.execute(delete(staff_challenge).where(*where))
    row = {
        "challenge_hash": hashlib.sha256(challenge_bytes).digest(),
        "account_id": account_id,
        "purpose": purpose,
        "expires_at": now + CHALLENGE_SECONDS,
    }
    conn.execute(staff_challenge.insert().values(row))


def take(
    conn: Connection, challenge_bytes: bytes, account_id: int, purpose: str, now: int
) -> bool:
    """Use up a challenge; False when it is not waited for."""
    where = (
        staff_challenge.c.challenge_hash == hashlib.sha256(challenge_bytes).digest(),
        staff_challenge.c.account_id == account_id,
        staff_challenge.c.purpose == purpose,
        staff_challenge.c.expires_at > now,
    )
    return conn.execute(delete(staff_challenge).where(*where)).rowcount == 1


def sweep(conn: Connection, now: int) -> int:
    """Take away the challenges that nobody answered in time; returns how many."""
    over = staff_challenge.c.expires_at <= now
    return conn.execute(delete(staff_challenge).where(over)).rowcount
