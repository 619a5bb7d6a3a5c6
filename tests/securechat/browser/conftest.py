"""What do the tests of the resident's page get? A real browser, and a real team behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.securechat.browser.visit import Place
from tests.securechat.browser.work import Team, a_team
from tests.securechat.crew import Crew, a_crew


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str, chromium_args: list[str]) -> AsyncIterator[Browser]:
    """One Chromium; each visitor has a context of their own."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium_path, args=chromium_args
        )
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    """A server with Anna (coordinator) and Ben (worker)."""
    async with a_crew(tmp_path_factory.mktemp("crew"), "Anna", "Ben") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def place(browser: Browser, crew: Crew) -> AsyncIterator[Place]:
    """That server, and the browser in front of it; afterwards every tab is closed."""
    opened = Place(browser, crew)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def together(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Team]:
    """Anna, Ben and Cas; each test opens tabs of its own in their browsers."""
    async with a_team(browser, tmp_path_factory.mktemp("team")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def team(together: Team) -> AsyncIterator[Team]:
    """The same team, without the tabs of other tests."""
    yield together
    await together.tidy()
