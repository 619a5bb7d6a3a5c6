"""What does somebody get who answers a template that said that an answer waits?

The answer itself, for their word opens the window again. When it was not kept so long they are
told so, and to ask once more. Whoever stops, erases or is in danger is not handed old texts.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.adapter_api import PLATFORM_OPT_OUT, EventKind, IncomingEvent
from wijkbot.app.house import House
from wijkbot.app.payload import span_ms
from wijkbot.app.perform import ANSWER_LIVES
from wijkbot.engine import commands
from wijkbot.engine.book import DialogBook
from wijkbot.engine.commands import Command
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import Decision
from wijkbot.engine.effects import Erase, OptOut, Say
from wijkbot.engine.words import Purpose
from wijkbot.storage.chats import Chat
from wijkbot.storage.outbox import Draft
from wijkbot.storage.unread import take_unread

GONE = "T69"
"""The text for whom the answer was not kept long enough."""
_SAID = frozenset({EventKind.MESSAGE, EventKind.CHOICE})


@dataclass(frozen=True, slots=True)
class Answered:
    """What is done after all with an event, and the texts that waited for it."""

    decision: Decision
    drafts: tuple[Draft, ...] = ()


def with_unread(
    conn: Connection,
    house: House,
    chat: Chat,
    incoming: IncomingEvent | None,
    decision: Decision,
    known: tuple[DialogBook, Conversation],
) -> Answered:
    """The decision with what waited in this private chat; ``known``: book and dialog so far."""
    if incoming is None or not _may_read(chat, incoming, decision):
        return Answered(decision)
    expires_at = house.clock.now_ms() + span_ms(ANSWER_LIVES)
    unread = take_unread(conn, house.sealer, chat.id, expires_at)
    book, conversation = known
    asked = commands.find(book, incoming.text) if incoming.text else None
    only_asks = asked is not None and asked.command is Command.YES
    if not only_asks or not (unread.drafts or unread.gone):
        return Answered(decision, unread.drafts)
    effects = () if unread.drafts else _told_that_it_is_gone(book)
    return Answered(Decision(conversation, effects), unread.drafts)


def _may_read(chat: Chat, incoming: IncomingEvent, decision: Decision) -> bool:
    """Whether a template ever went here, and this is somebody's word to us."""
    if not chat.is_private or chat.template_at is None or incoming.kind not in _SAID:
        return False
    is_no = any(isinstance(effect, OptOut | Erase) for effect in decision.effects)
    is_danger = any(
        isinstance(effect, Say) and effect.purpose is Purpose.CRISIS for effect in decision.effects
    )
    return incoming.payload != PLATFORM_OPT_OUT and not is_no and not is_danger


def _told_that_it_is_gone(book: DialogBook) -> tuple[Say, ...]:
    if GONE not in book.items:
        return ()
    return (Say(Purpose.SERVICE, GONE, book.version_of(GONE), "text"),)
