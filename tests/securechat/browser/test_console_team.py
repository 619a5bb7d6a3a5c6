"""Can a coordinator change the team from the console, and does every talk follow the list?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.securechat.browser.visit import TOGETHER, WAIT_SECONDS, Place
from tests.securechat.browser.work import (
    FOUNDER,
    Console,
    console,
    link_for,
    worker,
)
from tests.securechat.crew import a_crew

pytestmark = TOGETHER

_MS = WAIT_SECONDS * 1000


@dataclass
class House:
    """A server, who founded its team, and the twelve words."""

    place: Place
    anna: Console
    words: list[str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """Anna alone."""
    folder: Path = tmp_path_factory.mktemp("house")
    async with a_crew(folder) as crew:
        place = Place(browser, crew)
        anna = await console(place)
        words = await anna.join(await link_for(place, "Anna", *FOUNDER), "anna")
        yield House(place, anna, words)
        await place.close()


async def _change(one: Console, name: str) -> Locator:
    """What can be done with somebody, unfolded."""
    await one.go("Team")
    card = one.account(name)
    details = card.locator("details")
    if not await details.evaluate("one => one.open"):
        await details.locator("summary").click()
    return card


async def test_who_leaves_reads_nothing_new_and_loses_their_talks(house: House) -> None:
    """The list without them is signed at once, and the next message starts a new epoch."""
    anna = house.anna
    ben = await worker(house.place, anna, "Ben")
    visit = await house.place.visit()
    await visit.begin("Voor Ben.")
    await visit.skip_words()
    await anna.claim()
    await anna.sees("Voor Ben.")
    sent: list[dict[str, dict[str, object]]] = []

    def note(asked: object) -> None:
        url, data = getattr(asked, "url", ""), getattr(asked, "post_data_json", None)
        if str(url).endswith("/messages") and data:
            sent.append(data)

    anna.page.on("request", note)
    await anna.say("Ik lees mee.")
    await visit.sees("Ik lees mee.")
    card = await _change(anna, "Ben")
    await card.get_by_role("button", name="Laat niet meer binnen").click()
    await anna.press("Ja", "#sure")
    await expect(anna.part("team-said")).to_contain_text("getekend", timeout=_MS)
    await expect(card).to_contain_text("is weg", timeout=_MS)
    await expect(ben.part("view-login")).to_be_visible(timeout=_MS)
    await expect(ben.part("login-why")).to_contain_text("sessie is voorbij")
    await anna.go("Gesprekken")
    await anna.say("Zonder Ben.")
    await visit.sees("Zonder Ben.")
    assert [(1, False), (2, True)] == [(one["envelope"]["e"], "wrapset" in one) for one in sent]
    await visit.say("Goed.")
    await anna.sees("Goed.")
    assert [] == visit.said


async def test_a_second_coordinator_signs_after_the_twelve_words(house: House) -> None:
    anna = house.anna
    cora = await worker(house.place, anna, "Cora", "coordinator")
    await cora.go("Team")
    await cora.press("Teken de lijst opnieuw", "#list-steps")
    await expect(cora.part("team-said")).to_contain_text("mag de lijst nog niet tekenen")
    await anna.go("Team")
    await anna.part("cert-who").select_option("Cora")
    await anna.go("Mijn account")
    number = await cora.number()
    await anna.go("Team")
    await expect(anna.part("cert-code")).to_have_text(number)
    await anna.part("cert-words").fill(" ".join(house.words[:11]))
    await anna.press("Machtig", "#cert-form")
    await expect(anna.part("team-said")).to_contain_text("niet de twaalf woorden", timeout=_MS)
    await anna.part("cert-words").fill(" ".join(word[:4] for word in house.words))
    await anna.press("Machtig", "#cert-form")
    await expect(anna.part("team-said")).to_contain_text("Cora mag nu", timeout=_MS)
    await expect(anna.part("cert-words")).to_have_value("")
    await cora.go("Team")
    await cora.press("Teken de lijst opnieuw", "#list-steps")
    await expect(cora.part("list-state")).to_contain_text("getekend door Cora", timeout=_MS)
    visit = await house.place.visit()
    await visit.begin("Ook nu nog.")
    await cora.claim()
    await cora.sees("Ook nu nog.")


async def test_opening_hours_and_roles_are_kept(house: House) -> None:
    anna = house.anna
    await worker(house.place, anna, "Dirk")
    await anna.go("Team")
    await anna.part("hours-day").select_option("WE")
    await anna.press("Voeg toe", "#hours-form")
    await expect(anna.part("hours")).to_contain_text("woensdag van 09:00 tot 17:00", timeout=_MS)
    card = await _change(anna, "Dirk")
    await card.get_by_role("checkbox", name="moderator").check()
    await card.get_by_role("button", name="Bewaar de rollen").click()
    await expect(card).to_contain_text("medewerker, moderator", timeout=_MS)
    await anna.page.reload()
    await anna.unlock()
    await expect(anna.part("hours")).to_contain_text("woensdag van 09:00", timeout=_MS)
    await anna.page.locator("#audit-part summary").click()
    for line in ("Anna veranderde rollen over Dirk", "Anna veranderde de openingsuren"):
        await expect(anna.part("audit")).to_contain_text(line, timeout=_MS)


async def test_a_ready_text_is_put_in_the_field_and_not_sent(house: House) -> None:
    visit = await house.place.visit(query="lang=nl")
    await visit.begin("Klaar?")
    await visit.skip_words()
    anna = house.anna
    await anna.claim()
    await anna.sees("Klaar?")
    await anna.page.locator("#ready summary").click()
    options = anna.part("ready-text").locator("option")
    await expect(options.first).to_be_attached(timeout=_MS)
    await anna.part("ready-use").click()
    text = await anna.part("message").input_value()
    assert len(text) > 20
    assert 0 == await visit.part("log").get_by_text(text, exact=True).count()
    await anna.part("send").click()
    await visit.sees(text)


async def test_a_link_that_was_used_says_so(house: House) -> None:
    link = await link_for(house.place, "Eva", "worker")
    eva = await console(house.place)
    await eva.join(link, "eva")
    assert "#" not in eva.page.url.partition("lang=nl")[2].replace("#talks", "")
    again = await console(house.place)
    await again.page.goto(link.replace("#", "?lang=nl#"))
    await expect(again.part("invite-who")).to_contain_text("werkt niet meer", timeout=_MS)
    await expect(again.part("invite-form")).to_be_hidden()
