"""What has been published? Items are never changed: a new text is a new version.

A scope is "" for the organisation's own pack, or the name of a neighbourhood whose overlay
replaces items of the same id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_, update

from wijkbot.storage.dialect import insert
from wijkbot.storage.tables import book as book_table
from wijkbot.storage.tables import item, meta

Contents = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One item to publish: ``body`` is its canonical JSON text."""

    scope: str
    id: str
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One published version of an item."""

    id: str
    version: int
    scope: str
    kind: str
    body: str
    published_at: int


@dataclass(frozen=True, slots=True)
class Book:
    """Everything published at one moment: ``items`` is scope → id → version."""

    version: int
    published_at: int
    items: Contents


def publish(conn: Connection, drafts: Iterable[ItemDraft], now_ms: int) -> Book:
    """Make these items the current book; the same content as now gives the same book."""
    _one_at_a_time(conn)
    now_book = current(conn)
    kept = (
        {} if now_book is None else {(row.scope, row.id): row for row in rows_of(conn, now_book)}
    )
    items: dict[str, dict[str, int]] = {}
    for draft in sorted(drafts, key=lambda one: (one.scope, one.id)):
        old = kept.get((draft.scope, draft.id))
        is_same = old is not None and (old.kind, old.body) == (draft.kind, draft.body)
        version = old.version if old is not None and is_same else _store(conn, draft, now_ms)
        items.setdefault(draft.scope, {})[draft.id] = version
    if now_book is not None and now_book.items == items:
        return now_book
    return _open_book(conn, items, now_ms)


def current(conn: Connection) -> Book | None:
    """The current book, or None when nothing was published yet."""
    return _book(conn.execute(select(book_table).where(book_table.c.is_current)).first())


def current_version(conn: Connection) -> int:
    """The number of the current book, 0 when there is none; cheap enough to ask each second."""
    query = select(book_table.c.version).where(book_table.c.is_current)
    return int(conn.execute(query).scalar() or 0)


def book(conn: Connection, version: int) -> Book | None:
    """An earlier book, or None."""
    return _book(conn.execute(select(book_table).where(book_table.c.version == version)).first())


def body(conn: Connection, item_id: str, version: int) -> ItemRow | None:
    """One version of an item, or None."""
    query = select(item).where(item.c.id == item_id, item.c.version == version)
    row = conn.execute(query).mappings().first()
    return None if row is None else ItemRow(**row)


def rows_of(conn: Connection, of: Book) -> list[ItemRow]:
    """Every item of a book."""
    keys = [(name, version) for ids in of.items.values() for name, version in ids.items()]
    found = []
    for start in range(0, len(keys), 200):
        part = keys[start : start + 200]
        query = select(item).where(tuple_(item.c.id, item.c.version).in_(part))
        found += [ItemRow(**row) for row in conn.execute(query).mappings()]
    return found


def _store(conn: Connection, draft: ItemDraft, now_ms: int) -> int:
    newest = select(func.coalesce(func.max(item.c.version), 0)).where(item.c.id == draft.id)
    version = int(conn.execute(newest).scalar_one()) + 1
    row = {
        "id": draft.id,
        "version": version,
        "scope": draft.scope,
        "kind": draft.kind,
        "body": draft.body,
        "published_at": now_ms,
    }
    conn.execute(item.insert().values(row))
    return version


def _open_book(conn: Connection, items: Contents, now_ms: int) -> Book:
    newest = select(func.coalesce(func.max(book_table.c.version), 0))
    version = int(conn.execute(newest).scalar_one()) + 1
    conn.execute(update(book_table).where(book_table.c.is_current).values(is_current=False))
    row = {
        "version": version,
        "published_at": now_ms,
        "is_current": True,
        "items": json.dumps(items, sort_keys=True),
    }
    conn.execute(book_table.insert().values(row))
    return Book(version, now_ms, items)


def _one_at_a_time(conn: Connection) -> None:
    """Wait until no other process publishes; the row stays locked until the commit."""
    new = insert(conn, meta).values(name="publishing", value="")
    held = {"value": new.excluded.value}
    conn.execute(new.on_conflict_do_update(index_elements=[meta.c.name], set_=held))


def _book(row: Row[Any] | None) -> Book | None:
    if row is None:
        return None
    return Book(row.version, row.published_at, json.loads(row.items))
