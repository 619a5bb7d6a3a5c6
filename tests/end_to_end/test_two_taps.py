"""How far is it from a question in the group to a human? Two taps, in the demo as it starts."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from tests.living import free_port

START_SECONDS = 120.0
_MS = 30_000.0
QUESTION = "@wijkbot ik kan mijn huur niet betalen"
STORY = "Mijn huur is te hoog en ik slaap er niet van."
ANSWER = "Dag, ik ben er. Vertel maar rustig."
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest_asyncio.fixture
async def demo(tmp_path: Path) -> AsyncIterator[str]:
    """Where ``wijkbot demo`` runs, on a folder of its own."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    told = tmp_path / "demo.log"
    command = (sys.executable, "-m", "wijkbot", "demo", "--port", str(port))
    with told.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, "--data", str(tmp_path / "demo"), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
            while not await _answers(client, address):
                assert process.returncode is None, told.read_text(encoding="utf-8")
                await asyncio.sleep(0.2)
        yield address
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/health")).status_code == 200
    except httpx.TransportError:
        return False


@pytest_asyncio.fixture
async def browser(chromium_path: str, chromium_args: list[str]) -> AsyncIterator[Browser]:
    """One Chromium; who is somebody else gets a context of their own."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium_path, args=chromium_args
        )
        yield running
        await running.close()


async def _somebody(browser: Browser, address: str) -> Page:
    context = await browser.new_context(locale="nl-BE", viewport=PHONE)
    page = await context.new_page()
    await page.goto(address)
    return page


async def _worker(browser: Browser, demo: str) -> Page:
    """Somebody who comes in as the front page says, and is ready for a conversation."""
    page = await _somebody(browser, f"{demo}/?lang=nl")
    await expect(page.get_by_text("Alleen voor deze demo:")).to_be_visible()
    grave = [
        found["id"]
        for found in (await Axe().run(page)).response["violations"]
        if found["impact"] in {"serious", "critical"}
    ]
    assert [] == grave
    password = await page.locator("#team p code").inner_text()
    row = page.locator("#team .who li").filter(has_text="Demo-medewerker")
    login, code = await row.locator("code").all_inner_texts()
    await page.get_by_role("link", name="Als medewerker").click()
    form = page.locator("#login-form")
    await form.get_by_label("Inlognaam").fill(login)
    await form.get_by_label("Wachtwoord").fill(password)
    await form.get_by_label("Code van je authenticator-app").fill(code)
    await form.get_by_role("button", name="Inloggen").click()
    await expect(page.locator("#nav")).to_be_visible(timeout=_MS)
    async with page.expect_response(lambda answer: answer.url.endswith("/presence")) as said:
        await page.locator("#available").check()
    assert (await said.value).ok
    return page


async def _in_the_log(page: Page, text: str) -> None:
    found = page.locator("#log").get_by_text(text, exact=True)
    await expect(found).to_have_count(1, timeout=_MS)


async def test_from_a_question_in_the_group_to_a_human_in_two_taps(
    demo: str, browser: Browser
) -> None:
    worker = await _worker(browser, demo)
    resident = await _somebody(browser, f"{demo}/sandbox/zonnewijk/?as=fien")
    await resident.get_by_label("Je bericht").fill(QUESTION)
    await resident.get_by_role("button", name="Stuur", exact=True).click()
    door = resident.get_by_role("link", name=f"{demo}/c")
    await expect(door).to_be_visible(timeout=_MS)
    assert "huur" not in await door.locator("xpath=..").inner_text(), "the group reads no topic"

    await door.click()  # the first tap
    await resident.wait_for_url(re.compile(r"/c$"))
    await expect(resident.locator("#presence")).not_to_be_empty(timeout=_MS)
    await resident.get_by_label("Wat wil je vragen of vertellen?").fill(STORY)
    await resident.get_by_role("button", name="Start de chat").click()  # the second tap
    await _in_the_log(resident, STORY)

    take = worker.locator("#waiting").get_by_role("button", name=re.compile("^Neem dit gesprek"))
    await take.click(timeout=_MS)
    await _in_the_log(worker, STORY)
    await worker.get_by_label("Je bericht").fill(ANSWER)
    await worker.locator("#composer").get_by_role("button", name="Stuur", exact=True).click()
    await _in_the_log(resident, ANSWER)
    await expect(worker.locator("#outbox")).to_be_empty()
