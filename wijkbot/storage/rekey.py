"""What happens when a group gets a new address, or the bot leaves it?"""

from __future__ import annotations

from sqlalchemy import Connection, case, delete, or_, select, update

from wijkbot.engine.table import ALARM_GROUP, GROUP_WELCOME
from wijkbot.storage import addresses, card_codes, chats, outbox
from wijkbot.storage.chats import Chat
from wijkbot.storage.consent_tables import consent
from wijkbot.storage.dialect import big
from wijkbot.storage.inbox import conversation_key
from wijkbot.storage.receipt_tables import chat_alias
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import (
    alert,
    chat,
    conversation,
    lane,
    odd_job,
    vote,
    waiting_answer,
)
from wijkbot.storage.tables import outbox as outbox_table

_HELLOS = (GROUP_WELCOME, ALARM_GROUP)


def rekey(
    conn: Connection,
    sealer: Sealer,
    channel: str,
    old_address: str,
    new_address: str,
    now_ms: int,
) -> int | None:
    """A chat moved from one address to another: it keeps everything. Returns its id.

    When events of the new address came first, that young chat is taken into the old one. None
    when the old address is not known (or was moved before). What comes under the old address of
    a group later still belongs to it.
    """
    old = chats.find(conn, sealer, channel, old_address)
    young = chats.find(conn, sealer, channel, new_address)
    if old is None:
        return None if young is None else young.id
    if not old.is_private:
        _forget_numbers(conn, old.id)
    kept = take_over(conn, sealer, old, young, now_ms)
    chats.move(conn, sealer, kept, channel, new_address)
    if not old.is_private:
        new = chats.pseudonym(sealer, channel, new_address)
        addresses.moved(conn, (channel, old.address_hmac), new, kept, now_ms)
    return kept


def take_over(conn: Connection, sealer: Sealer, old: Chat, young: Chat | None, now_ms: int) -> int:
    """Take the young chat, if there is one, into the old one; both are locked. Returns its id."""
    for chat_id in sorted({old.id, *([] if young is None else [young.id])}):
        chats.lock(conn, chat_id)
    if young is not None and young.id != old.id:
        _take_in(conn, sealer, old.id, young.id, now_ms)
    return old.id


def leave(conn: Connection, chat_id: int, now_ms: int) -> None:
    """The bot is out of this chat: what waits is refused, and nothing new is taken."""
    outbox.suspend(conn, chat_id, "left", now_ms)
    card_codes.forget(conn, chat_id)
    row = {"is_active": False, "left_at": now_ms}
    conn.execute(update(chat).where(chat.c.id == chat_id).values(row))


def come_back(conn: Connection, chat_id: int, *, is_active: bool) -> None:
    """The bot is in this chat again: it begins with nothing of what waited before."""
    outbox.resume(conn, chat_id)
    row = {"is_active": is_active, "left_at": None}
    conn.execute(update(chat).where(chat.c.id == chat_id).values(row))


def _take_in(conn: Connection, sealer: Sealer, old: int, young: int, now_ms: int) -> None:
    _move_conversations(conn, sealer, old, young)
    _drop_hello(conn, old, young)
    lanes = conn.execute(select(lane).where(lane.c.chat_id == young).order_by(lane.c.id)).all()
    for row in lanes:
        _move_lane(conn, old, row.id, row.kind, now_ms)
    _move_the_rest(conn, old, young)
    card_codes.forget(conn, young)
    conn.execute(delete(chat).where(chat.c.id == young))


def _forget_numbers(conn: Connection, old: int) -> None:
    """The messages stayed in the old group, and in the new one other messages have their ids."""
    theirs = outbox_table.c.lane_id.in_(select(lane.c.id).where(lane.c.chat_id == old))
    named = outbox_table.c.external_message_id.is_not(None)
    conn.execute(update(outbox_table).where(theirs, named).values(external_message_id=None))


def _drop_hello(conn: Connection, old: int, young: int) -> None:
    """The hello to the young chat, if it waits: the old one was told already."""
    was_told = select(chat.c.was_told).where(chat.c.id == old).scalar_subquery()
    theirs = outbox_table.c.lane_id.in_(select(lane.c.id).where(lane.c.chat_id == young))
    is_hello = (outbox_table.c.seq == 1, outbox_table.c.item_id.in_(_HELLOS))
    waits = outbox_table.c.status == int(outbox.Status.WAITING)
    gone = {"status": int(outbox.Status.REFUSED), "values_sealed": None, "error": "rekeyed"}
    conn.execute(update(outbox_table).where(theirs, *is_hello, waits, was_told).values(gone))


def _move_the_rest(conn: Connection, old: int, young: int) -> None:
    """What else was said of the young chat; of two votes of one member the later one counts."""
    voted = select(vote.c.member_hmac).where(vote.c.chat_id == young)
    conn.execute(delete(vote).where(vote.c.chat_id == old, vote.c.member_hmac.in_(voted)))
    for table in (alert, chat_alias, consent, odd_job, vote, waiting_answer):
        conn.execute(update(table).where(table.c.chat_id == young).values(chat_id=old))


def _move_conversations(conn: Connection, sealer: Sealer, old: int, young: int) -> None:
    known = set(
        conn.execute(
            select(conversation.c.member_hmac).where(conversation.c.chat_id == old)
        ).scalars()
    )
    query = select(conversation.c.id, conversation.c.member_hmac).where(
        conversation.c.chat_id == young
    )
    for row in conn.execute(query.order_by(conversation.c.key)).all():
        moved: dict[str, object] = {"chat_id": old}
        if row.member_hmac not in known:
            moved["key"] = conversation_key(sealer, old, row.member_hmac)
        # else: what waits in it is still handled; the next message goes to the older one
        conn.execute(update(conversation).where(conversation.c.id == row.id).values(moved))


def _move_lane(conn: Connection, old: int, young_lane: int, kind: int, now_ms: int) -> None:
    where = (lane.c.chat_id == old, lane.c.kind == kind)
    target = conn.execute(select(lane).where(*where).with_for_update()).first()
    if target is None:
        conn.execute(update(lane).where(lane.c.id == young_lane).values(chat_id=old))
        return
    announced = outbox_table.c.broadcast_id
    # what was sent is passed over there; a receipt of it, or its report, must find it still
    waits = or_(
        outbox_table.c.status < int(outbox.Status.SENT),
        outbox_table.c.values_sealed.is_not(None),
        announced.is_not(None),
    )
    mine = outbox_table.c.lane_id == young_lane
    known = select(announced).where(outbox_table.c.lane_id == target.id, announced.is_not(None))
    is_new = or_(announced.is_(None), announced.not_in(known))  # never an announcement twice
    moving = select(outbox_table.c.seq).where(mine, waits, is_new)
    query = moving.order_by(outbox_table.c.seq)
    seq = target.out_seq
    for old_seq in conn.execute(query).scalars().all():
        seq += 1
        place = {"lane_id": target.id, "seq": seq}
        at = (mine, outbox_table.c.seq == old_seq)
        conn.execute(update(outbox_table).where(*at).values(place))
    conn.execute(delete(outbox_table).where(mine))
    conn.execute(delete(lane).where(lane.c.id == young_lane))
    if seq > target.out_seq:
        wake = case((lane.c.due_at.is_(None), big(now_ms)), else_=lane.c.due_at)
        row = {"out_seq": seq, "due_at": wake}
        conn.execute(update(lane).where(lane.c.id == target.id).values(row))
