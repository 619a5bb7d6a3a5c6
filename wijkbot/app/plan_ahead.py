"""How does an announcement get planned for later, on the wall clock of its neighbourhood?"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from wijkbot.adapter_api import Photo
from wijkbot.announcements.extras import Extras
from wijkbot.app.announce import Plan, keep_photo
from wijkbot.app.house import House
from wijkbot.schedule import recurrence
from wijkbot.schedule.calendars import holiday_name
from wijkbot.schedule.recurrence import RuleError
from wijkbot.settings import SettingsError
from wijkbot.storage import schedules
from wijkbot.storage.audience import Audience
from wijkbot.storage.photos import LONGEST_DAYS
from wijkbot.storage.schedules import Schedule, ScheduleDraft

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


@dataclass(frozen=True, slots=True)
class Load:
    """What goes with a planned text."""

    extras: Extras = field(default_factory=Extras)
    photo: Photo | None = None


def extras_of(planned: Schedule) -> Extras:
    """What goes with something planned."""
    return Extras.from_plain(json.loads(planned.extras or "{}"))


async def plan_ahead(
    house: House,
    plan: Plan,
    wish: Wish,
    *,
    everywhere: bool,
    author: str,
    load: Load | None = None,
) -> list[int]:
    """Plan it, once for each neighbourhood: each has its own clock and its own version of a text.

    ``everywhere``: for the groups that are active then, not for those of today. Returns the
    numbers of the schedules.

    Raises:
        SettingsError: the moment is past, never comes, is on a holiday or in the quiet hours;
            or a photo would have to be kept for longer than photos are.
    """
    if house.settings.policy.limits.quiet.holds(wish.first):
        quiet = house.settings.policy.quiet
        raise SettingsError("--at", f"{wish.first:%H:%M} is in the quiet hours ({quiet})")
    drafts = _drafts(house, plan, wish, author, everywhere=everywhere)
    carried = load or Load()
    _check_photo(house, carried, wish, drafts)

    def put(conn: Connection) -> list[int]:
        extras = carried.extras
        if carried.photo is not None:
            due_ms = max(draft.next_at for draft in drafts)
            extras = replace(extras, photo=keep_photo(conn, house, carried.photo, due_ms))
        told = json.dumps(extras.to_plain()) if extras != Extras() else ""
        return [schedules.put(conn, replace(draft, extras=told)) for draft in drafts]

    return await house.database.write(put)


def _drafts(
    house: House, plan: Plan, wish: Wish, author: str, *, everywhere: bool
) -> list[ScheduleDraft]:
    key = house.clock.token(12)
    drafts = []
    for area in sorted({one.group.neighbourhood for one in plan.everywhere}):
        chats = [one.group.id for one in plan.previews if one.group.neighbourhood == area]
        hands = [one.group.id for one in plan.by_hand if one.group.neighbourhood == area]
        zone = house.settings.timezone_of(area)
        country = house.settings.country_of(area)
        if not wish.rule and holiday_name(country, "", wish.first.date()):
            raise SettingsError("--at", f"{wish.first:%Y-%m-%d} is a holiday; choose another day")
        everyone = Audience(neighbourhood=area, has_subscribers=True)
        is_listed = any(one.group.neighbourhood == area for one in plan.lists)
        named = replace(Audience.of(chats, area, hands), has_subscribers=is_listed)
        drafts.append(
            ScheduleDraft(
                key=f"{key}.{area}",
                rule=wish.rule,
                zone=zone,
                item_id=plan.everywhere[0].say.item,
                audience=everyone if everywhere else named,
                next_at=_first_at(wish, zone, house.clock.now()),
                created_by=author,
            )
        )
    return drafts


def _check_photo(house: House, load: Load, wish: Wish, drafts: list[ScheduleDraft]) -> None:
    """A photo is kept for one announcement, and not for longer than its key."""
    if load.photo is None:
        return
    if wish.rule:
        raise SettingsError("--photo", "a photo goes with one announcement; leave --every out")
    latest = house.clock.now() + timedelta(days=LONGEST_DAYS - 1)
    if any(draft.next_at > latest.timestamp() * 1000 for draft in drafts):
        days = LONGEST_DAYS - 1
        raise SettingsError("--photo", f"a photo is kept for {days} days; leave it out, or wait")


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
