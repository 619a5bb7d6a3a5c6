"""What time is it in one neighbourhood, as the rule asks it of an announcement?"""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.app.house import House, local_time
from wijkbot.engine.policy import Request
from wijkbot.engine.words import Purpose
from wijkbot.schedule.calendars import holiday_name
from wijkbot.storage.broadcasts import LocalDay


@dataclass(frozen=True, slots=True)
class LocalMoment:
    """What time it is in one neighbourhood, as the rule asks it."""

    now_ms: int
    country: str
    day: LocalDay
    request: Request


def moment_in(house: House, area: str, now_ms: int, *, is_change: bool = False) -> LocalMoment:
    """The moment in one neighbourhood."""
    country = house.settings.country_of(area)
    local_now = local_time(house.settings, area, now_ms)
    request = Request(
        purpose=Purpose.ANNOUNCEMENT,
        is_answer=False,
        local_now=local_now,
        is_holiday=bool(holiday_name(country, "", local_now.date())),
        is_change=is_change,
    )
    return LocalMoment(now_ms, country, LocalDay.at(local_now), request)
