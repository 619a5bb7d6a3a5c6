"""When did somebody write last, and how many may be written to unasked?

Some platforms let us answer freely for some hours only, and let us write first to so many
different people a day. Both are read from what is kept anyway: the moments of the events that
came in, and of the last template of each chat.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from wijkbot.storage.dialect import among, insert
from wijkbot.storage.tables import chat, conversation, inbox, lease

DAY_MS = 24 * 3_600_000
_TURN = "templates."


@dataclass(frozen=True, slots=True)
class Granted:
    """Which chats may get a template now, and in how many ms another one may (0: now)."""

    chats: frozenset[int]
    wait_ms: int = 0


def heard_at(conn: Connection, chat_ids: Collection[int]) -> dict[int, int]:
    """When a resident last wrote in each of these private chats (ms), as far as that is known.

    It is forgotten with the numbers of events, so long after every window.
    """
    if not chat_ids:
        return {}
    query = (
        select(conversation.c.chat_id, func.max(inbox.c.received_at))
        .join(inbox, inbox.c.conversation_id == conversation.c.id)
        .where(among(conn, conversation.c.chat_id, sorted(set(chat_ids))))
        # an event of the chat itself, such as a block, is nobody's word
        .where(conversation.c.member_hmac != "")
        .group_by(conversation.c.chat_id)
    )
    return {chat_id: int(at) for chat_id, at in conn.execute(query) if at is not None}


def grant(
    conn: Connection, channel: str, chat_ids: Collection[int], most: int, now_ms: int
) -> Granted:
    """Let a template go to these chats, as far as the day allows: ``most`` different ones.

    With ``most`` 0 to all of them; it is only noted that they got one. Any number of processes
    may ask at once. A chat that got one in these 24 hours counts once.
    """
    take_turn(conn, channel)
    since = now_ms - DAY_MS
    mine = (chat.c.channel == channel, chat.c.template_at > since)
    recent = select(chat.c.id).where(*mine, among(conn, chat.c.id, list(chat_ids)))
    known = set(conn.execute(recent).scalars())
    used = used_today(conn, channel, now_ms)
    room = max(0, most - used) if most else len(chat_ids)
    chosen = known | set(sorted(set(chat_ids) - known)[:room])
    if chosen:
        theirs = among(conn, chat.c.id, sorted(chosen))
        conn.execute(update(chat).where(theirs).values(template_at=now_ms))
    wait_ms = 0
    if len(chosen) < len(set(chat_ids)):
        oldest = conn.execute(select(func.min(chat.c.template_at)).where(*mine)).scalar()
        wait_ms = DAY_MS if oldest is None else max(1, int(oldest) + DAY_MS - now_ms)
    return Granted(frozenset(chosen), wait_ms)


def used_today(conn: Connection, channel: str, now_ms: int) -> int:
    """To how many different chats of this channel a template went in 24 hours."""
    mine = (chat.c.channel == channel, chat.c.template_at > now_ms - DAY_MS)
    return int(conn.execute(select(func.count()).where(*mine)).scalar_one())


def take_turn(conn: Connection, channel: str) -> None:
    """One at a time counts and grants, until the transaction ends."""
    row = {"name": f"{_TURN}{channel}", "holder": "", "expires_at": 0}
    new = insert(conn, lease).values(row)
    held = {"expires_at": new.excluded.expires_at}
    conn.execute(new.on_conflict_do_update(index_elements=[lease.c.name], set_=held))
