"""What does an update of Telegram mean in the words of the seam? Pure: no network, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message, Update
from telegram.constants import ChatID, ChatType

from wijkbot.adapter_api import EventKind, IncomingEvent, SenderKind
from wijkbot_telegram.ids import event_id, unpack_choice
from wijkbot_telegram.mentions import Heard, Me, hear

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""Said at every start: when left out, Telegram keeps what was asked for before."""

GENERAL_TOPIC = 1
"""The General topic has this number, but refuses to be addressed by it."""

NOT_FOR_YOU = {
    "nl": "Deze knop is niet voor jou.",
    "fr": "Ce bouton n'est pas pour vous.",
    "en": "This button is not for you.",
}

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FAKE_SENDERS = {
    int(ChatID.ANONYMOUS_ADMIN): SenderKind.ANONYMOUS_ADMIN,
    int(ChatID.FAKE_CHANNEL): SenderKind.CHANNEL,
    int(ChatID.SERVICE_CHAT): SenderKind.CHANNEL,
}


@dataclass(frozen=True, slots=True)
class Understood:
    """What an update gives: events for the house, and button presses to answer ourselves."""

    events: tuple[IncomingEvent, ...] = ()
    dismissals: tuple[tuple[str, str], ...] = ()
    """(callback query id, text) of presses that are no event."""


@dataclass(frozen=True, slots=True)
class _Speaker:
    id: str
    kind: SenderKind
    name: str
    language: str


def read_update(raw: dict[str, Any], me: Me, received_at: datetime) -> Understood:
    """Translate one update; kinds that we did not ask for give nothing.

    ``received_at`` is now. An event carries the date that Telegram gave it when that is
    earlier: updates wait there for a day while the bot is away. A press has no date; Telegram
    keeps it for 150 seconds only.
    Raises what the library raises on an update that it cannot read.
    """
    update = Update.de_json(raw)
    if update.my_chat_member:
        change = update.my_chat_member
        return _one(_membership(update.update_id, change, min(received_at, change.date)))
    if update.callback_query:
        return _pressed(update.callback_query, received_at)
    message = update.message or update.edited_message
    if message is None or message.chat.type == ChatType.CHANNEL:
        return Understood()
    edit = update.update_id if update.edited_message else None
    taken_at = min(received_at, message.edit_date or message.date)
    return _one(_from_message(message, me, taken_at, edit))


def _one(event: IncomingEvent | None) -> Understood:
    return Understood((event,)) if event else Understood()


def _from_message(
    message: Message, me: Me, received_at: datetime, edit: int | None
) -> IncomingEvent | None:
    if message.migrate_to_chat_id or message.migrate_from_chat_id:
        return _rekeyed(message, received_at)
    if message.left_chat_member:
        return _member_left(message, me, received_at)
    if message.text is None and message.effective_attachment is None:
        return None
    return _said(message, me, received_at, edit)


def _said(message: Message, me: Me, received_at: datetime, edit: int | None) -> IncomingEvent:
    speaker = _speaker(message)
    is_private = message.chat.type == ChatType.PRIVATE
    heard = hear(message.text or message.caption or "", _entities(message), me)
    is_reply = _is_reply_to(message, me)
    is_addressed = is_private or (
        speaker.kind is not SenderKind.BOT and (heard.is_named or is_reply)
    )
    is_start = edit is None and heard.command == "start" and is_addressed
    more = () if edit is None else ("edit", edit)
    return IncomingEvent(
        kind=EventKind.START if is_start else EventKind.MESSAGE,
        event_id=event_id(message.chat.id, message.message_id, speaker.id, *more),
        chat=str(message.chat.id),
        is_private=is_private,
        sender=speaker.id,
        received_at=received_at,
        text="" if is_start else heard.text,
        addressed=is_addressed,
        sender_kind=speaker.kind,
        sender_name=speaker.name,
        edited=edit is not None,
        edits=event_id(message.chat.id, message.message_id, speaker.id) if edit else "",
        thread=_thread(message),
        payload=_payload(heard) if is_start else "",
        language=speaker.language,
        chat_title=message.chat.title or "",
    )


def _entities(message: Message) -> tuple[Any, ...]:
    return tuple(message.entities if message.text is not None else message.caption_entities)


def _payload(heard: Heard) -> str:
    words = heard.text.split()
    token = words[1] if len(words) > 1 else ""
    return token if _PAYLOAD.fullmatch(token) else ""


def _speaker(message: Message) -> _Speaker:
    """Who wrote. Anonymous admins share one false user: the truth is the sending chat."""
    user, behind = message.from_user, message.sender_chat
    if behind:
        is_own = behind.id == message.chat.id
        kind = SenderKind.ANONYMOUS_ADMIN if is_own else SenderKind.CHANNEL
        return _Speaker(str(behind.id), kind, behind.title or "", "")
    if user is None:
        return _Speaker(str(message.chat.id), SenderKind.CHANNEL, "", "")
    kind = SenderKind.BOT if user.is_bot else SenderKind.RESIDENT
    kind = _FAKE_SENDERS.get(user.id, kind)
    return _Speaker(str(user.id), kind, user.first_name, _language(user.language_code))


def _language(code: str | None) -> str:
    return (code or "").partition("-")[0].lower()


def _is_reply_to(message: Message, me: Me) -> bool:
    """A reply to a message of the bot; not just a place in a topic that the bot opened."""
    earlier = message.reply_to_message
    if earlier is None or earlier.forum_topic_created is not None:
        return False
    return earlier.from_user is not None and earlier.from_user.id == me.id


def _thread(message: Message) -> str:
    number = message.message_thread_id
    has_topic = bool(message.is_topic_message) and number not in {None, GENERAL_TOPIC}
    return str(number) if has_topic else ""


def _pressed(query: CallbackQuery, received_at: datetime) -> Understood:
    chat = query.message.chat if query.message else None
    if chat is None or query.message is None or query.data is None:
        return Understood(dismissals=((query.id, ""),))
    presser, language = str(query.from_user.id), _language(query.from_user.language_code)
    choice_id, meant_for = unpack_choice(query.data)
    if meant_for and meant_for != presser:
        refusal = NOT_FOR_YOU.get(language, NOT_FOR_YOU["nl"])
        return Understood(dismissals=((query.id, refusal),))
    event = IncomingEvent(
        kind=EventKind.CHOICE,
        event_id=event_id(chat.id, 0, presser, query.id),
        chat=str(chat.id),
        is_private=chat.type == ChatType.PRIVATE,
        sender=presser,
        received_at=received_at,
        choice_id=choice_id,
        choice_ref=query.id,
        addressed=True,
        sender_kind=SenderKind.BOT if query.from_user.is_bot else SenderKind.RESIDENT,
        sender_name=query.from_user.first_name,
        thread=_thread(query.message) if isinstance(query.message, Message) else "",
        language=language,
        chat_title=chat.title or "",
    )
    return Understood((event,))


def _membership(
    update_id: int, change: ChatMemberUpdated, received_at: datetime
) -> IncomingEvent | None:
    was_in, is_in = _is_in(change.old_chat_member), _is_in(change.new_chat_member)
    is_private = change.chat.type == ChatType.PRIVATE
    if was_in == is_in or change.chat.type == ChatType.CHANNEL:
        return None
    if is_private and is_in:
        # Unblocking says nothing yet: the bot waits until that person writes.
        return None
    return _about_chat(
        EventKind.BOT_JOINED if is_in else EventKind.BOT_LEFT,
        change.chat,
        received_at,
        event_id=event_id(change.chat.id, 0, str(change.from_user.id), "member", update_id),
        sender=str(change.from_user.id),
        sender_name=change.from_user.first_name,
        language=_language(change.from_user.language_code),
        invited_by=str(change.from_user.id) if is_in else "",
    )


def _is_in(member: ChatMember) -> bool:
    if member.status == ChatMember.RESTRICTED:
        return bool(getattr(member, "is_member", False))
    return member.status in {ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER}


def _rekeyed(message: Message, received_at: datetime) -> IncomingEvent:
    """Both the old and the new group tell it; one id, so that the second is a duplicate."""
    old = message.migrate_from_chat_id or message.chat.id
    new = message.migrate_to_chat_id or message.chat.id
    return IncomingEvent(
        kind=EventKind.REKEYED,
        event_id=event_id(old, 0, "", "rekeyed", new),
        chat=str(old),
        is_private=False,
        sender=str(old),
        received_at=received_at,
        new_chat=str(new),
        chat_title=message.chat.title or "",
    )


def _member_left(message: Message, me: Me, received_at: datetime) -> IncomingEvent | None:
    gone = message.left_chat_member
    if gone is None or gone.id == me.id:
        # That the bot itself left is told by my_chat_member.
        return None
    return _about_chat(
        EventKind.MEMBER_LEFT,
        message.chat,
        received_at,
        event_id=event_id(message.chat.id, message.message_id, str(gone.id), "left"),
        sender=str(gone.id),
        sender_kind=SenderKind.BOT if gone.is_bot else SenderKind.RESIDENT,
    )


def _about_chat(
    kind: EventKind, chat: Chat, received_at: datetime, **fields: Any
) -> IncomingEvent:
    return IncomingEvent(
        kind=kind,
        chat=str(chat.id),
        is_private=chat.type == ChatType.PRIVATE,
        received_at=received_at,
        chat_title=chat.title or "",
        **fields,
    )
