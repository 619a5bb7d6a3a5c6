"""Does work that begins at once leave room for everything else?"""

from __future__ import annotations

import asyncio

from wijkbot.app.crew import Crew


async def test_between_two_pieces_of_work_others_get_their_turn() -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("work")

    async def others() -> None:
        while done.count("work") < 5:
            done.append("others")
            await asyncio.sleep(0)

    crew = Crew(5)
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

    crew = Crew(9)
    for number in range(9):
        crew.begin(work(number))
    while not begun:
        await asyncio.sleep(0)
    await crew.dismiss()
    assert len(begun) < 9
    assert crew.room == 9
