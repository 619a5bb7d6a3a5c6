"""What goes when a resident says "wis"? All of theirs but keyed pseudonyms."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from wijkbot.storage import outbox as outbox_rows
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import chat, conversation, inbox, odd_job, outbox, token


def erase_member(conn: Connection, member_hmac: str, now_ms: int) -> None:
    """Erase a resident: states, waiting events, answers on their way, odd jobs, tokens.

    Call it in the transaction that finishes the request, after ``inbox.finish`` and before the
    confirmation is appended: the address of the private chat stays just long enough to send
    that (``retention.sweep`` takes it then). Opt-outs stay. After the commit: ``db.scrub()``.
    """
    mine = conversation.c.member_hmac == member_hmac
    rows = conn.execute(
        select(conversation.c.id, conversation.c.chat_id).where(mine).order_by(conversation.c.key)
    ).all()
    ids = [row.id for row in rows]
    _empty_conversations(conn, ids)
    _drop_answers(conn, ids, now_ms)
    private = _private_chats(conn, [row.chat_id for row in rows])
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
    }
    conn.execute(update(chat).where(chat.c.id.in_(private)).values(forgotten))
    conn.execute(delete(odd_job).where(odd_job.c.member_hmac == member_hmac))
    conn.execute(delete(token).where(token.c.member_hmac == member_hmac))


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


def _drop_answers(conn: Connection, ids: list[int], now_ms: int) -> None:
    """Answers on their way into groups lose their values and are never sent."""
    where = (outbox.c.conversation_id.in_(ids), outbox.c.values_sealed.is_not(None))
    gone = {
        "status": int(Status.REFUSED),
        "values_sealed": None,
        "sent_at": now_ms,
        "error": "erased",
    }
    conn.execute(update(outbox).where(*where).values(gone))


def _private_chats(conn: Connection, chat_ids: list[int]) -> list[int]:
    where = (chat.c.id.in_(chat_ids), chat.c.is_private)
    return list(conn.execute(select(chat.c.id).where(*where).order_by(chat.c.id)).scalars())
