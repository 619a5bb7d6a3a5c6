"""Can everybody use the page: by ear, by key, narrow, with large letters, in Arabic?"""

from __future__ import annotations

import gzip

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.securechat.browser.visit import TOGETHER, Place, Visit
from wijkbot.web.secure.resident_page import CHAT_LANGUAGES

pytestmark = TOGETHER

LIMIT = 60 * 1024
NARROW = (320, 640)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def _fine(visit: Visit) -> None:
    """Nothing serious for people who see, hear or move differently, and no sideways scroll."""
    results = await Axe().run(visit.page, options=RULES)
    grave = [v for v in results.response["violations"] if v["impact"] in {"serious", "critical"}]
    assert [] == [(v["id"], [n["target"] for n in v["nodes"]]) for v in grave]
    assert await visit.page.evaluate(WIDE) <= 0


@pytest.mark.parametrize("language", CHAT_LANGUAGES)
async def test_59_the_first_page_in_every_language(place: Place, language: str) -> None:
    visit = await place.visit(size=NARROW, query=f"lang={language}")
    await expect(visit.part("first")).to_be_visible()
    way = "rtl" if language == "ar" else "ltr"
    told = await visit.page.evaluate(
        "[document.documentElement.lang, document.documentElement.dir]"
    )
    assert [language, way] == told
    for number in ("112", "106" if language != "fr" else "107"):
        await expect(visit.part("phones").get_by_role("link", name=number)).to_be_visible()
    await _fine(visit)
    await visit.page.evaluate("document.documentElement.style.fontSize = '200%'")
    await _fine(visit)
    height = await visit.page.evaluate("document.querySelector('.top').offsetHeight")
    assert height < NARROW[1] / 3, "even then most of the screen is for the talk"


async def test_59_the_page_of_numbers_without_script(place: Place) -> None:
    visit = await place.visit(await place.context(NARROW, java_script_enabled=False))
    links = visit.page.locator("#phones a")
    assert await links.count() >= 4
    for n in range(await links.count()):
        assert str(await links.nth(n).get_attribute("href")).startswith("tel:")
    exit_ = visit.page.get_by_role("link", name="Ga nu weg van deze pagina")
    assert "https://www.buienradar.nl/" == await exit_.get_attribute("href")


async def test_59_every_state_of_the_talk(place: Place) -> None:
    for size in (NARROW, (1280, 800)):
        visit = await place.visit(size=size)
        await visit.begin("Mijn huur is te hoog.")
        await visit.words()
        await _fine(visit)
        await visit.page.get_by_role("button", name="Ik heb ze opgeschreven").click()
        await _fine(visit)
        await visit.page.get_by_role("button", name="Sla over").click()
        ben = place.crew.people[1]
        seen = await place.claim(ben, visit)
        await ben.say(seen, "Een lang woord: " + "a" * 200, place.crew.now)
        await expect(visit.part("log").locator(".theirs")).to_have_count(1, timeout=20_000)
        await visit.page.get_by_text("Meer", exact=True).click()
        await _fine(visit)
        await visit.page.evaluate("document.documentElement.style.fontSize = '200%'")
        await _fine(visit)
        await visit.page.get_by_role("button", name="Wis nu alles").click()
        await expect(visit.page.get_by_role("dialog")).to_be_visible()
        await _fine(visit)
        await visit.page.get_by_role("button", name="Nee", exact=True).click()
        assert [] == visit.said


async def test_59_new_messages_are_told_to_who_listens(place: Place) -> None:
    visit = await place.visit()
    await visit.begin()
    log = visit.page.get_by_role("log")
    assert "polite" == await log.get_attribute("aria-live")
    for name in ("status", "presence", "start-said", "offline"):
        assert "status" == await visit.part(name).get_attribute("role")
    for name in ("trouble", "composer-said"):
        assert "alert" == await visit.part(name).get_attribute("role")


async def test_59_everything_works_by_key(place: Place) -> None:
    """No mouse: from the first Tab to a message that was sent, and the words."""
    visit = await place.visit()
    await expect(visit.part("first")).to_be_visible()
    keys = visit.page.keyboard
    await keys.press("Tab")
    order = [await _focused(visit)]
    while order[-1] != "first":
        await keys.press("Tab")
        order.append(await _focused(visit))
        assert len(order) < 12, order
    assert "exit" == order[0]
    await keys.type("Met toetsen alleen.")
    await keys.press("Tab")
    await keys.press("Enter")
    await visit.sees("Met toetsen alleen.")
    await visit.part("words-hide").focus()
    await keys.press("Enter")
    assert "message" == await _focused(visit)
    await keys.type("En nog een.")
    await keys.press("Tab")
    await keys.press("Enter")
    await visit.sees("En nog een.")
    assert "message" == await _focused(visit)
    order = []
    for _ in range(12):
        await keys.press("Tab")
        order.append(await _focused(visit))
    assert "photo" in order


async def _focused(visit: Visit) -> str:
    found: str = await visit.page.evaluate(
        "document.activeElement.id || document.activeElement.tagName"
    )
    return found


async def test_58_all_that_a_phone_loads_is_small_and_ours(place: Place) -> None:
    """The page, its files and the word list, packed as a proxy would: 60 KB at most."""
    for language in ("nl", "uk", "ar"):
        visit = await place.visit(query=f"lang={language}")
        await expect(visit.part("first")).to_be_visible()
        await visit.part("first").fill("dag")
        await visit.part("go").click()
        await expect(visit.part("words").locator("li")).to_have_count(7, timeout=20_000)
        loaded = {url for _, url in visit.asked if "/api/" not in url}
        assert {place.base_url} == {url[: len(place.base_url)] for url in loaded}
        assert len(loaded) >= 4
        total = 0
        for url in loaded:
            total += len(gzip.compress(await (await visit.page.request.get(url)).body(), 6))
        assert total <= LIMIT, f"{total} bytes in {language}"
