"""Can a worker change their mind: ask back, say no, send a trainee away, stop who misuses it?"""

from __future__ import annotations

from playwright.async_api import expect

from tests.securechat.browser.visit import TOGETHER, WAIT_SECONDS, Visit
from tests.securechat.browser.work import Console, Team, beside

pytestmark = TOGETHER

_MS = WAIT_SECONDS * 1000


async def _talking(one: Console, text: str) -> Visit:
    visit = await one.place.visit()
    await visit.begin(text)
    await visit.skip_words()
    await one.claim()
    await one.sees(text)
    return visit


async def _ask(one: Console, name: str) -> None:
    await one.page.locator("#steps summary").click()
    await one.field("Doorgeven aan").select_option(name)
    await one.step("Vraag deze collega")
    await expect(one.part("status")).to_contain_text(f"Je vroeg {name}", timeout=_MS)


async def test_a_question_to_a_colleague_can_be_taken_back(team: Team) -> None:
    anna, ben = await beside(team.anna), await beside(team.ben)
    visit = await _talking(ben, "Kan ik iets vragen?")
    await anna.go("Gesprekken")
    await _ask(ben, "Anna")
    offered = anna.part("offered").get_by_role("button")
    await expect(offered.first).to_be_visible(timeout=_MS)
    await ben.press("Trek de vraag in", "#steps")
    await expect(offered).to_have_count(0, timeout=_MS)
    await expect(ben.part("status")).to_contain_text("Jij praat met deze bewoner", timeout=_MS)
    await ben.say("Ik blijf bij je.")
    await visit.sees("Ik blijf bij je.")


async def test_a_colleague_may_say_no(team: Team) -> None:
    anna, ben = await beside(team.anna), await beside(team.ben)
    visit = await _talking(ben, "Nog een vraag.")
    await anna.go("Gesprekken")
    await _ask(ben, "Anna")
    await anna.press("Nu niet", "#offered")
    await expect(ben.part("status")).to_contain_text("Jij praat met deze bewoner", timeout=_MS)
    await ben.say("Wij gaan verder.")
    await visit.sees("Wij gaan verder.")


async def test_a_trainee_who_is_sent_away_reads_no_more(team: Team) -> None:
    anna, cas = await beside(team.anna), await beside(team.cas)
    visit = await _talking(anna, "Wie leest mee?")
    await anna.page.locator("#steps summary").click()
    await anna.press("Laat meekijken", "#steps")
    await cas.press("Open dit gesprek", "#beside")
    await cas.sees("Wie leest mee?")
    await anna.press("Niet meer meekijken", "#steps")
    await visit.say("Dit leest de stagiair niet.")
    await anna.sees("Dit leest de stagiair niet.")
    await expect(cas.part("beside").get_by_role("button")).to_have_count(0, timeout=_MS)
    await expect(cas.page.get_by_text("Dit leest de stagiair niet.")).to_have_count(0)


async def test_who_misuses_the_chat_is_stopped_and_cannot_open_it_again(team: Team) -> None:
    ben = await beside(team.ben)
    visit = await _talking(ben, "Onzin.")
    await ben.step("Stop wegens misbruik")
    await expect(ben.part("status")).to_contain_text("gestopt", timeout=_MS)
    await expect(visit.part("log")).to_contain_text("Ben heeft dit gesprek", timeout=_MS)
    composer = visit.page.get_by_label("Je bericht")
    if await composer.is_visible():
        await visit.say("Nog meer onzin.")
    await expect(visit.part("log").get_by_text("Nog meer onzin.")).to_have_count(0)
    rows = await ben.page.evaluate("fetch('/api/w/queue').then((one) => one.json())")
    assert [] == rows["waiting"]
