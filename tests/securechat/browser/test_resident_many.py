"""Does a page talk with a team of twenty: claim, hand-over, and the day somebody leaves?"""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser

from tests.securechat.browser.visit import TOGETHER, Place, bodies
from tests.securechat.client.encoding import b64, unb64
from tests.securechat.crew import a_crew

pytestmark = TOGETHER
TEAM = [f"Collega {number}" for number in range(1, 21)]


async def test_03_a_page_and_twenty_workers_hold_a_conversation(
    browser: Browser, tmp_path: Path
) -> None:
    async with a_crew(tmp_path, *TEAM) as crew:
        place = Place(browser, crew)
        visit = await place.visit()
        await visit.begin("Wie leest dit allemaal?")
        await visit.skip_words()
        conv = unb64(await visit.conv())
        fifth, twelfth = crew.people[4], crew.people[11]
        seen = await place.claim(fifth, visit)
        readers = {one["to"] for one in seen.epochs[1].wrapsets[0].as_json()["recipients"]}
        assert {b64(one.keys.id) for one in crew.people} <= readers
        assert 22 == len(readers), "the team, the resident and the recovery key"
        await fifth.say(seen, "Twintig mensen. Nu alleen ik.", crew.now)
        await visit.sees("Twintig mensen. Nu alleen ik.")
        version = (await fifth.read(seen))["version"]
        given = seen.give({twelfth.keys.id: twelfth.keys.kem.public})
        offer = await fifth.act(
            conv, "offer", version=version, to=b64(twelfth.keys.id), wrapsets=given
        )
        await twelfth.act(conv, "accept", version=offer["version"])
        taken = await twelfth.open(conv, crew.now)
        await twelfth.say(taken, "Nu lees ik mee.", crew.now)
        await visit.sees("Nu lees ik mee.")
        await crew.revoke(crew.people[19])
        await visit.say("Is er iemand weg?")
        await visit.sees("Is er iemand weg?")
        taken = await twelfth.open(conv, crew.now)
        assert 2 == max(taken.epochs)
        assert "Is er iemand weg?" == bodies(taken)[-1]["t"]
        assert {""} == {line.reason for line in taken.chain.lines}
        await place.close()
