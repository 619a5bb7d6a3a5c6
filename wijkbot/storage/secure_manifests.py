"""Which signed lists of the team were there? All of them stay: old messages refer to old ones."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.secure_tables import sc_manifest

Told = Mapping[str, object]
"""A signed list or certificate, as it travels."""

_NEWEST = select(sc_manifest).order_by(sc_manifest.c.version.desc()).limit(1)
# for almost every request: built once
_NEWEST_HASH = select(sc_manifest.c.hash).order_by(sc_manifest.c.version.desc()).limit(1)
_NEWEST_VERSION = select(func.coalesce(func.max(sc_manifest.c.version), 0))


@dataclass(frozen=True, slots=True)
class Kept:
    """One version, with the certificate of who signed it and the root's public signing key."""

    version: int
    hash: bytes
    manifest: Told
    cert: Told
    root_sig: bytes


def newest(conn: Connection) -> Kept | None:
    """The current one; None before the first."""
    return _kept(conn.execute(_NEWEST).first())


def newest_hash(conn: Connection) -> bytes | None:
    """Which one is the current one; None before the first."""
    found: bytes | None = conn.execute(_NEWEST_HASH).scalar()
    return found


def newest_version(conn: Connection) -> int:
    """The number of the current one; 0 before the first."""
    return int(conn.execute(_NEWEST_VERSION).scalar_one())


def by_hash(conn: Connection, manifest_hash: bytes) -> Kept | None:
    """The one that a wrapset names."""
    return _kept(
        conn.execute(select(sc_manifest).where(sc_manifest.c.hash == manifest_hash)).first()
    )


def all_of(conn: Connection, hashes: Collection[bytes] | None = None) -> list[Kept]:
    """Those with one of these hashes (all when None), newest first."""
    query = select(sc_manifest).order_by(sc_manifest.c.version.desc())
    if hashes is not None:
        query = query.where(sc_manifest.c.hash.in_(hashes))
    return [kept for row in conn.execute(query) if (kept := _kept(row))]


def add(conn: Connection, new: Kept) -> bool:
    """Add the next version; False when there is one with that number or hash already.

    Whether it is signed and follows the one before is for the caller to check.
    """
    row = {
        "version": new.version,
        "hash": new.hash,
        "manifest": json.dumps(new.manifest),
        "cert": json.dumps(new.cert),
        "root_sig": new.root_sig,
    }
    adding = insert(conn, sc_manifest).values(row).on_conflict_do_nothing()
    return conn.execute(adding.returning(sc_manifest.c.version)).first() is not None


def _kept(row: Row[tuple[object, ...]] | None) -> Kept | None:
    if row is None:
        return None
    return Kept(
        row.version, row.hash, json.loads(row.manifest), json.loads(row.cert), row.root_sig
    )
