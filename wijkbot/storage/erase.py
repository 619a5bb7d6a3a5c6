"""What goes when a resident says "wis"? All of theirs but keyed pseudonyms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, select, update

from wijkbot.engine.conversation import ORDINARY_MODE
from wijkbot.storage import addresses, aliases, card_codes, consents
from wijkbot.storage import outbox as outbox_rows
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import (
    alert,
    chat,
    conversation,
    inbox,
    lane,
    odd_job,
    outbox,
    token,
    vote,
    waiting_answer,
)


def erase_member(conn: Connection, member_hmac: str, now_ms: int) -> None:
    """Erase a resident: states, waiting events, answers on their way, odd jobs, tokens, codes.

    Call it in the transaction that finishes the request, after ``inbox.finish`` and before the
    confirmation is appended: the address of the private chat stays just long enough to send
    that (``retention.sweep`` takes it then). Opt-outs stay, and of each consent that it was
    there. After the commit: ``db.scrub()``.
    """
    rows = _conversations(conn, conversation.c.member_hmac == member_hmac)
    ids = [row.id for row in rows]
    _empty_conversations(conn, ids)
    _drop_answers(conn, ids, now_ms)
    _forget_chats(conn, _private_chats(conn, [row.chat_id for row in rows]), now_ms)
    conn.execute(delete(odd_job).where(odd_job.c.member_hmac == member_hmac))
    conn.execute(delete(token).where(token.c.member_hmac == member_hmac))
    card_codes.withdraw(conn, member_hmac)
    consents.erase(conn, member_hmac, now_ms)
    aliases.forget(conn, member_hmac)
    conn.execute(delete(vote).where(vote.c.member_hmac == member_hmac))
    conn.execute(delete(waiting_answer).where(waiting_answer.c.member_hmac == member_hmac))


def erase_group(conn: Connection, chat_id: int, now_ms: int) -> None:
    """Erase a group that the bot is out of: its dialogs, votes, counters, and its address."""
    ids = [row.id for row in _conversations(conn, conversation.c.chat_id == chat_id)]
    _empty_conversations(conn, ids)
    _forget_chats(conn, [chat_id], now_ms)
    addresses.forget(conn, chat_id)
    for table in (vote, waiting_answer, alert):
        conn.execute(delete(table).where(table.c.chat_id == chat_id))
    gone = {
        "is_active": False,
        "mode": ORDINARY_MODE,
        "leave_at": None,
        "trial_ends_at": None,
        "vote_ends_at": None,
    }
    conn.execute(update(chat).where(chat.c.id == chat_id).values(gone))


def erase_until(conn: Connection, member_hmac: str, chats: Sequence[str], at: int) -> bool:
    """Erase again, after an older backup was restored, what a resident had erased at that moment.

    What came after it stays: the backup may be from after their return. ``chats`` are the
    pseudonyms of their private chats (:func:`private_chats`). True when anything was there.
    """
    mine = conversation.c.member_hmac == member_hmac
    rows = _conversations(conn, mine, conversation.c.last_at <= at)
    ids = [row.id for row in rows]
    _empty_conversations(conn, ids)
    _drop_answers(conn, ids, at)
    returned = [row.id for row in _conversations(conn, mine, conversation.c.last_at > at)]
    older = _erase_older(conn, returned, at)
    named = select(chat.c.id).where(
        chat.c.address_hmac.in_(chats), chat.c.is_private, chat.c.erase_at.is_(None)
    )
    # a chat in which somebody wrote since is in use again: its address is needed
    wrote = exists().where(conversation.c.chat_id == chat.c.id, conversation.c.last_at > at)
    got = exists().where(
        lane.c.chat_id == chat.c.id, outbox.c.lane_id == lane.c.id, outbox.c.created_at > at
    )
    gone = list(conn.execute(named.where(chat.c.created_at <= at, ~wrote, ~got)).scalars())
    _forget_chats(conn, gone, at)
    conn.execute(delete(vote).where(vote.c.member_hmac == member_hmac, vote.c.at <= at))
    card_codes.withdraw(conn, member_hmac, at)
    agreed = consents.erase(conn, member_hmac, at)
    aliases.forget(conn, member_hmac)
    jobs = delete(odd_job).where(odd_job.c.member_hmac == member_hmac, odd_job.c.created_at <= at)
    count = conn.execute(jobs).rowcount
    return bool(ids or older or gone or count or agreed)


def private_chats(conn: Connection, member_hmac: str) -> tuple[str, ...]:
    """The pseudonyms of the private chats of a resident."""
    rows = _conversations(conn, conversation.c.member_hmac == member_hmac)
    ids = _private_chats(conn, [row.chat_id for row in rows])
    query = select(chat.c.address_hmac).where(chat.c.id.in_(ids)).order_by(chat.c.id)
    return tuple(conn.execute(query).scalars())


def _conversations(conn: Connection, *where: ColumnElement[bool]) -> Sequence[Any]:
    query = select(conversation.c.id, conversation.c.chat_id).where(*where)
    return conn.execute(query.order_by(conversation.c.key)).all()


def _erase_older(conn: Connection, ids: list[int], at: int) -> int:
    """Of conversations that went on: the events, the state and the answers up to that moment."""
    events = (inbox.c.conversation_id.in_(ids), inbox.c.received_at <= at)
    wanted = (*events, inbox.c.payload_sealed.is_not(None))
    count = conn.execute(update(inbox).where(*wanted).values(payload_sealed=None)).rowcount
    states = (conversation.c.id.in_(ids), conversation.c.state_at <= at)
    empty = {"state_sealed": None, "state_at": None}
    count += conn.execute(update(conversation).where(*states).values(empty)).rowcount
    return count + _drop_answers(conn, ids, at, outbox.c.created_at <= at)


def _forget_chats(conn: Connection, private: list[int], now_ms: int) -> None:
    for chat_id in private:
        outbox_rows.drop_open(conn, chat_id, "erased", now_ms)
    forgotten = {
        "erase_at": now_ms,
        "is_active": True,
        "was_told": False,
        "silent_until": None,
        "last_crisis_at": None,
        "last_referral_at": None,
        "answers_this_hour": 0,
        "hour_started_at": None,
        "limit_shown_at": None,
        "last_tip_at": None,
    }
    conn.execute(update(chat).where(chat.c.id.in_(private)).values(forgotten))


def _empty_conversations(conn: Connection, ids: list[int]) -> None:
    empty = {
        "state_sealed": None,
        "state_at": None,
        "timer_at": None,
        "due_at": None,
        "attempts": 0,
        "done_seq": conversation.c.in_seq,
        "lease": conversation.c.lease + 1,
    }
    conn.execute(update(conversation).where(conversation.c.id.in_(ids)).values(empty))
    where = inbox.c.conversation_id.in_(ids)
    conn.execute(update(inbox).where(where).values(payload_sealed=None))


def _drop_answers(
    conn: Connection, ids: list[int], now_ms: int, *where: ColumnElement[bool]
) -> int:
    """Answers on their way into groups lose their values and are never sent.

    Of those that were sent the platform's id goes: it leads to a message, and so to a person.
    """
    theirs = outbox.c.conversation_id.in_(ids)
    led = (theirs, outbox.c.external_message_id.is_not(None))
    conn.execute(update(outbox).where(*led, *where).values(external_message_id=None))
    mine = (theirs, outbox.c.values_sealed.is_not(None))
    gone = {
        "status": int(Status.REFUSED),
        "values_sealed": None,
        "sent_at": now_ms,
        "error": "erased",
    }
    return conn.execute(update(outbox).where(*mine, *where).values(gone)).rowcount


def _private_chats(conn: Connection, chat_ids: list[int]) -> list[int]:
    where = (chat.c.id.in_(chat_ids), chat.c.is_private)
    return list(conn.execute(select(chat.c.id).where(*where).order_by(chat.c.id)).scalars())
