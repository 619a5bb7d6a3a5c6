"""Does what is planned fire exactly once, over processes, downtime and clocks that differ?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from tests.storage.house import House
from wijkbot.schedule import recurrence
from wijkbot.storage import schedules
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.open import open_database
from wijkbot.storage.schedules import Fired, Firing, Schedule, ScheduleDraft
from wijkbot.storage.tables import broadcast, schedule

pytestmark = pytest.mark.storage

ZONE = "Europe/Amsterdam"
NINE = datetime(2026, 11, 23, 9)
DAILY = recurrence.make_rule(NINE, "FREQ=DAILY")


class PowerCutError(Exception):
    """The machine stopped inside a transaction."""


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


FIRST = ms(recurrence.instant(NINE, ZONE))
HOUR = 3_600_000


def decide(found: Schedule, now_ms: int) -> Firing:
    """As the app does it, without a shelf of texts."""
    planned = datetime.fromtimestamp(found.next_at / 1000, UTC)
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    due = recurrence.due(found.rule, found.zone, planned, now)
    following = None if due.following is None else ms(due.following)
    if due.latest is None or now - due.latest >= timedelta(hours=2):
        return Firing(None, following)
    return Firing(ms(due.latest), following, BroadcastDraft("", found.item_id, 1, b"values"))


async def plan(house: House, rule: str = DAILY, key: str = "k", at: int = FIRST) -> int:
    draft = ScheduleDraft(key, rule, ZONE, "T08", Audience.of([1, 2], "z"), at, "worker")
    return await house.write(lambda conn: schedules.put(conn, draft))


async def fire(house: House) -> Fired | None:
    return await house.write(lambda c: schedules.fire(c, house.sealer, decide, house.now))


async def made(house: House) -> list[str]:
    query = select(broadcast.c.key).order_by(broadcast.c.id)
    return list(await house.database.read(lambda conn: conn.execute(query).scalars().all()))


async def test_it_fires_at_its_time_and_has_a_next_one(house: House) -> None:
    await house.publish()
    number = await plan(house)
    assert await plan(house) == number, "the same key is the same schedule"
    house.now = FIRST - 1
    assert not await house.database.read(lambda c: schedules.is_due(c, house.now))
    assert await fire(house) is None
    house.now = FIRST
    assert await house.database.read(lambda c: schedules.is_due(c, house.now))
    fired = await fire(house)
    assert fired is not None
    assert fired.broadcast_id is not None
    assert await fire(house) is None
    assert await made(house) == [f"s{number}.{FIRST}"]
    (left,) = await house.database.read(schedules.listing)
    assert (left.next_at, left.last_fired_at) == (FIRST + 24 * HOUR, FIRST)
    assert left.audience == Audience.of([1, 2], "z")
    query = select(broadcast.c.audience, broadcast.c.created_by, broadcast.c.due_at)
    row = await house.database.read(lambda conn: conn.execute(query).one())
    assert Audience.from_json(row.audience) == left.audience
    assert (row.created_by, row.due_at) == ("worker", FIRST)


async def test_eight_at_once_fire_it_once(house: House, database_url: str) -> None:
    """Eight processes look at the same moment, each with its own connections."""
    await house.publish()
    numbers = [await plan(house, key=f"k{n}") for n in range(5)]
    house.now = FIRST
    databases = [open_database(database_url, takes_given_clock=True) for _ in range(8)]

    def look(conn: Connection) -> Fired | None:
        return schedules.fire(conn, house.sealer, decide, house.now)

    async def work(number: int) -> int:
        count = 0
        while await databases[number].write(look) is not None:
            count += 1
        return count

    try:
        counts = await asyncio.gather(*(work(number) for number in range(8)))
    finally:
        for database in databases:
            await database.close()
    assert sum(counts) == 5
    assert sorted(await made(house)) == sorted(f"s{number}.{FIRST}" for number in numbers)


async def test_clocks_that_differ_fire_it_once(house: House) -> None:
    """One process is half an hour ahead, one behind: the planned time is the identity."""
    await house.publish()
    number = await plan(house)
    for skew in (HOUR // 2, 0, -HOUR // 2, HOUR // 2, 0):
        house.now = FIRST + skew - HOUR // 4
        await fire(house)
    house.now = FIRST
    assert await fire(house) is None
    assert await made(house) == [f"s{number}.{FIRST}"]


async def test_a_crash_while_firing_fires_it_again_and_only_once(house: House) -> None:
    await house.publish()
    number = await plan(house)
    house.now = FIRST

    def cut(conn: Connection) -> None:
        schedules.fire(conn, house.sealer, decide, house.now)
        raise PowerCutError

    with pytest.raises(PowerCutError):
        await house.write(cut)
    assert await made(house) == []
    assert await fire(house) is not None
    assert await made(house) == [f"s{number}.{FIRST}"]


async def test_after_downtime_only_the_latest_goes_out_and_only_when_recent(house: House) -> None:
    await house.publish()
    number = await plan(house)
    house.now = FIRST + 3 * 24 * HOUR + HOUR
    fired = await fire(house)
    assert fired is not None
    assert fired.broadcast_id is not None
    assert await fire(house) is None
    assert await made(house) == [f"s{number}.{FIRST + 3 * 24 * HOUR}"]
    house.now += 2 * 24 * HOUR + HOUR
    fired = await fire(house)
    assert fired is not None
    assert fired.broadcast_id is None, "two hours late is too late"
    assert len(await made(house)) == 1
    (left,) = await house.database.read(schedules.listing)
    assert left.next_at == FIRST + 6 * 24 * HOUR
    assert left.last_fired_at == FIRST + 3 * 24 * HOUR


@pytest.mark.parametrize("day", [datetime(2026, 3, 28), datetime(2026, 10, 24)])
async def test_the_clocks_change_and_nine_stays_nine(house: House, day: datetime) -> None:
    await house.publish()
    first = day.replace(hour=9)
    rule = recurrence.make_rule(first, "FREQ=DAILY")
    await plan(house, rule, at=ms(recurrence.instant(first, ZONE)))
    house.now = ms(recurrence.instant(first, ZONE))
    end = house.now + 50 * HOUR
    while house.now < end:
        await fire(house)
        house.now += HOUR // 2
    expected = [ms(recurrence.instant(first + timedelta(days=n), ZONE)) for n in range(3)]
    assert [int(key.partition(".")[2]) for key in await made(house)] == expected
    assert expected[1] - expected[0] != 24 * HOUR


async def test_once_is_over_after_it_and_cancelled_never_comes(house: House) -> None:
    await house.publish()
    once = await plan(house, "", "once")
    stopped = await plan(house, DAILY, "stopped")
    assert await house.write(lambda c: schedules.cancel(c, stopped))
    assert not await house.write(lambda c: schedules.cancel(c, stopped))
    house.now = FIRST
    assert await fire(house) is not None
    assert await fire(house) is None
    assert await made(house) == [f"s{once}.{FIRST}"]
    assert await house.database.read(schedules.listing) == []
    rows = select(schedule.c.id).order_by(schedule.c.id)
    kept = await house.database.read(lambda conn: conn.execute(rows).scalars().all())
    assert list(kept) == [once, stopped], "a number is never given twice"
