"""Do templates pause when the platform says that it was enough, and go on carefully?"""

from __future__ import annotations

from tests.storage.house import House
from wijkbot.storage import tiers, windows
from wijkbot.storage.tiers import LONGEST_PAUSE_MS, MINUTE_MS, TRIES, TRY_MS

MANY = 500


async def _take(house: House, wanted: int = MANY) -> tuple[int, int]:
    return await house.write(lambda c: tiers.take(c, house.sealer, "buurt", wanted, house.now))


async def _refuse(house: House, sent_at: int) -> int:
    return await house.write(lambda c: tiers.refused(c, house.sealer, "buurt", sent_at, house.now))


async def test_nobody_waits_as_long_as_nothing_was_refused(house: House) -> None:
    assert await _take(house) == (MANY, 0)


async def test_after_a_refusal_a_few_go_as_a_try_and_then_all(house: House) -> None:
    sent_at = house.now
    assert await _refuse(house, sent_at) == MINUTE_MS
    assert await _take(house) == (0, MINUTE_MS)
    house.now += MINUTE_MS
    for count in TRIES:
        assert await _take(house) == (count, TRY_MS)
        assert await _take(house) == (0, TRY_MS), "no more than that in one try"
        house.now += TRY_MS
    assert await _take(house) == (MANY, 0)
    assert await _take(house) == (MANY, 0)


async def test_a_flood_of_refusals_is_one_and_a_refused_try_doubles_the_pause(
    house: House,
) -> None:
    sent_at = house.now
    for _ in range(300):
        await _refuse(house, sent_at)
    waits = []
    for _ in range(9):
        _, wait = await _take(house)
        waits.append(wait // MINUTE_MS)
        house.now += wait
        assert (await _take(house))[0] == 1
        house.now += 1_000
        await _refuse(house, sent_at)  # a late one of the flood tells nothing new
        await _refuse(house, house.now)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert LONGEST_PAUSE_MS == 60 * MINUTE_MS


async def test_who_was_refused_is_not_counted_that_day(house: House) -> None:
    chat = await house.chat("anna", is_private=True)
    await house.write(lambda c: windows.grant(c, "street", [chat], 0, house.now))
    used = await house.write(lambda c: windows.used_today(c, "street", house.now))
    await house.write(lambda c: tiers.not_counted(c, chat, house.now))
    assert (used, await house.write(lambda c: windows.used_today(c, "street", house.now))) == (
        1,
        0,
    )
