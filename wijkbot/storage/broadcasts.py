"""How does one announcement reach many chats, each once?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from wijkbot.engine.words import Purpose
from wijkbot.storage import outbox
from wijkbot.storage.dialect import insert
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import broadcast, chat, conversation, opt_out
from wijkbot.storage.tables import outbox as outbox_table


@dataclass(frozen=True, slots=True)
class BroadcastDraft:
    """One announcement. ``key`` is its identity: announcing it again reaches only new chats."""

    key: str
    item_id: str
    item_version: int
    values: bytes
    created_by: str = ""
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """How many chats it was queued for, and how many were passed over."""

    id: int
    queued: int
    skipped: int


def announce(
    conn: Connection, sealer: Sealer, draft: BroadcastDraft, chat_ids: Iterable[int], now_ms: int
) -> Announced:
    """Queue an announcement in the bulk lane of these chats.

    Passed over: chats that are closed, left or refusing, chats that have it already, and the
    private chat of somebody who opted out.
    """
    broadcast_id = _identity(conn, draft, now_ms)
    wanted = sorted(set(chat_ids))
    queued = 0
    for chat_id, language in _open_chats(conn, wanted):
        row = Draft(
            chat_id=chat_id,
            lane=Lane.BULK,
            key=f"b{broadcast_id}.{chat_id}",
            purpose=Purpose.ANNOUNCEMENT,
            item_id=draft.item_id,
            item_version=draft.item_version,
            language=language,
            values=draft.values,
            expires_at=draft.expires_at,
            broadcast_id=broadcast_id,
        )
        queued += outbox.append(conn, sealer, row, now_ms)
    return Announced(broadcast_id, queued, len(wanted) - queued)


def progress(conn: Connection, broadcast_id: int) -> Mapping[Status, int]:
    """How many messages of an announcement have each status."""
    query = (
        select(outbox_table.c.status, func.count())
        .where(outbox_table.c.broadcast_id == broadcast_id)
        .group_by(outbox_table.c.status)
    )
    return {Status(status): count for status, count in conn.execute(query)}


def _identity(conn: Connection, draft: BroadcastDraft, now_ms: int) -> int:
    row = {
        "key": draft.key,
        "item_id": draft.item_id,
        "item_version": draft.item_version,
        "created_by": draft.created_by,
        "created_at": now_ms,
        "expires_at": draft.expires_at,
    }
    conn.execute(insert(conn, broadcast).values(row).on_conflict_do_nothing())
    query = select(broadcast.c.id).where(broadcast.c.key == draft.key)
    return int(conn.execute(query).scalar_one())


def _open_chats(conn: Connection, chat_ids: list[int]) -> list[tuple[int, str]]:
    has_stopped = (
        select(opt_out.c.at)
        .join(conversation, conversation.c.member_hmac == opt_out.c.member_hmac)
        .where(
            conversation.c.chat_id == chat.c.id,
            opt_out.c.purpose == Purpose.ANNOUNCEMENT.value,
        )
        .exists()
    )
    found: list[tuple[int, str]] = []
    for start in range(0, len(chat_ids), 500):
        query = (
            select(chat.c.id, chat.c.language)
            .where(chat.c.id.in_(chat_ids[start : start + 500]))
            .where(chat.c.is_active, chat.c.left_at.is_(None), chat.c.erase_at.is_(None))
            .where(~(chat.c.is_private & has_stopped))
            .order_by(chat.c.id)
        )
        found += [(row.id, row.language) for row in conn.execute(query)]
    return found
