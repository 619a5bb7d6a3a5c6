"""What must a human look at? A class and a way to the message; never its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from wijkbot.storage.dialect import insert
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import alert

KEPT_MS = 24 * 3_600_000
"""Nothing of what was only overheard is kept longer."""


@dataclass(frozen=True, slots=True)
class AlertDraft:
    """Something to look at. ``key`` is its identity; ``link`` "" where there is no way to it."""

    key: str
    label: str
    chat_id: int | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a human sees; ``at`` in ms."""

    id: int
    label: str
    chat_id: int | None
    link: str
    at: int


def raise_all(conn: Connection, sealer: Sealer, drafts: Sequence[AlertDraft], now_ms: int) -> int:
    """Put alerts up; what came twice is there once. Returns how many are new."""
    new = 0
    for draft in drafts:
        row = {
            "key": draft.key,
            "label": draft.label,
            "chat_id": draft.chat_id,
            "link_sealed": sealer.seal_kept(draft.link.encode(), _context(draft.key))
            if draft.link
            else None,
            "at": now_ms,
        }
        done = conn.execute(insert(conn, alert).values(row).on_conflict_do_nothing())
        new += done.rowcount
    return new


def open_ones(conn: Connection, sealer: Sealer, now_ms: int) -> list[Alert]:
    """Those of the last 24 hours that nobody put away, newest first."""
    query = select(alert).where(alert.c.at > now_ms - KEPT_MS).order_by(alert.c.at.desc())
    return [
        Alert(
            row.id, row.label, row.chat_id, _link(sealer, conn, row.key, row.link_sealed), row.at
        )
        for row in conn.execute(query)
    ]


def done(conn: Connection, alert_id: int) -> bool:
    """Somebody looked: nothing of it stays."""
    return conn.execute(delete(alert).where(alert.c.id == alert_id)).rowcount == 1


def untold(conn: Connection, limit: int = 50) -> list[tuple[int, str]]:
    """Number and class of those that nobody was told of yet."""
    query = select(alert.c.id, alert.c.label).where(alert.c.told_at.is_(None))
    return [(row.id, row.label) for row in conn.execute(query.order_by(alert.c.id).limit(limit))]


def told(conn: Connection, ids: Sequence[int], now_ms: int) -> None:
    """Whoever is on call was told."""
    conn.execute(update(alert).where(alert.c.id.in_(ids)).values(told_at=now_ms))


def _link(sealer: Sealer, conn: Connection, key: str, sealed: bytes | None) -> str:
    opened = sealer.open_if_readable(conn, sealed, _context(key))
    return "" if opened is None else opened.decode()


def _context(key: str) -> str:
    return f"alert.link:{key}"
