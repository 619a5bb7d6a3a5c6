"""Can whoever posts our news in a group copy it, tick it off and undo that, on any device?"""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.app.by_hand_house import CHANNELS, MONDAY, OFTEN, add_group, announced, ticks_of
from tests.living import LivingBot, living_bot
from wijkbot.app import announce_change
from wijkbot.app.hand_page import make_link
from wijkbot.app.secure_refusal import Turned
from wijkbot.storage import hand_groups
from wijkbot.storage.post_cards import State
from wijkbot.web.create_app import create_app

SIZES = [(320, 640), (360, 740), (1280, 800)]


@dataclass(frozen=True, slots=True)
class Desk:
    """A bot with one group by hand, the link to its page, and a client."""

    living: LivingBot
    group: int
    link: str
    client: httpx.AsyncClient

    async def states(self) -> list[State]:
        return [one.state for one in await ticks_of(self.living)]

    async def press(self, card: int, edition: str = "1", act: str = "done", **more: str) -> int:
        form = {"edition": edition, "act": act}
        answer = await self.client.post(f"{self.link}/{card}", data=form, headers=more)
        return answer.status_code


@asynccontextmanager
async def _desk(
    folder: Path, *items: str, languages: tuple[str, ...] = ("nl",)
) -> AsyncIterator[Desk]:
    async with (
        living_bot(folder, CHANNELS, at=MONDAY, extra=OFTEN) as living,
        httpx.AsyncClient() as client,
    ):
        group = await add_group(living, languages=languages)
        link = await make_link(living.bot.house, group)
        for item in items:
            await announced(living, item, item)
        yield Desk(living, group, link, client)


async def test_looking_changes_nothing_and_a_press_counts_once(tmp_path: Path) -> None:
    async with _desk(tmp_path, "Z4") as desk:
        for method in ("GET", "GET", "HEAD"):
            seen = await desk.client.request(method, desk.link)
            assert seen.status_code == 200
            assert seen.headers["cache-control"] == "no-store"
            assert seen.headers["referrer-policy"] == "no-referrer"
            assert "noindex" in seen.headers["x-robots-tag"]
            assert "default-src 'none'" in seen.headers["content-security-policy"]
        assert (await desk.client.get(f"{desk.link}/1")).status_code == 405
        assert await desk.states() == [State.WAITS]
        assert [await desk.press(1), await desk.press(1)] == [303, 303]
        assert await desk.states() == [State.POSTED]
        assert await desk.press(1, act="undo") == 303
        assert await desk.states() == [State.WAITS]


async def test_nonsense_and_other_sites_tick_nothing_off(tmp_path: Path) -> None:
    async with _desk(tmp_path, "Z4") as desk:
        other = await make_link(desk.living.bot.house, await add_group(desk.living))
        stranger = await desk.client.post(f"{other}/1", data={"edition": "1", "act": "done"})
        assert stranger.status_code == 404, "the card of another group"
        assert await desk.press(1, **{"sec-fetch-site": "cross-site"}) == 403
        assert await desk.press(7) == 404
        for form in ({}, {"act": "done"}, {"edition": "x", "act": "done"}, {"edition": "1"}):
            answer = await desk.client.post(f"{desk.link}/1", data=form)
            assert answer.status_code == 404
        huge = await desk.client.post(f"{desk.link}/1", content=b"act=done&edition=1" * 100)
        assert huge.status_code == 404
        assert (await desk.client.get(f"{desk.link}/x/nl-BE")).status_code == 404
        assert (await desk.client.get(f"{desk.link}/1/fr")).status_code == 404
        assert await desk.states() == [State.WAITS]


async def test_link_that_opens_nothing_says_so_kindly(tmp_path: Path) -> None:
    """Never made, renewed or withdrawn: one and the same answer, in the reader's language."""
    async with _desk(tmp_path, "Z4") as desk:
        house = desk.living.bot.house
        forged = f"{desk.living.base_url}/post/forged"
        never = await desk.client.get(forged, headers={"accept-language": "fr"})
        assert never.status_code == 404
        assert "Ce lien ne marche pas" in never.text
        fresh = await make_link(house, desk.group)
        assert (await desk.client.get(desk.link)).status_code == 404
        assert await desk.press(1) == 404
        assert (await desk.client.get(f"{desk.link}/1/nl-BE")).status_code == 404
        assert (await desk.client.get(fresh)).status_code == 200
        await house.database.write(lambda c: hand_groups.unlink(c, desk.group))
        gone = await desk.client.get(fresh)
        same = await desk.client.get(forged)
        assert (gone.status_code, gone.text) == (404, same.text)


async def test_card_has_text_picture_and_way_to_whatsapp(tmp_path: Path) -> None:
    async with _desk(tmp_path, "Z4", languages=("nl", "fr")) as desk:
        seen = (await desk.client.get(desk.link)).text
        for words in ("Zitdag van het onthaal", "Permanence d&#39;accueil", "Tekst in het Frans"):
            assert words in seen
        assert 'href="https://wa.me/?text=Zitdag%20van%20het%20onthaal' in seen
        assert 'alt="Zitdag van het onthaal. maandag 23 november. van 9 tot 12 uur' in seen
        for language in ("nl-BE", "fr"):
            picture = await desk.client.get(f"{desk.link}/1/{language}")
            assert picture.headers["content-type"] == "image/png"
            assert Image.open(io.BytesIO(picture.content)).size == (1080, 1080)


async def test_page_of_another_app_leads_nowhere_else(tmp_path: Path) -> None:
    async with _desk(tmp_path, "Z4") as desk:
        group = await add_group(desk.living, platform="signal", name="<b>Signaal</b>")
        link = await make_link(desk.living.bot.house, group)
        await announced(desk.living, "Z1", "Z1")
        seen = (await desk.client.get(link)).text
        assert "wa.me" not in seen
        assert "&lt;b&gt;Signaal" in seen


async def test_changed_and_withdrawn_news_says_what_to_do(tmp_path: Path) -> None:
    async with _desk(tmp_path, "Z4") as desk:
        house, adapters = desk.living.bot.house, dict(desk.living.bot.adapters)
        await desk.press(1)
        family = await announce_change.found(house, 1)
        plan = await announce_change.plan_edit(house, adapters, family, "Z1")
        await announce_change.edit(house, family, plan, "edit", "worker")
        seen = (await desk.client.get(desk.link)).text
        assert "De tekst is veranderd nadat je hem plaatste" in seen
        await desk.press(1)
        assert await desk.states() == [State.CHANGED], "the page was of before the change"
        await desk.press(1, edition="2")
        assert await desk.states() == [State.POSTED]

        family = await announce_change.found(house, 1)
        await announce_change.withdraw(house, family, "delete", "worker")
        seen = (await desk.client.get(desk.link)).text
        assert "Dit bericht wordt ingetrokken: verwijder het uit de groep." in seen
        assert "wa.me" not in seen
        await desk.press(1, edition="2")
        assert await desk.states() == [State.REMOVED]
        assert "ingetrokken" not in (await desk.client.get(desk.link)).text


async def test_quiet_hours_are_told_to_who_comes_at_night(tmp_path: Path) -> None:
    async with _desk(tmp_path, "Z4") as desk:
        assert "rusttijd" not in (await desk.client.get(desk.link)).text
        desk.living.bot.house.clock.shift(12 * 3600)
        assert "rusttijd" in (await desk.client.get(desk.link)).text


async def test_who_asks_too_much_waits(tmp_path: Path) -> None:
    """Every turn of this visitor is taken first; one more comes back while we look."""
    async with _desk(tmp_path) as desk:
        app = create_app(desk.living.bot)
        limits = app.state.post_limits
        visitor = limits.visitor("127.0.0.1", [], 0)
        with suppress(Turned):
            while True:
                limits.claim(("post", visitor))
        way = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=way, base_url="http://bot") as client:
            for _ in range(50):
                answer = await client.get("/post/forged")
                if answer.status_code == 429:
                    break
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert "Wacht een minuut" in answer.text


# ── in a browser ─────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def _browser(path: str, args: list[str]) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        await browser.close()


async def _accessible(page: Page) -> None:
    """No violation that a program can find, and no sideways scroll."""
    results = await Axe().run(page)
    broken = [(v["id"], [n["target"] for n in v["nodes"]]) for v in results.response["violations"]]
    assert broken == []
    wide: Any = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0


@pytest.mark.parametrize("size", SIZES, ids=["small", "phone", "desk"])
async def test_person_copies_posts_and_ticks_with_keys_alone(
    tmp_path: Path, chromium_path: str, chromium_args: list[str], size: tuple[int, int]
) -> None:
    async with (
        _desk(tmp_path, "Z4", "T07", languages=("nl", "fr")) as desk,
        _browser(chromium_path, chromium_args) as browser,
    ):
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="nl-BE"
        )
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(desk.link)
        await _accessible(page)
        card = page.get_by_role("article", name="Zitdag van het onthaal")
        await card.get_by_role("button", name="Kopieer de tekst").first.focus()
        await page.keyboard.press("Enter")
        await expect(card.get_by_text("De tekst is gekopieerd.")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == await card.get_by_label("Tekst in het Nederlands").input_value()
        await card.get_by_role("button", name="Ik heb dit geplaatst").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").first).to_contain_text("Genoteerd")
        await expect(card).to_have_count(0)
        await _accessible(page)
        await page.get_by_role("button", name="Toch niet geplaatst").press("Enter")
        await expect(page.get_by_role("article")).to_have_count(2)
        assert all(url.startswith(desk.living.base_url) for url in asked), "nobody else is asked"


async def test_page_works_without_script(
    tmp_path: Path, chromium_path: str, chromium_args: list[str]
) -> None:
    async with (
        _desk(tmp_path, "Z4") as desk,
        _browser(chromium_path, chromium_args) as browser,
    ):
        context = await browser.new_context(
            viewport={"width": 360, "height": 740}, locale="nl-BE", java_script_enabled=False
        )
        page = await context.new_page()
        await page.goto(desk.link)
        await expect(page.get_by_role("button", name="Kopieer de tekst")).to_be_hidden()
        text = page.get_by_label("Tekst", exact=True)
        await expect(text).to_have_value(re.compile("^Zitdag van het onthaal: maandag"))
        await page.get_by_role("button", name="Ik heb dit geplaatst").click()
        await expect(page.get_by_text("Genoteerd. Dank je!")).to_be_visible()
        assert await desk.states() == [State.POSTED]
        await page.get_by_role("button", name="Toch niet geplaatst").click()
        await expect(page.get_by_text("Dat is teruggedraaid.")).to_be_visible()
        assert await desk.states() == [State.WAITS]
