"""Do the small tables keep their promises: jobs, tokens, opt-outs, leases …?"""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from tests.storage.house import House, arrival
from wijkbot.storage import (
    channel_state,
    counts,
    health,
    jobs,
    leases,
    limiter,
    opt_outs,
    outbox,
    retention,
    tokens,
)
from wijkbot.storage.counts import Count
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.jobs import JobDraft
from wijkbot.storage.tables import conversation, inbox
from wijkbot.storage.tables import outbox as outbox_table
from wijkbot.storage.tables import token as token_table
from wijkbot.storage.tokens import Bound

pytestmark = pytest.mark.storage

DAY = 86_400_000


def job(house: House, words: str = "hedge to cut") -> JobDraft:
    return JobDraft("request", "garden", words, "north", "weekend", "anna", None, house.now + DAY)


async def test_odd_jobs_get_numbers_people_can_say(house: House) -> None:
    numbers = await asyncio.gather(
        *(
            house.write(lambda conn: jobs.add(conn, house.sealer, job(house), house.now))
            for _ in range(10)
        )
    )
    assert sorted(numbers) == list(range(1, 11))


async def test_an_odd_job_is_listed_until_it_is_done(house: House) -> None:
    number = await house.write(lambda conn: jobs.add(conn, house.sealer, job(house), house.now))
    (listed,) = await house.database.read(lambda conn: jobs.listing(conn, house.sealer))
    assert (listed.words, listed.area, listed.when) == ("hedge to cut", "north", "weekend")
    count = await house.database.read(lambda conn: jobs.open_count(conn, "anna", house.now))
    late = await house.database.read(lambda conn: jobs.open_count(conn, "anna", house.now + DAY))
    assert (count, late) == (1, 0)
    assert await house.write(lambda conn: jobs.set_status(conn, number, "done"))
    assert not await house.write(lambda conn: jobs.set_status(conn, 99, "done"))
    assert await house.database.read(lambda conn: jobs.listing(conn, house.sealer)) == []
    found = await house.database.read(lambda conn: jobs.find(conn, house.sealer, number))
    assert found is not None and found.status == "done"


async def test_a_token_opens_once_and_for_its_resident_only(house: House) -> None:
    bound = Bound("odd-job", "anna", house.now + 1_000)
    await house.write(lambda conn: tokens.bind(conn, house.sealer, "t0ken", bound))

    async def use(member: str, token: str = "t0ken") -> str | None:
        return await house.write(
            lambda conn: tokens.use(conn, house.sealer, token, member, house.now)
        )

    assert await use("bram") is None
    assert await use("anna", "other") is None
    assert await use("anna") == "odd-job"
    assert await use("anna") is None


async def test_a_token_is_worth_nothing_after_its_time(house: House) -> None:
    bound = Bound("odd-job", "anna", house.now)
    await house.write(lambda conn: tokens.bind(conn, house.sealer, "t0ken", bound))
    used = await house.write(
        lambda conn: tokens.use(conn, house.sealer, "t0ken", "anna", house.now)
    )
    assert used is None


async def test_an_opt_out_sticks_until_it_is_lifted(house: House) -> None:
    for _ in range(2):
        await house.write(
            lambda conn: opt_outs.add(conn, "anna", "announcement", "stop", house.now)
        )

    async def has(purpose: str) -> bool:
        return await house.database.read(lambda conn: opt_outs.has(conn, "anna", purpose))

    assert await has("announcement") and not await has("odd_job")
    await house.write(lambda conn: opt_outs.lift(conn, "anna", "announcement"))
    assert not await has("announcement")


async def test_a_channel_finds_its_place_and_its_secrets_again(house: House) -> None:
    seal = house.sealer
    assert await house.database.read(lambda c: channel_state.cursor(c, seal, "street")) is None
    for value in ("s1", "s2"):
        await house.write(
            lambda c, value=value: channel_state.save_cursor(  # type: ignore[misc]
                c, seal, "street", value, house.now
            )
        )
    await house.write(lambda c: channel_state.keep(c, seal, ("street", "cursor"), b"k", 1))
    assert await house.database.read(lambda c: channel_state.cursor(c, seal, "street")) == "s2"
    kept = await house.database.read(lambda c: channel_state.kept(c, seal, "street", "cursor"))
    assert kept == b"k"
    assert await house.database.read(lambda c: channel_state.kept(c, seal, "square", "x")) is None


async def test_a_channel_has_one_home_and_a_stale_one_is_fenced_off(house: House) -> None:
    async def acquire(holder: str) -> int | None:
        return await house.write(
            lambda conn: leases.acquire(conn, "street", holder, house.now, 10_000)
        )

    assert await acquire("one") == 1
    assert await acquire("two") is None
    assert await acquire("one") == 1
    assert await house.write(lambda conn: leases.renew(conn, "street", 1, house.now, 10_000))
    house.now += 10_001
    assert await acquire("two") == 2
    assert not await house.write(lambda conn: leases.renew(conn, "street", 1, house.now, 10_000))
    with pytest.raises(LeaseLost):
        await house.write(lambda conn: leases.check(conn, "street", 1))
    await house.write(lambda conn: leases.check(conn, "street", 2))
    await house.write(lambda conn: leases.release(conn, "street", 2))
    assert await acquire("three") == 3


async def test_only_one_process_becomes_the_home(house: House) -> None:
    fences = await asyncio.gather(
        *(
            house.write(
                lambda conn, name=f"p{number}": leases.acquire(  # type: ignore[misc]
                    conn, "street", name, house.now, 10_000
                )
            )
            for number in range(6)
        )
    )
    assert sorted(fence is not None for fence in fences) == [False] * 5 + [True]


async def test_counts_add_up_a_day(house: House) -> None:
    for number in (1, 2):
        await house.write(
            lambda conn, n=number: counts.add(  # type: ignore[misc]
                conn, Count("2026-11-21", "crisis", "P", n)
            )
        )
    found = await house.database.read(
        lambda conn: counts.between(conn, "2026-11-21", "2026-11-21")
    )
    assert found == [Count("2026-11-21", "crisis", "P", 3)]


async def test_the_rate_is_the_burst_and_then_so_many_a_second(house: House) -> None:
    await house.write(lambda conn: limiter.configure(conn, "street", 30, 5))
    granted = 0
    for step in range(201):  # two seconds
        granted += await house.write(
            lambda conn, at=house.now + step * 10: limiter.grant(  # type: ignore[misc]
                conn, "street", 10, at
            )
        )
    assert 62 <= granted <= 65


async def test_the_backlog_is_told(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    await house.accept(arrival("e1"), arrival("e2"))
    found = await house.database.read(lambda conn: health.look(conn, house.now + 5_000))
    assert (found.waiting_in, found.oldest_in_ms) == (2, 5_000)
    assert (found.waiting_out, found.oldest_out_ms) == (1, 5_000)
    assert (found.dead, found.unknown, found.suspended) == (0, 0, 0)
    await house.write(lambda conn: outbox.suspend(conn, chat_id, "blocked", house.now))
    found = await house.database.read(lambda conn: health.look(conn, house.now))
    assert (found.waiting_out, found.suspended) == (0, 1)


async def test_what_was_kept_long_enough_goes(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.accept(arrival("e1"))
    (claimed,) = await house.claim()
    await house.finish(claimed, state=b"state")
    await house.say(chat_id, "k1")
    (out,) = await house.outgoing()
    await house.settle(out)
    await house.write(lambda conn: jobs.add(conn, house.sealer, job(house), house.now))
    bound = Bound("odd-job", "anna", house.now)
    await house.write(lambda conn: tokens.bind(conn, house.sealer, "t0ken", bound))

    async def left(after_ms: int) -> dict[str, int]:
        moment = house.now + after_ms
        while any(
            (await house.write(lambda conn: retention.sweep(conn, moment, limit=1))).values()
        ):
            pass
        state = select(func.count(conversation.c.state_sealed))
        tables = {
            "ids": inbox,
            "sent": outbox_table,
            "people": conversation,
            "tokens": token_table,
        }
        numbers = {
            name: await house.database.read(
                lambda conn, table=table: conn.execute(  # type: ignore[misc]
                    select(func.count()).select_from(table)
                ).scalar_one()
            )
            for name, table in tables.items()
        }
        numbers["states"] = await house.database.read(lambda c: c.execute(state).scalar_one())
        listed = await house.database.read(
            lambda conn: jobs.listing(conn, house.sealer, status=None)
        )
        return {**numbers, "jobs": len(listed)}

    all_there = {"ids": 2, "sent": 1, "people": 1, "tokens": 1, "states": 1, "jobs": 1}
    assert await left(DAY - 1) == all_there
    assert await left(DAY + 1) == {**all_there, "states": 0, "tokens": 0}
    assert await left(8 * DAY) == {**all_there, "states": 0, "tokens": 0}
    gone = {"ids": 0, "people": 0, "states": 0, "tokens": 0}
    assert await left(8 * DAY + 1) == {**all_there, **gone}
    assert await left(31 * DAY + 1) == {**all_there, **gone, "sent": 0, "jobs": 0}


async def test_an_event_that_still_waits_is_never_swept_away(house: House) -> None:
    await house.accept(arrival("e1"))
    await house.write(lambda conn: retention.sweep(conn, house.now + 100 * DAY))
    (claimed,) = await house.claim()
    assert len(claimed.messages) == 1
