"""Does the sender know when to look again, so that a rate is used to the full?"""

from __future__ import annotations

import pytest

from tests.storage.house import House
from wijkbot.storage import lanes, limiter, outbox, waits
from wijkbot.storage.heads import Pace
from wijkbot.storage.lanes import Outgoing

pytestmark = pytest.mark.storage
MOST = 500
NO_PAUSE = Pace(private_gap_ms=0, group_gap_ms=0)


async def wait(house: House) -> int:
    return await house.database.read(lambda c: waits.wait_ms(c, "street", house.now, MOST))


async def take(house: House) -> list[Outgoing]:
    return await house.write(
        lambda c: lanes.claim(c, house.sealer, "street", house.now, pace=NO_PAUSE)
    )


async def test_nothing_waits(house: House) -> None:
    assert await wait(house) == MOST


async def test_a_message_that_comes_back_is_looked_for_when_it_is_due(house: House) -> None:
    await house.publish()
    await house.say(await house.chat(), "k1")
    (out,) = await house.outgoing()
    await house.write(lambda c: lanes.retry(c, out, house.now, after_ms=120, error="rate"))
    assert await wait(house) == 120
    house.now += 119
    assert await wait(house) == 1


async def test_an_account_that_is_at_its_rate_is_asked_again_one_message_later(
    house: House,
) -> None:
    await house.publish()
    await house.write(lambda c: limiter.configure(c, "street", 28, 2))
    for number in range(40):
        await house.say(await house.chat(f"g{number}"), f"k{number}")
    began, sent = house.now, 0
    while sent < 40:
        rows = await take(house)
        for row in rows:
            await house.settle(row, message_id=row.key)
        sent += len(rows)
        if not rows:
            house.now += await wait(house)
    # two at once, then one every 1000 / 28 ms; looking twice a second would take ten seconds
    assert 38 * 1000 / 28 <= house.now - began <= 38 * 1000 / 28 + 40


async def test_a_chat_that_pauses_is_looked_for_at_the_end_of_its_pause(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    await house.say(chat_id, "k2")
    (out,) = await house.outgoing()
    await house.settle(out)
    assert await wait(house) == MOST, "three seconds in a group"
    house.now += 2_900
    assert await wait(house) == 100


async def test_a_pause_of_the_whole_chat_is_looked_at_now_and_then(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    await house.write(lambda c: outbox.hold_chat(c, chat_id, house.now + 9_000))
    assert await house.outgoing() == []
    assert await wait(house) == MOST
