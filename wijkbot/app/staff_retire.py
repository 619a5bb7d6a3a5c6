"""What happens to the conversations of a member who is not one any more?

Their wraps go, so that they can open nothing even if they came in again, and what they talked in
waits for a coordinator, who has the key.
"""

from __future__ import annotations

from sqlalchemy import Connection

from wijkbot.securechat.states import Actor, Event, Standing, State, next_state
from wijkbot.securechat.timers import minute
from wijkbot.storage import secure_chats, secure_messages, secure_queue
from wijkbot.storage.secure_chats import Conversation


def retire(conn: Connection, member: bytes, now: int) -> list[bytes]:
    """Take the wraps of a member, and give back what they had; returns those conversations.

    Their time in the queue begins at ``now`` (seconds): they waited for nobody until then.
    """
    given = [seen.id for seen in secure_queue.all_with(conn, member)]
    for conv in given:
        seen = secure_chats.lock(conn, conv)
        if seen is not None:
            secure_chats.change(conn, seen, **_given_back(seen, member, now))
    for seen in secure_queue.watched(conn, member):
        secure_queue.drop_guest(conn, seen.id, member)
    secure_messages.take_wraps_of(conn, [member])
    return given


def _given_back(seen: Conversation, member: bytes, now: int) -> dict[str, object]:
    without_offer: dict[str, object] = {"pending_to": None, "offered_at": None}
    if seen.assigned_to != member or seen.state != State.ASSIGNED:
        return without_offer if seen.pending_to == member else {}
    standing = Standing(State(seen.state), is_offered=seen.pending_to is not None)
    to = next_state(standing, Event.REVOKE, [Actor.COORDINATOR])
    return without_offer | {
        "state": to,
        "assigned_to": None,
        "was_with": member,
        "queued_at": minute(now),
    }
