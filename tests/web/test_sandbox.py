"""Can two residents use the pretend group app, on a phone and on a desk, by button and key?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.living import LivingBot, living_bot
from wijkbot.app.announce import announce, plan
from wijkbot.storage import chats

CHANNELS = {"zonnewijk": {"adapter": "sandbox"}}
SIZES = [(360, 740), (1280, 800)]


@asynccontextmanager
async def _browser(path: str, args: list[str]) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        await browser.close()


async def _page(browser: Browser, living: LivingBot, size: tuple[int, int], query: str) -> Page:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="nl-BE"
    )
    page = await context.new_page()
    await page.goto(f"{living.base_url}/sandbox/zonnewijk/?{query}")
    return page


async def _say(page: Page, text: str) -> None:
    await page.get_by_label("Je bericht").fill(text)
    await page.get_by_role("button", name="Stuur", exact=True).click()


async def _accessible(page: Page) -> None:
    """Nothing serious for people who see, hear or move differently, and no sideways scroll."""
    results = await Axe().run(page)
    grave = [v for v in results.response["violations"] if v["impact"] in {"serious", "critical"}]
    assert [] == [(v["id"], [n["target"] for n in v["nodes"]]) for v in grave]
    wide: Any = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
async def test_four_verbs_with_two_residents(
    tmp_path: Path, chromium_path: str, chromium_args: list[str], size: tuple[int, int]
) -> None:
    """Answer, referral and odd job, seen by both residents where both may see them."""
    async with (
        living_bot(tmp_path, CHANNELS) as living,
        _browser(chromium_path, chromium_args) as browser,
    ):
        fien = await _page(browser, living, size, "as=fien")
        momo = await _page(browser, living, size, "as=momo")
        await _accessible(fien)

        await _say(fien, "@wijkbot wanneer is het spreekuur?")
        card = "maandag 23 november van 9 tot 12 uur"
        await expect(fien.get_by_text(card)).to_be_visible()
        await expect(momo.get_by_text(card)).to_be_visible()

        await _say(momo, "@wijkbot ik kan mijn huur niet betalen")
        referral = "Persoonlijke vragen bespreken we niet in de groep."
        await expect(fien.get_by_text(referral)).to_be_visible()

        await _announce(living)
        await expect(fien.get_by_text("donderdag 3 december")).to_be_visible()
        await expect(momo.get_by_text("donderdag 3 december")).to_be_visible()

        await _odd_job(fien)
        await expect(momo.get_by_text("een lamp in de keuken")).to_have_count(0)
        await _accessible(fien)


async def _announce(living: LivingBot) -> None:
    house = living.bot.house
    groups = await house.database.read(chats.groups)
    made = await plan(house, dict(living.bot.adapters), "Z3", groups)
    assert 1 == (await announce(house, made, "one-press", "worker")).queued


async def _odd_job(page: Page) -> None:
    await _say(page, "@wijkbot wie kan mijn lamp ophangen?")
    await page.get_by_role("link", name="start=").click()
    await page.get_by_role("button", name="Start", exact=True).click()
    await page.get_by_role("button", name="Ik zoek hulp").click()
    await page.get_by_role("button", name="Ja", exact=True).click()
    await page.get_by_role("button", name="Lamp of plank").click()
    await expect(page.get_by_text("Schrijf in één zin")).to_be_visible()
    await _say(page, "een lamp in de keuken")
    await expect(page.get_by_text("In welk deel")).to_be_visible()
    await _say(page, "Noord")
    await page.get_by_role("button", name="Deze week").click()
    await expect(page.get_by_text("Klopt dit?")).to_be_visible()
    await page.get_by_role("button", name="Ja", exact=True).last.click()
    await expect(page.get_by_text("het is genoteerd")).to_be_visible()


async def test_opening_the_private_link_uses_nothing(tmp_path: Path) -> None:
    """A preview that fetches the link twice changes nothing; the start button still works."""
    async with living_bot(tmp_path, CHANNELS) as living, httpx.AsyncClient() as client:
        base = f"{living.base_url}/sandbox/zonnewijk"
        ask = {"as": "fien", "chat": "group", "text": "@wijkbot wie kan mijn lamp ophangen?"}
        await client.post(f"{base}/say", data=ask)
        html = await _seen(client, f"{base}/lines?as=fien&chat=group", "start=")
        token = re.findall(r"start=([A-Za-z0-9_-]+)", html)[0]
        for _ in range(2):
            answer = await client.get(f"{base}/?chat=private&start={token}&as=fien")
            assert 200 == answer.status_code
        await client.post(f"{base}/start", data={"as": "fien", "token": token})
        assert await _seen(client, f"{base}/lines?as=fien&chat=private", "Wil je hulp")


async def _seen(client: httpx.AsyncClient, url: str, words: str) -> str:
    for _ in range(50):
        lines = (await client.get(url)).json()["lines"]
        html = " ".join(line["html"] for line in lines)
        if words in html:
            return html
        await asyncio.sleep(0.1)
    pytest.fail(f"{words!r} was never shown")


async def test_page_works_without_script(
    tmp_path: Path, chromium_path: str, chromium_args: list[str]
) -> None:
    """An old phone without script sends by form and reads after a reload."""
    async with (
        living_bot(tmp_path, CHANNELS) as living,
        _browser(chromium_path, chromium_args) as browser,
    ):
        context = await browser.new_context(java_script_enabled=False, locale="nl-BE")
        page = await context.new_page()
        await page.goto(f"{living.base_url}/sandbox/zonnewijk/?as=vera&chat=private")
        await _say(page, "ik wil niet meer leven")
        await page.wait_for_timeout(1500)
        await page.reload()
        await expect(page.get_by_text("Dit is ernstig.")).to_be_visible()


async def test_words_of_a_resident_are_shown_as_they_are(tmp_path: Path) -> None:
    """Markup typed by somebody is text, never markup."""
    async with living_bot(tmp_path, CHANNELS) as living, httpx.AsyncClient() as client:
        base = f"{living.base_url}/sandbox/zonnewijk"
        form = {"as": "fien", "chat": "group", "text": "<b>dik</b> & <script>x</script>"}
        await client.post(f"{base}/say", data=form)
        page = (await client.get(f"{base}/?as=momo")).text
        assert "&lt;b&gt;dik&lt;/b&gt; &amp; &lt;script&gt;" in page
        assert "<script>x" not in page


async def test_time_travel_moves_the_next_date(tmp_path: Path) -> None:
    """A week later the next consultation hour is another one."""
    async with living_bot(tmp_path, CHANNELS) as living, httpx.AsyncClient() as client:
        base = f"{living.base_url}/sandbox/zonnewijk"
        await client.post(f"{base}/clock", data={"as": "fien", "chat": "group", "hours": "168"})
        ask = {"as": "fien", "chat": "private", "text": "wanneer is het spreekuur?"}
        await client.post(f"{base}/say", data=ask)
        assert await _seen(client, f"{base}/lines?as=fien&chat=private", "maandag 30 november")


async def test_no_page_asks_anything_of_another_host(
    tmp_path: Path, chromium_path: str, chromium_args: list[str]
) -> None:
    """Every request of every page stays on our own host."""
    async with (
        living_bot(tmp_path, CHANNELS) as living,
        _browser(chromium_path, chromium_args) as browser,
    ):
        page = await browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{living.base_url}/")
        await _accessible(page)
        await page.goto(f"{living.base_url}/sandbox/zonnewijk/")
        assert len(asked) >= 4
        assert [] == [url for url in asked if not url.startswith(living.base_url)]
