"""What happens because of the time? Planned announcements fire, and those under way go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from wijkbot.app import pointer
from wijkbot.app.announce import continue_broadcasts, draft_of, say_of
from wijkbot.app.house import House
from wijkbot.app.plan_ahead import extras_of
from wijkbot.app.receipts import tend_receipts
from wijkbot.schedule import recurrence
from wijkbot.settings import SettingsError
from wijkbot.storage import schedules
from wijkbot.storage.schedules import Firing, Schedule

log = structlog.get_logger()

TICK_SECONDS = 1.0
TOO_LATE = timedelta(hours=2)
"""After downtime: an announcement that should have gone out this long ago does not any more."""


async def ticking(house: House, wake: Callable[[], None]) -> None:
    """Look every second; ``wake`` is called when there is something to send."""
    while True:
        await tick(house, wake)
        await asyncio.sleep(TICK_SECONDS)


async def tick(house: House, wake: Callable[[], None]) -> int:
    """Fire what is due and continue what is under way; returns how many rows were made.

    With nothing to do this is three looks at an index. Any number of processes may do it.
    """
    await fire_schedules(house)
    return await tend_receipts(house, wake) + await continue_broadcasts(house, wake)


async def fire_schedules(house: House) -> int:
    """Fire every schedule that is due, each once over all processes; returns how many."""
    now_ms = house.clock.now_ms()
    if not await house.database.read(lambda c: schedules.is_due(c, now_ms)):
        return 0
    count = 0
    while True:
        fired = await house.database.write(
            lambda c: schedules.fire(c, house.sealer, lambda s, at: _decide(house, s, at), now_ms)
        )
        if fired is None:
            return count
        went_out = fired.broadcast_id is not None
        count += went_out
        log.info("schedule-fired", status="announced" if went_out else "passed-over")


def _decide(house: House, found: Schedule, now_ms: int) -> Firing:
    """What is due of it: the latest time when it is not long past, and the next one."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    planned = datetime.fromtimestamp(found.next_at / 1000, UTC)
    due = recurrence.due(found.rule, found.zone, planned, now)
    next_at = _ms(due.following)
    if next_at is not None and found.created_by == pointer.AUTHOR:
        next_at += pointer.jitter_ms(house.clock, timedelta(), pointer.JITTER)
    if due.latest is None or now - due.latest >= TOO_LATE:
        return Firing(None, next_at)
    shelf = house.library.shelf(found.audience.neighbourhood or "")
    item = shelf.items.get(found.item_id)
    if item is None:
        log.warning("schedule-without-item", reason="withdrawn")
        return Firing(None, next_at)
    try:
        say = say_of(item, shelf.book.version_of(found.item_id))
    except SettingsError:
        log.warning("schedule-without-item", reason="not-to-be-announced")
        return Firing(None, next_at)
    draft = draft_of(say, now_ms, "", found.created_by, extras_of(found))
    return Firing(_ms(due.latest), next_at, draft)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
