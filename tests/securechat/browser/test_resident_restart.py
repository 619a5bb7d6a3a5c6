"""Does a talk go on when the server is stopped in the middle of it, and started again?"""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.living import SATURDAY, free_port, living_bot
from tests.securechat.browser.visit import TOGETHER, Place, bodies
from tests.securechat.crew import BUILTIN, CHANNELS, Crew

pytestmark = TOGETHER


async def test_21_a_restart_of_the_server_loses_and_doubles_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    async with AsyncExitStack() as clients:
        async with living_bot(tmp_path, CHANNELS, extra=BUILTIN, port=port) as living:
            crew = Crew(living, clients)
            await crew.join("Anna", "worker")
            ben = await crew.join("Ben", "worker")
            place = Place(browser, crew)
            visit = await place.visit()
            await visit.begin("Mijn huur is te hoog.")
            await visit.skip_words()
            seen = await place.claim(ben, visit)
            await ben.say(seen, "Dag, ik ben Ben.", crew.now)
            await visit.sees("Dag, ik ben Ben.")
        await visit.say("Dit schrijf ik nu.")
        await expect(visit.part("outbox").get_by_text("Dit schrijf ik nu.")).to_be_visible()
        later = SATURDAY + timedelta(minutes=5)
        async with living_bot(tmp_path, CHANNELS, extra=BUILTIN, port=port, at=later) as living:
            crew.living = living
            await visit.sees("Dit schrijf ik nu.")
            await ben.read(seen)
            await ben.say(seen, "En ik antwoord.", crew.now)
            await visit.sees("En ik antwoord.")
            said = ["Mijn huur is te hoog.", "Dag, ik ben Ben.", "Dit schrijf ik nu."]
            await ben.read(seen)
            assert said == [body["t"] for body in bodies(seen)][: len(said)]
            assert {""} == {line.reason for line in seen.chain.lines}
            assert [*said, "En ik antwoord."] == await visit.lines()
            await place.close()
