"""How does an announcement get planned for later, on the wall clock of its neighbourhood?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from wijkbot.app.announce import Plan
from wijkbot.app.house import House
from wijkbot.schedule import recurrence
from wijkbot.schedule.openings import holiday_name
from wijkbot.schedule.recurrence import RuleError
from wijkbot.settings import SettingsError
from wijkbot.storage import schedules
from wijkbot.storage.audience import Audience
from wijkbot.storage.schedules import ScheduleDraft

EXAMPLE = '"2026-11-25 09:00"'


@dataclass(frozen=True, slots=True)
class Wish:
    """When a worker wants it: ``first`` on the wall clock (naive), ``rule`` "" for once."""

    first: datetime
    rule: str


def wish_of(at: str, every: str) -> Wish | None:
    """What ``--at`` and ``--every`` say; None when it is for now.

    Raises:
        SettingsError: it is no moment or no rule.
    """
    if not at and not every:
        return None
    if not at:
        raise SettingsError("--at", f"say when it is the first time, such as --at {EXAMPLE}")
    try:
        first = datetime.fromisoformat(at)
    except ValueError:
        raise SettingsError("--at", f"write day and time, such as {EXAMPLE}") from None
    if first.tzinfo is not None or len(at.strip()) <= len("2026-11-25"):
        raise SettingsError("--at", f"write day and local time, without a zone: {EXAMPLE}")
    first = first.replace(second=0, microsecond=0)
    try:
        return Wish(first, recurrence.make_rule(first, every) if every else "")
    except RuleError as error:
        raise SettingsError("--every", str(error)) from None


async def plan_ahead(
    house: House, plan: Plan, wish: Wish, *, everywhere: bool, author: str
) -> list[int]:
    """Plan it, once for each neighbourhood: each has its own clock and its own version of a text.

    ``everywhere``: for the groups that are active then, not for those of today. Returns the
    numbers of the schedules.

    Raises:
        SettingsError: the moment is past, never comes, is on a holiday or in the quiet hours.
    """
    if house.settings.policy.limits.quiet.holds(wish.first):
        quiet = house.settings.policy.quiet
        raise SettingsError("--at", f"{wish.first:%H:%M} is in the quiet hours ({quiet})")
    groups = sorted((p.group for p in plan.previews), key=lambda g: (g.neighbourhood, g.id))
    key = house.clock.token(12)
    drafts = []
    for area, its in itertools.groupby(groups, key=lambda g: g.neighbourhood):
        zone = house.settings.timezone_of(area)
        country = house.settings.country_of(area)
        if not wish.rule and holiday_name(country, "", wish.first.date()):
            raise SettingsError("--at", f"{wish.first:%Y-%m-%d} is a holiday; choose another day")
        everyone = Audience(neighbourhood=area)
        drafts.append(
            ScheduleDraft(
                key=f"{key}.{area}",
                rule=wish.rule,
                zone=zone,
                item_id=plan.previews[0].say.item,
                audience=everyone if everywhere else Audience.of((g.id for g in its), area),
                next_at=_first_at(wish, zone, house.clock.now()),
                created_by=author,
            )
        )

    def put(conn: Connection) -> list[int]:
        return [schedules.put(conn, draft) for draft in drafts]

    return await house.database.write(put)


def _first_at(wish: Wish, zone: str, now: datetime) -> int:
    moment: datetime | None = recurrence.instant(wish.first, zone)
    if moment is not None and moment <= now:
        raise SettingsError("--at", f"{wish.first:%Y-%m-%d %H:%M} is past")
    if wish.rule:
        # the day that was named counts when the rule has it
        moment = next(recurrence.times(wish.rule, zone, now), None)
    if moment is None:
        raise SettingsError("--every", "with this rule it never happens")
    return round(moment.timestamp() * 1000)
