"""Is a platform that counts arrivals given no more than it takes, however late they come in?"""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests.storage.house import House
from wijkbot.storage import lanes, underway
from wijkbot.storage.heads import Pace
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.tables import chat

pytestmark = pytest.mark.storage
STRICT = Pace(private_gap_ms=1_000, group_gap_ms=3_200, most_per_s=4)


@pytest.fixture(autouse=True)
async def _published(house: House) -> None:
    await house.publish()


async def _claim(house: House, pace: Pace = STRICT) -> list[Outgoing]:
    return await house.write(
        lambda c: lanes.claim(c, house.sealer, "street", house.now, pace=pace)
    )


async def _answered(house: House, *out: Outgoing, pace: Pace = STRICT) -> None:
    ended = [Settlement(one, Status.SENT, one.key) for one in out]
    await house.write(lambda c: lanes.settle_many(c, ended, house.now, pace))


async def test_pause_of_a_chat_begins_with_the_answer(house: House) -> None:
    """The first may have come in just before its answer did."""
    anna = await house.chat("anna", is_private=True)
    for key in ("first", "second"):
        await house.say(anna, key)
    (first,) = await _claim(house)
    house.now += 900
    await _answered(house, first)
    house.now += 999
    assert [] == await _claim(house)
    house.now += 1
    assert ["second"] == [one.key for one in await _claim(house)]


async def test_pause_of_other_platforms_begins_when_it_leaves(house: House) -> None:
    anna = await house.chat("anna", is_private=True)
    for key in ("first", "second"):
        await house.say(anna, key)
    (first,) = await _claim(house, Pace())
    house.now += 900
    await _answered(house, first, pace=Pace())
    house.now += 100
    assert ["second"] == [one.key for one in await _claim(house, Pace())]


async def test_crisis_card_does_not_wait_and_the_others_wait_longer_for_it(
    house: House,
) -> None:
    """So no minute holds more than without it."""
    group = await house.chat("group-1")
    for key in ("first", "second"):
        await house.say(group, key)
    (first,) = await _claim(house)
    await _answered(house, first)
    house.now += 100
    await house.say(group, "card", lane=Lane.CRISIS)
    (card,) = await _claim(house)
    assert card.key == "card"
    await _answered(house, card)
    house.now += 2 * STRICT.group_gap_ms - 101
    assert [] == await _claim(house)
    house.now += 1
    assert ["second"] == [one.key for one in await _claim(house)]


async def test_what_has_no_answer_yet_counts_until_a_second_after_it(house: House) -> None:
    """Of all processes together; with one process its adapter sees to it."""
    people = [await house.chat(f"p{n}", is_private=True) for n in range(6)]
    for who in people:
        await house.say(who, f"to-{who}")
    flying = await _claim(house)
    assert len(flying) == STRICT.most_per_s
    room = await house.write(lambda c: underway.room(c, "street", STRICT.most_per_s, house.now))
    if house.database.is_embedded:  # which leaves it to the one process that sends
        assert room == STRICT.most_per_s
        return
    assert room == 0
    assert [] == await _claim(house), "all of them may arrive now"
    house.now += 300
    await _answered(house, *flying)
    await house.write(lambda c: c.execute(update(chat).values(next_send_at=0)))
    house.now += 999
    assert [] == await _claim(house)
    house.now += 1
    assert 2 == len(await _claim(house))


async def test_what_a_killed_process_had_under_way_is_not_counted_for_long(
    house: House,
) -> None:
    people = [await house.chat(f"p{n}", is_private=True) for n in range(6)]
    for who in people:
        await house.say(who, f"to-{who}")
    flying = await _claim(house)
    house.now += 5_000
    rest = await _claim(house)
    assert len(flying) + len(rest) == len(people)
