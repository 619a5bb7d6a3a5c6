"""What is kept of the organisation's root? Its public halves, and the rest as sealed by words.

The pin that clients trust stands in a file beside the configuration, not here: whoever can
write in the database must not be able to change it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.staff_tables import staff_cert, staff_root


@dataclass(frozen=True, slots=True)
class Root:
    """The root. ``sealed`` is the iv (12 bytes) and what only the twelve words open."""

    org: bytes
    root_sig: bytes
    recovery_kem: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class StoredCert:
    """That the root lets a member sign the list of the team; ``cert`` is its JSON."""

    member: bytes
    sig: bytes
    not_after: int
    cert: str


def get(conn: Connection) -> Root | None:
    """The root, or None while there is none."""
    row = conn.execute(select(staff_root)).first()
    return None if row is None else Root(row.org, row.root_sig, row.recovery_kem, row.sealed)


def make(conn: Connection, root: Root, now: int) -> bool:
    """Keep the root, once; False when there is one."""
    row = {name: getattr(root, name) for name in Root.__dataclass_fields__}
    row |= {"id": 1, "created_at": now}
    making = insert(conn, staff_root).values(row).on_conflict_do_nothing()
    return conn.execute(making.returning(staff_root.c.id)).first() is not None


def put_cert(conn: Connection, cert: StoredCert) -> None:
    """Keep the certificate of a member; a newer one takes its place."""
    row = {name: getattr(cert, name) for name in StoredCert.__dataclass_fields__}
    stating = insert(conn, staff_cert).values(row)
    newer = {name: stating.excluded[name] for name in ("sig", "not_after", "cert")}
    conn.execute(stating.on_conflict_do_update(index_elements=["member"], set_=newer))


def cert_of(conn: Connection, member: bytes) -> StoredCert | None:
    """The certificate of a member."""
    row = conn.execute(select(staff_cert).where(staff_cert.c.member == member)).first()
    return None if row is None else StoredCert(row.member, row.sig, row.not_after, row.cert)
