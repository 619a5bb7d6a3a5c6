"""Does work that begins at once leave room for everything else?"""

from __future__ import annotations

import asyncio

from wijkbot.app.crew import Crew
from wijkbot.app.doorway import PATIENCE_SECONDS, RUSH_COUNT, RUSH_SECONDS, Doorway


async def test_between_two_pieces_of_work_others_get_their_turn() -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("work")

    async def others() -> None:
        while done.count("work") < 5:
            done.append("others")
            await asyncio.sleep(0)

    crew = Crew(5, Doorway())
    for _ in range(5):
        crew.begin(work())
    await others()
    await crew.finish()
    assert "work work" not in " ".join(done)


async def test_work_that_never_began_is_dismissed_without_a_complaint() -> None:
    begun: list[int] = []

    async def work(number: int) -> None:
        begun.append(number)
        await asyncio.Event().wait()

    crew = Crew(9, Doorway())
    for number in range(9):
        crew.begin(work(number))
    while not begun:
        await asyncio.sleep(0)
    await crew.dismiss()
    assert len(begun) < 9
    assert crew.room == 9


async def test_work_lets_pass_who_stands_in_the_doorway_but_does_not_wait_for_ever() -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("work")

    doorway = Doorway()
    crew = Crew(2, doorway)
    with doorway.passing():
        crew.begin(work())
        await asyncio.sleep(PATIENCE_SECONDS / 3)
        done.append("stored")
    await crew.finish()
    assert done == ["stored", "work"]

    with doorway.passing():
        crew.begin(work())
        async with asyncio.timeout(5):
            await crew.finish()
    assert done == ["stored", "work", "work"]


async def passes_at_once(doorway: Doorway) -> bool:
    """Whether a piece of work begins without a wait."""
    work = asyncio.create_task(doorway.let_pass())
    for _ in range(3):
        await asyncio.sleep(0)
    is_there = work.done()
    await work
    return is_there


async def test_in_a_rush_each_piece_of_work_waits_and_after_it_none() -> None:
    """Also in the moments in which nobody stands in the doorway."""
    doorway = Doorway()
    for _ in range(RUSH_COUNT - 1):
        with doorway.passing():
            pass
    assert await passes_at_once(doorway)
    with doorway.passing():
        pass
    assert not await passes_at_once(doorway)
    await asyncio.sleep(RUSH_SECONDS)
    assert await passes_at_once(doorway)


async def test_as_many_as_can_be_answered_are_no_rush() -> None:
    doorway = Doorway()
    for _ in range(RUSH_COUNT):
        with doorway.passing():
            await asyncio.sleep(RUSH_SECONDS / (RUSH_COUNT - 1))
    assert await passes_at_once(doorway)
