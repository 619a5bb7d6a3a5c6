"""Is the bot new in a chat, back in it, or out of it? And what follows from that?"""

from __future__ import annotations

from sqlalchemy import Connection

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot.app.activation import WAITS
from wijkbot.app.house import House
from wijkbot.app.payload import span_ms
from wijkbot.storage import chats, rekey, stays
from wijkbot.storage.chats import Chat


def is_greeting(incoming: IncomingEvent | None) -> bool:
    """Is the bot told that it is in? It says hello before it answers who asks already."""
    return incoming is not None and incoming.kind is EventKind.BOT_JOINED


def is_in_already(incoming: IncomingEvent | None, chat: Chat) -> bool:
    """Told that it joined, where it said hello and never left: the group has a new address."""
    is_known = chat.was_told and not chat.is_private and chat.left_at is None
    return is_greeting(incoming) and is_known


def has_ended(incoming: IncomingEvent | None, chat: Chat) -> bool:
    """The bot is out of the chat, or alone in what was a private one."""
    kind = incoming.kind if incoming else None
    return kind is EventKind.BOT_LEFT or (chat.is_private and kind is EventKind.MEMBER_LEFT)


def let_in(conn: Connection, house: House, incoming: IncomingEvent | None, chat: Chat) -> Chat:
    """A group that takes the bot back begins anew; so does who writes after a block."""
    if incoming is None or has_ended(incoming, chat):
        return chat
    if is_greeting(incoming):
        opens_itself = house.settings.policy.group_activation == "invite"
        is_active = chat.is_active or chat.is_private or opens_itself
    elif chat.is_private and chat.left_at is not None:
        is_active = True
    else:
        return chat
    rekey.come_back(conn, chat.id, is_active=is_active)
    return locked(conn, chat.id)


def begin_stay(conn: Connection, house: House, incoming: IncomingEvent | None, chat: Chat) -> None:
    """A group the bot just came into: a trial when it serves it, else a day to wait."""
    if chat.is_private or not is_greeting(incoming):
        return
    now_ms = house.clock.now_ms()
    if chat.is_active and not chat.was_told:  # it may be told twice that it joined
        chats.wait_for_old_address(conn, chat, now_ms)
        stays.activate(conn, chat.id, now_ms, trial_days=house.settings.policy.trial_days)
    elif not chat.is_active:
        stays.leave_later(conn, chat.id, now_ms + span_ms(WAITS))


def locked(conn: Connection, chat_id: int) -> Chat:
    """The chat of a conversation; nobody else changes it until this transaction ends."""
    return there(chats.lock(conn, chat_id))


def there(chat: Chat | None) -> Chat:
    """That chat; a conversation always has one."""
    if chat is None:
        raise LookupError("a conversation without a chat")
    return chat
