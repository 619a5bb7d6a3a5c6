"""When does the pointer to a human come by in a group? On a fixed rhythm that says nothing.

It comes every week, whether anybody asked anything or not, so that it never shows that somebody
did. A worker may have it come once more, never at once: nobody can tell from it what it was for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.payload import span_ms
from wijkbot.clock import Clock
from wijkbot.engine.table import POINTER
from wijkbot.schedule import recurrence
from wijkbot.settings import SettingsError
from wijkbot.settings_sections import WEEKDAYS
from wijkbot.storage import broadcasts, schedules
from wijkbot.storage.audience import Audience
from wijkbot.storage.schedules import ScheduleDraft

AUTHOR = "pointer"
"""Who plans the weekly one, in the table of schedules."""
JITTER = timedelta(minutes=150)
"""The weekly one comes at the configured time or up to so much later."""
BUMP_AFTER = timedelta(hours=2)
"""One that a worker asks for comes at least so much later, and at most twice that."""
BUMP_PAUSE = timedelta(hours=24)


def jitter_ms(clock: Clock, least: timedelta, most: timedelta) -> int:
    """A random span between two, in ms."""
    room = span_ms(most) - span_ms(least)
    return span_ms(least) + int.from_bytes(clock.random_bytes(6), "big") % (room + 1)


async def plan_pointers(house: House) -> None:
    """Have the pointer come every week in each neighbourhood, as configured now."""
    moment = house.settings.policy.pointer_moment()
    drafts = []
    if moment is not None:
        weekday, at = moment
        for area in house.settings.areas():
            zone = house.settings.timezone_of(area)
            first = datetime.combine(house.clock.now().date(), at)
            rule = recurrence.make_rule(first, f"FREQ=WEEKLY;BYDAY={WEEKDAYS[weekday]}")
            following = next(recurrence.times(rule, zone, house.clock.now()))
            drafts.append(
                ScheduleDraft(
                    key=f"{AUTHOR}.{area}.{house.settings.policy.pointer}",
                    rule=rule,
                    zone=zone,
                    item_id=POINTER,
                    audience=Audience(neighbourhood=area),
                    next_at=round(following.timestamp() * 1000)
                    + jitter_ms(house.clock, timedelta(), JITTER),
                    created_by=AUTHOR,
                )
            )

    def put(conn: Connection) -> None:
        schedules.cancel_others(conn, AUTHOR, [draft.key for draft in drafts])
        for draft in drafts:
            schedules.put(conn, draft, reopens=True)

    await house.database.write(put)


async def bump(
    house: House,
    groups: Sequence[tuple[str, int]],
    author: str,
    hands: Sequence[tuple[str, int]] = (),
) -> None:
    """Have the pointer come once more in these groups (neighbourhood, number), some hours on.

    ``hands`` are the groups in which a person posts it.

    Raises:
        SettingsError: it came, or was asked for, less than a day ago.
    """
    now_ms = house.clock.now_ms()
    since = now_ms - span_ms(BUMP_PAUSE)
    key = house.clock.token(12)
    audiences = [
        (area, Audience.of(_in(area, groups), area, _in(area, hands)))
        for area in dict.fromkeys(area for area, _ in (*groups, *hands))
    ]

    def put(conn: Connection) -> None:
        is_planned = any(
            one.item_id == POINTER and one.created_by != AUTHOR for one in schedules.listing(conn)
        )
        if is_planned or broadcasts.was_made(conn, POINTER, since):
            raise SettingsError(
                "--item", "the pointer comes at most once in 24 hours; try again tomorrow"
            )
        for area, audience in audiences:
            schedules.put(
                conn,
                ScheduleDraft(
                    key=f"{key}.{area}",
                    rule="",
                    zone=house.settings.timezone_of(area),
                    item_id=POINTER,
                    audience=audience,
                    next_at=now_ms + jitter_ms(house.clock, BUMP_AFTER, BUMP_AFTER * 2),
                    created_by=author,
                ),
            )

    await house.database.write(put)


def _in(area: str, groups: Sequence[tuple[str, int]]) -> list[int]:
    return [number for its, number in groups if its == area]
