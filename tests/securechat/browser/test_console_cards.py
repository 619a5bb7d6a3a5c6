"""Does a worker send a card with a code, on a phone and by keyboard, and nothing else with it?"""

from __future__ import annotations

import re

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect

from tests.securechat.browser.visit import DESK, PHONE, TOGETHER, WAIT_SECONDS
from tests.securechat.browser.work import Console, Team, beside, console

pytestmark = TOGETHER

_MS = WAIT_SECONDS * 1000
CARD = "Grof huisvuil"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_CODE = re.compile(r"(\d{3} \d{3})\.")


async def _resident(team: Team, name: str, chat: str = "private") -> Page:
    """Somebody at the sandbox, in their private chat with the bot."""
    page = await (await team.place.context(PHONE)).new_page()
    await page.goto(f"{team.place.base_url}/sandbox/buurt-sandbox/?as={name}&chat={chat}&lang=nl")
    return page


def _bubbles(page: Page) -> Locator:
    return page.locator("#lines .line.bot .words")


async def _asks(page: Page, text: str) -> str:
    """Write something; gives the answer."""
    before = await _bubbles(page).count()
    await page.locator("#text").fill(text)
    await page.get_by_role("button", name="Stuur").click()
    await expect(_bubbles(page)).to_have_count(before + 1, timeout=_MS)
    return await _bubbles(page).last.inner_text()


async def _code(page: Page) -> str:
    found = _CODE.search(await _asks(page, "kaart"))
    assert found
    return found[1]


async def _cards(one: Console) -> None:
    await one.go("Infokaart")
    await expect(one.part("card-item").locator("option").first).to_be_attached(timeout=_MS)


async def test_the_card_comes_to_who_gave_the_code_and_to_nobody_else(team: Team) -> None:
    momo, vera = await _resident(team, "momo"), await _resident(team, "vera")
    await _code(momo)
    code = await _code(vera)
    ben = await beside(team.ben)
    await _cards(ben)
    await ben.field("Code van de bewoner").fill(code)
    await ben.field("Zoek een kaart").fill("grof")
    await ben.field("Kaart").select_option(label=CARD)
    shown = await ben.part("card-text").inner_text()
    await ben.press("Stuur deze kaart")
    await expect(ben.part("card-said")).to_contain_text("is onderweg", timeout=_MS)
    await expect(_bubbles(vera)).to_have_count(2, timeout=_MS)
    assert shown == await _bubbles(vera).last.inner_text()
    assert 1 == await _bubbles(momo).count()
    sent = [url for url in ben.asked if "/api/w/cards" in url]
    assert all("?" not in url for url in sent), "no code in an address"
    assert [] == ben.said


async def test_a_group_reads_no_code_but_where_to_ask_for_one(team: Team) -> None:
    momo = await _resident(team, "momo", "group")
    said = await _asks(momo, "@wijkbot kaart")
    assert "privé" in said
    assert not _CODE.search(said)


async def test_by_keyboard_on_a_phone_in_another_language(team: Team) -> None:
    vera = await _resident(team, "vera")
    code = await _code(vera)
    before = await _bubbles(vera).count()
    ben = await beside(team.ben)
    await ben.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await ben.part("nav").get_by_role("link", name="Infokaart").focus()
    keys = ben.page.keyboard
    await keys.press("Enter")
    await expect(ben.part("card-code")).to_be_focused(timeout=_MS)
    await keys.type(code)
    await ben.part("card-language").focus()
    await ben.part("card-language").select_option("fr")
    await ben.part("card-find").focus()
    await keys.type("encombrants")
    await expect(ben.part("card-found")).to_have_text("Gevonden kaarten: 1")
    await expect(ben.part("card-text")).to_contain_text("trottoir")
    await ben.part("card-code").focus()
    await keys.press("Enter")
    await expect(_bubbles(vera)).to_have_count(before + 1, timeout=_MS)
    assert "trottoir" in await _bubbles(vera).last.inner_text()
    wide = await ben.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert 0 >= wide, "nothing sticks out at 360 px"
    results = await Axe().run(ben.page, options=RULES)
    grave = [v for v in results.response["violations"] if v["impact"] in {"serious", "critical"}]
    assert [] == grave


async def test_a_wrong_code_is_told_and_nothing_is_sent(team: Team) -> None:
    vera = await _resident(team, "vera")
    code = await _code(vera)
    before = await _bubbles(vera).count()
    ben = await beside(team.ben)
    await _cards(ben)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**6:06}"
    await ben.field("Code van de bewoner").fill(wrong)
    await ben.field("Kaart").select_option(label=CARD)
    await ben.press("Stuur deze kaart")
    await expect(ben.part("card-said")).to_contain_text("Deze code werkt niet", timeout=_MS)
    await ben.field("Zoek een kaart").fill("zzzz")
    await expect(ben.part("card-found")).to_contain_text("geen kaart")
    await expect(ben.part("card-send")).to_be_disabled()
    assert before == await _bubbles(vera).count()


async def test_leaving_and_coming_back_forgets_the_code(team: Team) -> None:
    ben = await beside(team.ben)
    await _cards(ben)
    await ben.field("Code van de bewoner").fill("123 456")
    await ben.go("Gesprekken")
    await _cards(ben)
    await expect(ben.part("card-code")).to_have_value("")


async def test_a_conversation_leads_there_and_takes_nothing_along(team: Team) -> None:
    visit = await team.place.visit()
    await visit.begin("Mijn geheim verhaal.")
    await visit.skip_words()
    ben = await beside(team.ben)
    await ben.claim()
    await ben.sees("Mijn geheim verhaal.")
    await ben.page.get_by_role("link", name="Stuur een infokaart").click()
    await expect(ben.part("view-cards")).to_be_visible()
    await expect(ben.part("card-code")).to_have_value("")
    assert "geheim" not in await ben.part("view-cards").inner_text()
    await ben.go("Gesprekken")
    await ben.sees("Mijn geheim verhaal.")


async def test_a_trainee_has_no_such_view(team: Team) -> None:
    cas = await beside(team.cas)
    await expect(cas.part("nav").get_by_role("link", name="Infokaart")).to_be_hidden()
    await cas.page.goto(f"{team.place.base_url}/werk?lang=nl#cards")
    await expect(cas.part("view-cards")).to_be_hidden()


async def test_a_connector_sends_cards_and_sees_no_conversations(team: Team) -> None:
    link = await team.anna.invite("Dina", "connector")
    dina = await console(team.place, size=DESK)
    await dina.join(link, "dina")
    await expect(dina.part("view-cards")).to_be_visible(timeout=_MS)
    await expect(dina.part("nav").get_by_role("link", name="Gesprekken")).to_be_hidden()
    vera = await _resident(team, "vera")
    code, before = await _code(vera), await _bubbles(vera).count()
    await dina.field("Code van de bewoner").fill(code)
    await expect(dina.part("card-send")).to_be_disabled()
    await dina.field("Kaart").select_option(label=CARD)
    await dina.press("Stuur deze kaart")
    await expect(_bubbles(vera)).to_have_count(before + 1, timeout=_MS)
