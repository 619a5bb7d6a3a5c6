"""How long does the bot stay in a group? Activation, trial, vote and leaving."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select, update

from wijkbot.storage import outbox, rekey, votes
from wijkbot.storage.chats import Chat
from wijkbot.storage.erase import erase_group
from wijkbot.storage.tables import chat

_DAY_MS = 86_400_000
VOTE_MS = 3 * _DAY_MS
"""So long a group can vote."""


def activate(conn: Connection, chat_id: int, now_ms: int, *, trial_days: int) -> None:
    """Serve this group from now on; after the trial it is asked whether it keeps the bot."""
    outbox.resume(conn, chat_id)
    trial_ends_at = now_ms + trial_days * _DAY_MS if trial_days else None
    row = {"is_active": True, "left_at": None, "leave_at": None, "trial_ends_at": trial_ends_at}
    conn.execute(update(chat).where(chat.c.id == chat_id).values(row))


def leave_later(conn: Connection, chat_id: int, at: int) -> None:
    """Leave this group at that moment, unless somebody activates it before."""
    conn.execute(update(chat).where(chat.c.id == chat_id).values(leave_at=at))


def try_later(conn: Connection, chat_id: int, at: int) -> None:
    """The question cannot be asked now."""
    conn.execute(update(chat).where(chat.c.id == chat_id).values(trial_ends_at=at))


def begin_vote(conn: Connection, chat_id: int, now_ms: int) -> None:
    """The trial is over and the question is asked."""
    votes.forget(conn, chat_id)
    row = {"trial_ends_at": now_ms + VOTE_MS, "vote_ends_at": now_ms + VOTE_MS}
    conn.execute(update(chat).where(chat.c.id == chat_id).values(row))


def end_vote(conn: Connection, chat_id: int) -> votes.Tally:
    """Count the votes, and forget them."""
    tally = votes.count(conn, chat_id)
    votes.forget(conn, chat_id)
    over = {"trial_ends_at": None, "vote_ends_at": None}
    conn.execute(update(chat).where(chat.c.id == chat_id).values(over))
    return tally


def due_trials(conn: Connection, now_ms: int) -> list[int]:
    """The served groups whose trial, or vote, is over."""
    served = (chat.c.is_active, chat.c.left_at.is_(None))
    return _due(conn, chat.c.trial_ends_at <= now_ms, *served)


def due_to_leave(conn: Connection, channel: str, now_ms: int) -> Sequence[Chat]:
    """The groups of a channel that the bot leaves now."""
    where = (chat.c.leave_at <= now_ms, chat.c.channel == channel, chat.c.left_at.is_(None))
    query = select(chat).where(*where).order_by(chat.c.id).limit(20)
    return [Chat(**row) for row in conn.execute(query).mappings()]


def left(conn: Connection, chat_id: int, now_ms: int) -> None:
    """The bot is out of this group: what waits is refused, and all of the group is erased."""
    rekey.leave(conn, chat_id, now_ms)
    erase_group(conn, chat_id, now_ms)


def let_in_again(conn: Connection, found: Chat, *, opens_itself: bool) -> None:
    """The bot was told that it joined this group: one that had shut it out begins anew.

    A group that it is in already stays as it is.
    """
    if not outbox.is_shut(conn, found.id):
        return
    rekey.come_back(conn, found.id, is_active=found.is_active or opens_itself)
    conn.execute(update(chat).where(chat.c.id == found.id).values(was_told=False))


def _due(conn: Connection, *where: ColumnElement[bool]) -> list[int]:
    query = select(chat.c.id).where(*where).order_by(chat.c.trial_ends_at, chat.c.id).limit(50)
    return list(conn.execute(query).scalars())
