"""Is anything that is typed or shown in a real browser ever on the server, in any form?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.securechat.browser.visit import TOGETHER, Place, Visit
from tests.securechat.canary import Secret, files, found_in
from tests.securechat.client.encoding import unb64
from tests.securechat.serve import served

pytestmark = [TOGETHER, pytest.mark.timeout(240)]

IN_LOG = "kanariecontroleinhetlog"
FIRST = "Waterhoen in het eerste bericht 8817"
ANSWER = "Fuut in het antwoord van Ben 4406"
LATER = "Meerkoet in een later bericht 2931"
TYPED = "Aalscholver getypt en nooit verstuurd 7750"


async def test_44_45_what_is_typed_in_a_browser_is_nowhere_on_the_server(
    browser: Browser, tmp_path: Path
) -> None:
    async with served(tmp_path, "", IN_LOG) as crew:
        place = Place(browser, crew)
        ben = [await crew.join(name, "worker") for name in ("Anna", "Ben")][1]
        visit = await place.visit()
        await visit.begin(FIRST)
        words = await visit.words()
        await visit.skip_words()
        seen = await place.claim(ben, visit)
        await ben.say(seen, ANSWER, crew.now)
        await visit.sees(ANSWER)
        await visit.say(LATER)
        await visit.sees(LATER)
        await visit.page.get_by_label("Je bericht").fill(TYPED)
        secrets: dict[str, Secret] = {
            "first": FIRST,
            "answer": ANSWER,
            "later": LATER,
            "typed": TYPED,
            "code": " ".join(words),
            "code with hyphens": "-".join(words),
            "code in four letters": " ".join(word[:4] for word in words),
        }
        await _is_nowhere(visit, tmp_path, secrets)
        await place.close()


async def _is_nowhere(visit: Visit, folder: Path, secrets: dict[str, Secret]) -> None:
    there: dict[str, Secret] = {"log": IN_LOG, "conversation": unb64(await visit.conv(), 16)}
    contents = await asyncio.to_thread(lambda: list(files(folder)))
    found = await asyncio.to_thread(found_in, contents, {**secrets, **there})
    assert {"log", "conversation"} == {name for _, name in found}, "what is there, and only that"
    assert [] == found_in([(url, url.encode()) for _, url in visit.asked], secrets)
