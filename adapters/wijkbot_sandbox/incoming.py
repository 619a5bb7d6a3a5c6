"""What does something typed in the sandbox mean to the house? Pure."""

from __future__ import annotations

import re
from datetime import datetime

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot_sandbox.world import BOT, GROUP, name_of, private_chat

_CALLED = re.compile(rf"@{BOT}\b|^\s*{BOT}\b[\s,:!]*", re.IGNORECASE)


def message(resident: str, chat: str, text: str, event_id: str, now: datetime) -> IncomingEvent:
    """A typed message; in the group it is for the bot only when it names it."""
    is_private = chat != GROUP
    is_called = bool(_CALLED.search(text))
    spoken = " ".join(_CALLED.sub(" ", text).split()) if is_called else text.strip()
    return IncomingEvent(
        kind=EventKind.MESSAGE,
        event_id=event_id,
        chat=private_chat(resident) if is_private else GROUP,
        is_private=is_private,
        sender=resident,
        sender_name=name_of(resident),
        received_at=now,
        text=spoken,
        addressed=is_private or is_called,
    )


def choice(
    resident: str, chat: str, choice_id: str, event_id: str, now: datetime
) -> IncomingEvent:
    """A pressed button."""
    is_private = chat != GROUP
    return IncomingEvent(
        kind=EventKind.CHOICE,
        event_id=event_id,
        chat=private_chat(resident) if is_private else GROUP,
        is_private=is_private,
        sender=resident,
        sender_name=name_of(resident),
        received_at=now,
        choice_id=choice_id,
        addressed=True,
    )


def start(resident: str, token: str, event_id: str, now: datetime) -> IncomingEvent:
    """The private chat was opened by its start button."""
    return IncomingEvent(
        kind=EventKind.START,
        event_id=event_id,
        chat=private_chat(resident),
        is_private=True,
        sender=resident,
        sender_name=name_of(resident),
        received_at=now,
        addressed=True,
        payload=token,
    )


def joined(event_id: str, now: datetime, title: str) -> IncomingEvent:
    """The bot was added to the pretend group."""
    return IncomingEvent(
        kind=EventKind.BOT_JOINED,
        event_id=event_id,
        chat=GROUP,
        is_private=False,
        sender=GROUP,
        received_at=now,
        addressed=True,
        chat_title=title,
    )
