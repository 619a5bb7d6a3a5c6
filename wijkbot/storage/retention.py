"""What has been kept long enough? Small deletions, so that nobody waits for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy import update as sql_update

from wijkbot.storage import card_codes, consents, photos, post_cards, receipts
from wijkbot.storage.announce_tables import photo
from wijkbot.storage.letters import drop_older
from wijkbot.storage.outbox import Status
from wijkbot.storage.postkit_tables import post_card
from wijkbot.storage.seal import KEY_LIVES_DAYS, delete_day_keys, key_mark
from wijkbot.storage.tables import (
    alert,
    broadcast,
    chat,
    conversation,
    day_key,
    inbox,
    lane,
    odd_job,
    opt_out,
    outbox,
    token,
)

_HOUR = 3_600_000
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Keep:
    """How long each kind is kept, in ms."""

    event_ids: int = 8 * _DAY
    letters: int = 7 * _DAY
    state: int = 24 * _HOUR
    sent: int = 30 * _DAY
    ended_jobs: int = 30 * _DAY
    used_tokens: int = 1 * _DAY
    alerts: int = 1 * _DAY
    ended_consents: int = 365 * _DAY


def sweep(
    conn: Connection, now_ms: int, *, keep: Keep | None = None, limit: int = 500
) -> Mapping[str, int]:
    """Delete at most ``limit`` rows of each kind; call again until every number is 0."""
    kept = keep or Keep()
    return {
        "letters": drop_older(conn, now_ms - kept.letters, now_ms, limit),
        "event_ids": _event_ids(conn, now_ms - kept.event_ids, limit),
        "states": _states(conn, now_ms - kept.state, limit),
        "sent": _sent(conn, now_ms - kept.sent, limit),
        "kept": receipts.erase_kept(conn, now_ms, limit),
        "receipts": receipts.forget_older(conn, now_ms - receipts.KEPT_MS, limit),
        "conversations": _conversations(conn, now_ms - kept.event_ids, limit),
        "tokens": _tokens(conn, now_ms - kept.used_tokens, limit),
        "card_codes": card_codes.sweep(conn, now_ms, limit),
        "jobs": _jobs(conn, now_ms - kept.ended_jobs, limit),
        "chats": _chats(conn, limit),
        "broadcast_values": _broadcast_values(conn, now_ms, limit),
        "photos": photos.erase_expired(conn, now_ms, limit),
        "post_cards": post_cards.sweep(conn, now_ms, limit),
        "alerts": _alerts(conn, now_ms - kept.alerts, limit),
        "consents": consents.sweep(conn, now_ms - kept.ended_consents, limit),
    }


def destroy_keys(
    conn: Connection, now_ms: int, tell: Callable[[list[int], int], None] | None = None
) -> int:
    """Destroy the day keys that nothing open uses, and all that are 30 days old.

    Keys of today and yesterday stay: another process may still seal with them. ``tell`` hears
    the days first: what it raises keeps the keys.
    """
    today = now_ms // _DAY
    days = conn.execute(select(day_key.c.day).where(day_key.c.day < today - 1)).scalars().all()
    gone = [day for day in days if day <= today - KEY_LIVES_DAYS or not _is_used(conn, day)]
    if tell is not None:
        tell(gone, now_ms)
    return delete_day_keys(conn, gone)


def _is_used(conn: Connection, day: int) -> bool:
    mark = key_mark(day)
    sealed = (
        inbox.c.payload_sealed,
        conversation.c.state_sealed,
        outbox.c.values_sealed,
        broadcast.c.values_sealed,
        photo.c.data_sealed,
        post_card.c.said_sealed,
    )
    return any(
        conn.execute(
            select(column.table)
            .with_only_columns(func.length(column))
            .where(column.is_not(None), func.substr(column, 1, len(mark)) == mark)
            .limit(1)
        ).first()
        is not None
        for column in sealed
    )


def _event_ids(conn: Connection, before: int, limit: int) -> int:
    handled = (
        select(conversation.c.id)
        .where(
            conversation.c.id == inbox.c.conversation_id, conversation.c.done_seq >= inbox.c.seq
        )
        .exists()
    )
    keys = (inbox.c.conversation_id, inbox.c.seq)
    old = select(*keys).where(inbox.c.received_at < before, handled).limit(limit)
    return _delete_keyed(conn, inbox, keys, old)


def _states(conn: Connection, before: int, limit: int) -> int:
    idle = and_(conversation.c.due_at.is_(None), conversation.c.timer_at.is_(None))
    old = (
        select(conversation.c.id)
        .where(conversation.c.state_sealed.is_not(None), conversation.c.last_at < before, idle)
        .limit(limit)
    )
    forget = sql_update(conversation).where(conversation.c.id.in_(old), idle)
    return conn.execute(forget.values(state_sealed=None, state_at=None)).rowcount


def _sent(conn: Connection, before: int, limit: int) -> int:
    keys = (outbox.c.lane_id, outbox.c.seq)
    final = outbox.c.status >= int(Status.SENT)
    old = select(*keys).where(outbox.c.sent_at < before, final).limit(limit)
    return _delete_keyed(conn, outbox, keys, old)


def _conversations(conn: Connection, before: int, limit: int) -> int:
    has_events = exists().where(inbox.c.conversation_id == conversation.c.id)
    empty = and_(
        conversation.c.last_at < before,
        conversation.c.due_at.is_(None),
        conversation.c.timer_at.is_(None),
        conversation.c.state_sealed.is_(None),
        ~has_events,
    )
    # the private chat of somebody who stopped: this row says whose chat it is
    stopped = exists().where(opt_out.c.member_hmac == conversation.c.member_hmac)
    old = select(conversation.c.id).where(empty, ~stopped).limit(limit)
    gone = delete(conversation).where(conversation.c.id.in_(old), empty)
    return conn.execute(gone).rowcount


def _tokens(conn: Connection, before: int, limit: int) -> int:
    over = or_(token.c.expires_at < before, token.c.used_at < before)
    old = select(token.c.token_hmac).where(over).limit(limit)
    return conn.execute(delete(token).where(token.c.token_hmac.in_(old))).rowcount


def _alerts(conn: Connection, before: int, limit: int) -> int:
    old = select(alert.c.id).where(alert.c.at < before).limit(limit)
    return conn.execute(delete(alert).where(alert.c.id.in_(old))).rowcount


def _jobs(conn: Connection, before: int, limit: int) -> int:
    old = select(odd_job.c.id).where(odd_job.c.expires_at < before).limit(limit)
    return conn.execute(delete(odd_job).where(odd_job.c.id.in_(old))).rowcount


def _chats(conn: Connection, limit: int) -> int:
    """Erased chats: address and message ids go once the last message is gone."""
    open_rows = (
        select(lane.c.id)
        .where(lane.c.chat_id == chat.c.id, lane.c.out_seq > lane.c.sent_seq)
        .exists()
    )
    due = and_(chat.c.erase_at.is_not(None), chat.c.address_sealed.is_not(None), ~open_rows)
    old = select(chat.c.id).where(due).limit(limit)
    gone = sql_update(chat).where(chat.c.id.in_(old), due).values(address_sealed=None)
    ids = list(conn.execute(gone.returning(chat.c.id)).scalars())
    lanes = select(lane.c.id).where(lane.c.chat_id.in_(ids))
    led = (outbox.c.lane_id.in_(lanes), outbox.c.external_message_id.is_not(None))
    conn.execute(sql_update(outbox).where(*led).values(external_message_id=None))
    return len(ids)


def _broadcast_values(conn: Connection, now_ms: int, limit: int) -> int:
    """Announcements of which no message can still be sent, or be put in again.

    What a platform only took may fail for a day, and is then sent again.
    """
    still = [int(status) for status in (Status.WAITING, Status.SENDING, Status.DEAD)]
    is_taken = and_(outbox.c.status == int(Status.QUEUED), outbox.c.sent_at > now_ms - _DAY)
    may_go = or_(outbox.c.status.in_(still), is_taken)
    is_open = exists().where(outbox.c.broadcast_id == broadcast.c.id, may_go)
    over = and_(broadcast.c.values_sealed.is_not(None), broadcast.c.due_at.is_(None), ~is_open)
    old = select(broadcast.c.id).where(over).limit(limit)
    gone = sql_update(broadcast).where(broadcast.c.id.in_(old), over)
    return conn.execute(gone.values(values_sealed=None)).rowcount


def _delete_keyed(
    conn: Connection, table: Table, keys: tuple[ColumnElement[int], ...], old: Select[Any]
) -> int:
    found = [tuple(row) for row in conn.execute(old)]
    if not found:
        return 0
    return conn.execute(delete(table).where(tuple_(*keys).in_(found))).rowcount
