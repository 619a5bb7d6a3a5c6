"""Which answers wait for somebody who was only told, by a template, that there is one?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from wijkbot.engine.words import Purpose
from wijkbot.storage.letters import next_key
from wijkbot.storage.outbox import Draft, Lane, Status, values_context
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import lane, outbox

FETCHED = "fetched"
"""Noted at a message whose text was asked for."""
_WENT = (Status.SENT, Status.QUEUED, Status.DELIVERED, Status.READ)


@dataclass(frozen=True, slots=True)
class Unread:
    """The texts themselves, to be sent now; ``gone``: so many were not kept long enough."""

    drafts: tuple[Draft, ...] = ()
    gone: int = 0


def take_unread(conn: Connection, sealer: Sealer, chat_id: int, expires_at: int) -> Unread:
    """Take out what waits in a private chat, each once; who writes there may read it now."""
    query = (
        select(outbox, lane.c.kind)
        .join(lane, lane.c.id == outbox.c.lane_id)
        .where(lane.c.chat_id == chat_id, outbox.c.by_template, outbox.c.error != FETCHED)
        .where(outbox.c.status.in_([int(status) for status in _WENT]))
        .where(outbox.c.broadcast_id.is_(None))
        .order_by(outbox.c.lane_id, outbox.c.seq)
    )
    drafts, gone = [], 0
    for row in conn.execute(query).all():
        values = sealer.open_if_readable(conn, row.values_sealed, values_context(row.key))
        if values is None:
            gone += 1
        else:
            drafts.append(_draft(row, chat_id, values, expires_at))
        at = (outbox.c.lane_id == row.lane_id, outbox.c.seq == row.seq)
        fetched = {"error": FETCHED, "values_sealed": None}
        conn.execute(update(outbox).where(*at).values(fetched))
    return Unread(tuple(drafts), gone)


def _draft(row: Row[Any], chat_id: int, values: bytes, expires_at: int) -> Draft:
    return Draft(
        chat_id=chat_id,
        lane=Lane(row.kind),
        key=next_key(row.key),
        purpose=Purpose(row.purpose),
        item_id=row.item_id,
        item_version=row.item_version,
        language=row.language,
        values=values,
        conversation_id=row.conversation_id,
        expires_at=expires_at,
    )
