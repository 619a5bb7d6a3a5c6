"""Can a moderator let the bot serve a group with a link, on a phone and on a desk?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect
from sqlalchemy import select

from tests.living import LivingBot, living_bot
from wijkbot.app.activation import make_link
from wijkbot.storage import chats, tables

CHANNELS = {"wijk": {"adapter": "sandbox", "neighbourhood": "zonnewijk"}}
TWO = {
    "policy": {"group_activation": "moderator", "pointer": ""},
    "neighbourhoods": {
        "zonnewijk": {"name": "Zonnewijk", "country": "BE"},
        "haven": {"name": "Havenkwartier", "country": "NL"},
    },
}
SIZES = [(360, 740), (1280, 800)]


async def _link(living: LivingBot) -> str:
    database = living.bot.house.database
    for _ in range(100):
        found = await database.read(lambda c: list(c.execute(select(tables.chat.c.id)).scalars()))
        if found:
            return await make_link(living.bot.house, found[0])
    pytest.fail("the group is not known")


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
async def test_moderator_chooses_the_neighbourhood_and_presses_once(
    tmp_path: Path, chromium_path: str, chromium_args: list[str], size: tuple[int, int]
) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=TWO) as living, async_playwright() as maker:
        link = await _link(living)
        browser = await maker.chromium.launch(executable_path=chromium_path, args=chromium_args)
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="nl-BE",
            java_script_enabled=True,
        )
        page = await context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(link)
        results = await Axe().run(page)
        assert [] == [v["id"] for v in results.response["violations"]]
        wide: Any = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0
        await page.get_by_label("Van welke wijk is deze groep?").select_option("haven")
        await page.get_by_role("button", name="Zet de bot aan in deze groep").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Klaar.")
        (group,) = await living.bot.house.database.read(chats.groups)
        assert "haven" == group.neighbourhood
        await page.goto(link)
        await expect(page.get_by_role("alert")).to_contain_text("werkt niet meer")
        assert all(url.startswith(living.base_url) for url in asked), "nobody else is asked"
        await browser.close()


async def test_preview_of_a_chat_app_uses_nothing_up(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=TWO) as living, httpx.AsyncClient() as client:
        link = await _link(living)
        for _ in range(3):
            seen = await client.get(link)
            assert 200 == seen.status_code
            assert "no-store" == seen.headers["cache-control"]
            assert "no-referrer" == seen.headers["referrer-policy"]
        bad = await client.post(link, data={"neighbourhood": "elders"})
        assert 400 == bad.status_code
        assert 400 == (await client.post(link, content=b"x" * 5_000)).status_code
        done = await client.post(link, data={"neighbourhood": "zonnewijk"})
        assert 200 == done.status_code
        again = await client.post(link, data={"neighbourhood": "zonnewijk"})
        assert 404 == again.status_code
        assert 404 == (await client.get(f"{living.base_url}/activate/forged")).status_code


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "Activer le robot"), ("en", "Let the bot")]
)
async def test_page_speaks_the_language_of_its_reader(
    tmp_path: Path, language: str, words: str
) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=TWO) as living, httpx.AsyncClient() as client:
        seen = await client.get(await _link(living), headers={"accept-language": language})
        assert words in seen.text
        assert f'lang="{language}"' in seen.text
