"""Does the rule still let a message out, at the moment at which it would leave?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wijkbot.app.house import House, local_time
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import Request, permit
from wijkbot.engine.values import OwnWords
from wijkbot.schedule.openings import holiday_name
from wijkbot.storage import chats
from wijkbot.storage.chats import Chat
from wijkbot.storage.lanes import Outgoing


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at that moment of the chat that a row goes to.

    ``has_consent``: it is a private chat that wants announcements. ``heard_ms``: when who is in
    it wrote last, where that matters.
    """

    chat: Chat | None
    has_consent: bool = False
    heard_ms: int | None = None


def rule_against(
    house: House, row: Outgoing, say: Say, known: Known, now_ms: int, *, is_change: bool
) -> str:
    """The line of the rule that forbids this row by now, or "".

    Counters and pauses were taken when the row was made, so they are not counted twice.
    """
    chat = known.chat
    if chat is None:
        return "chat-is-gone"
    area = chat.neighbourhood
    country = house.settings.country_of(area)
    local_now = local_time(house.settings, area, now_ms)
    place = chats.place_of(chat, country, now_ms, "", "")
    place = replace(
        place,
        last_crisis_at=None,
        last_referral_at=None,
        answers_this_hour=0,
        unasked_today=0,
        unasked_this_week=0,
    )
    request = Request(
        purpose=say.purpose,
        is_answer=row.conversation_id is not None,
        local_now=local_now,
        is_holiday=bool(holiday_name(country, "", local_now.date())),
        has_own_words=any(isinstance(value, OwnWords) for _, value in say.values),
        is_change=is_change,
        has_consent=known.has_consent,
    )
    permitted = permit(request, place, house.settings.policy.limits)
    return "" if permitted.is_permitted else permitted.rule
