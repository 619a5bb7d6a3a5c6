"""Does the rule still let a message out, at the moment at which it would leave?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wijkbot.app.house import House
from wijkbot.app.local_moment import moment_in
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import permit
from wijkbot.engine.values import OwnWords
from wijkbot.storage import chats
from wijkbot.storage.chats import Chat
from wijkbot.storage.lanes import Outgoing


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at that moment of the chat that a row goes to.

    ``has_consent``: it is a private chat that wants announcements. ``heard_ms``: when who is in
    it wrote last, where that matters. ``is_unread``: their own words must be read first.
    """

    chat: Chat | None
    has_consent: bool = False
    heard_ms: int | None = None
    is_unread: bool = False


def rule_against(
    house: House, row: Outgoing, say: Say, known: Known, now_ms: int, *, is_change: bool
) -> str:
    """The line of the rule that forbids this row by now, or "".

    Counters and pauses were taken when the row was made, so they are not counted twice.
    """
    chat = known.chat
    if chat is None:
        return "chat-is-gone"
    at = moment_in(house, chat.neighbourhood, now_ms, is_change=is_change)
    place = chats.place_of(chat, at.country, now_ms, "", "")
    place = replace(
        place,
        last_crisis_at=None,
        last_referral_at=None,
        answers_this_hour=0,
        unasked_today=0,
        unasked_this_week=0,
    )
    request = replace(
        at.request,
        purpose=say.purpose,
        is_answer=row.conversation_id is not None,
        has_own_words=any(isinstance(value, OwnWords) for _, value in say.values),
        has_consent=known.has_consent,
    )
    return permit(request, place, house.settings.policy.limits).forbidden_by
