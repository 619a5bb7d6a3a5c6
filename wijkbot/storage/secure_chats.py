"""How is a conversation of the secure chat found, and changed by one of two at once?

Every change is one UPDATE that names the state and the version it was seen in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from wijkbot.storage.dialect import insert
from wijkbot.storage.secure_tables import sc_conversation, sc_count, sc_token, sc_tombstone

TOKENS_AT_MOST = 20
"""So many tabs of one conversation; with another one, the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation as it was seen. Times in seconds; ids and keys are bytes."""

    id: bytes
    state: str
    version: int
    assigned_to: bytes | None
    pending_to: bytes | None
    offered_at: int | None
    was_with: bytes | None
    lang: str
    is_returning: bool
    closed_for: str
    created_at: int
    queued_at: int
    last_at: int
    purge_at: int | None
    kem: bytes
    sig: bytes
    epoch: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Return:
    """What somebody who comes back is given, and what proves the code."""

    conv: bytes
    auth_hash: bytes
    kdf: str
    bundle_iv: bytes
    bundle_ct: bytes


@dataclass(frozen=True, slots=True)
class Code:
    """What the server knows of a return code."""

    locator_hash: bytes
    auth_hash: bytes
    kdf: str
    bundle_iv: bytes
    bundle_ct: bytes


COLUMNS = [sc_conversation.c[field.name] for field in fields(Conversation)]
"""What is read of a conversation."""

# what is asked for every message and for every page that waits is built once: building a
# statement takes longer than running it
_GET = select(*COLUMNS).where(sc_conversation.c.id == bindparam("b_conv"))
_LOCK = _GET.with_for_update(of=sc_conversation)
_BY_TOKEN = (
    select(*COLUMNS)
    .select_from(sc_conversation.join(sc_token, sc_token.c.conv == sc_conversation.c.id))
    .where(sc_token.c.hash == bindparam("b_hash"))
)
_WAITING = select(func.count()).where(sc_conversation.c.state == "waiting")
_LINE = (
    select(sc_conversation.c.created_at, sc_conversation.c.id)
    .where(sc_conversation.c.state == "waiting")
    .order_by(sc_conversation.c.created_at, sc_conversation.c.id)
)


def get(conn: Connection, conv: bytes) -> Conversation | None:
    """The conversation, or None."""
    return _one(conn, _GET, b_conv=conv)


def lock(conn: Connection, conv: bytes) -> Conversation | None:
    """The conversation, which nobody else can change until this transaction ends."""
    return _one(conn, _LOCK, b_conv=conv)


def by_token(conn: Connection, token_hash: bytes) -> Conversation | None:
    """The conversation that this token opens."""
    return _one(conn, _BY_TOKEN, b_hash=token_hash)


def by_locator(conn: Connection, locator_hash: bytes) -> Return | None:
    """What the return code with this locator belongs to."""
    row = conn.execute(
        select(
            sc_conversation.c.id.label("conv"),
            *(sc_conversation.c[name] for name in ("auth_hash", "kdf", "bundle_iv", "bundle_ct")),
        ).where(sc_conversation.c.locator_hash == locator_hash)
    ).first()
    return Return(*row) if row else None


def code_of(conn: Connection, conv: bytes) -> Code | None:
    """The return code of a conversation."""
    names = [field.name for field in fields(Code)]
    query = select(*(sc_conversation.c[name] for name in names))
    row = conn.execute(query.where(sc_conversation.c.id == conv)).first()
    return Code(*row) if row else None


def waiting(conn: Connection) -> int:
    """How many wait for a worker."""
    return int(conn.execute(_WAITING).scalar_one())


def line(conn: Connection) -> list[tuple[int, bytes]]:
    """Since when each of those waits, and which it is; who waits longest comes first."""
    return [(row.created_at, row.id) for row in conn.execute(_LINE)]


def was_deleted(conn: Connection, tombstone: bytes) -> bool:
    """Was there a conversation with this tombstone?"""
    query = select(sc_tombstone.c.hash).where(sc_tombstone.c.hash == tombstone)
    return conn.execute(query).first() is not None


def add(conn: Connection, row: Mapping[str, object], code: Code) -> bool:
    """Add a conversation; False when its id or its locator is there already."""
    values = {**row, **{field.name: getattr(code, field.name) for field in fields(Code)}}
    adding = insert(conn, sc_conversation).values(values).on_conflict_do_nothing()
    return conn.execute(adding.returning(sc_conversation.c.id)).first() is not None


def change(conn: Connection, seen: Conversation, **values: Any) -> bool:
    """Change it if it is still in the state and version in which it was seen."""
    where = (
        sc_conversation.c.id == seen.id,
        sc_conversation.c.state == seen.state,
        sc_conversation.c.version == seen.version,
    )
    values = {"version": seen.version + 1, **values}
    return conn.execute(update(sc_conversation).where(*where).values(values)).rowcount == 1


def set_code(conn: Connection, conv: bytes, code: Code) -> bool:
    """Give it another return code; False when that locator is taken. The old one is dead."""
    others = select(sc_conversation.c.id).where(
        sc_conversation.c.locator_hash == code.locator_hash, sc_conversation.c.id != conv
    )
    if conn.execute(others).first() is not None:
        return False
    values = {field.name: getattr(code, field.name) for field in fields(Code)}
    conn.execute(update(sc_conversation).where(sc_conversation.c.id == conv).values(values))
    return True


def add_token(conn: Connection, conv: bytes, token_hash: bytes, now: int) -> None:
    """Let one more tab in."""
    conn.execute(insert(conn, sc_token).values(hash=token_hash, conv=conv, at=now))
    mine = select(sc_token.c.hash).where(sc_token.c.conv == conv)
    newest = mine.order_by(sc_token.c.at.desc(), sc_token.c.hash == token_hash)
    gone = list(conn.execute(newest.offset(TOKENS_AT_MOST)).scalars())
    if gone:
        conn.execute(delete(sc_token).where(sc_token.c.hash.in_(gone)))


def count(conn: Connection, day: str, kind: str, by: int = 1) -> None:
    """Count something of that day; the only thing that stays of a conversation."""
    new = insert(conn, sc_count).values(day=day, kind=kind, count=by)
    added = {"count": sc_count.c.count + by}
    conn.execute(new.on_conflict_do_update(index_elements=["day", "kind"], set_=added))


def _one(conn: Connection, query: Select[Any], **found_by: bytes) -> Conversation | None:
    row = conn.execute(query, found_by).first()
    return Conversation(*row) if row else None
