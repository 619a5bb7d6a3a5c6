"""How does a test look at the page of the chat? As a resident does: by label, button and key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, FilePayload, Locator, Page, expect

from tests.securechat.client.conversation import Conversation
from tests.securechat.client.encoding import unb64
from tests.securechat.crew import Colleague, Crew

TOGETHER = pytest.mark.asyncio(loop_scope="module")
"""The tests of one file share a server: a team takes some time to come together."""

PHONE = (360, 740)
DESK = (1280, 800)
WAIT_SECONDS = 20.0
_SAME_MOMENT = """
window.Date = class extends Date {
  constructor(...given) { given.length ? super(...given) : super(window.Date.now()); }
  static now() { return super.now() + (SHIFT); }
};
"""
"""The clock of the server may be moved; that of the browser moves along, and timers do not."""


async def until(holds: Callable[[], Awaitable[Any]]) -> Any:
    """What it gives as soon as that is something; fails after some seconds."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not (found := await holds()):
            await asyncio.sleep(0.05)
        return found


def bodies(seen: Conversation) -> list[dict[str, Any]]:
    """What a worker reads, line by line; a line that does not open is empty."""
    return [line.body or {} for line in seen.chain.lines]


def payload(name: str, kind: str, content: bytes) -> FilePayload:
    """A file that somebody chooses."""
    return {"name": name, "mimeType": kind, "buffer": content}


@dataclass
class Visit:
    """One tab at ``/c``, and everything it asked, said and complained about."""

    page: Page
    base_url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def hear(self, text: str) -> None:
        """The browser complains; what it says about an ordinary answer is no complaint."""
        ordinary = ("Permissions-Policy header: Unrecognized feature", "a status of 428")
        if not any(words in text for words in ordinary):
            self.said.append(text)

    async def open(self, query: str = "lang=nl") -> None:
        """Go to the page."""
        await self.page.goto(f"{self.base_url}/c?{query}")

    def part(self, name: str) -> Locator:
        """A part of the page by its id."""
        return self.page.locator(f"#{name}")

    async def begin(self, text: str = "Mijn huur is te hoog.") -> None:
        """Write a first message, and be in the conversation."""
        await self.page.get_by_label("Wat wil je vragen of vertellen?").fill(text)
        await self.page.get_by_role("button", name="Start de chat").click()
        await expect(self.part("log").get_by_text(text)).to_be_visible(timeout=WAIT_SECONDS * 1000)

    async def say(self, text: str) -> None:
        """Write a message."""
        await self.page.get_by_label("Je bericht").fill(text)
        await self.page.get_by_role("button", name="Stuur", exact=True).click()

    async def sees(self, text: str) -> None:
        """It stands in the conversation, once."""
        found = self.part("log").get_by_text(text, exact=True)
        await expect(found).to_have_count(1, timeout=WAIT_SECONDS * 1000)
        await expect(self.part("outbox")).to_be_empty()

    async def words(self) -> list[str]:
        """The seven words that are shown."""
        await expect(self.part("words").locator("li")).to_have_count(7)
        return await self.part("words").locator("li").all_inner_texts()

    async def conv(self) -> str:
        """Which conversation this tab is in."""
        found: str = await self.page.evaluate("JSON.parse(sessionStorage.getItem('wb1')).conv")
        return found

    async def skip_words(self) -> None:
        """Hide them."""
        await self.page.get_by_role("button", name="Verberg").click()

    async def lines(self) -> list[str]:
        """The texts of the conversation, in order."""
        return await self.part("log").locator(".words, .fixed").all_inner_texts()

    def posts(self) -> list[str]:
        """Everything that was asked and could change something."""
        return [path for method, path in self.asked if method not in {"GET", "HEAD"}]


class Place:
    """A server with a team, and tabs in front of it."""

    def __init__(self, browser: Browser, crew: Crew) -> None:
        self.browser = browser
        self.crew = crew
        self.contexts: list[BrowserContext] = []

    @property
    def base_url(self) -> str:
        """Where the server is."""
        return self.crew.living.base_url

    async def context(self, size: tuple[int, int] = PHONE, **more: Any) -> BrowserContext:
        """A browser of somebody else: nothing is shared. Its clock is that of the server."""
        options = {"viewport": {"width": size[0], "height": size[1]}, "locale": "nl-BE", **more}
        made = await self.browser.new_context(**options)
        shift = self.crew.living.bot.house.clock.now_ms() - round(time.time() * 1000)
        await made.add_init_script(_SAME_MOMENT.replace("SHIFT", str(shift)))
        self.contexts.append(made)
        return made

    async def visit(
        self,
        context: BrowserContext | None = None,
        size: tuple[int, int] = PHONE,
        query: str = "lang=nl",
        **more: Any,
    ) -> Visit:
        """Somebody opens the page."""
        context = context or await self.context(size, **more)
        page = await context.new_page()
        return await self.follow(page, query)

    async def follow(self, page: Page, query: str = "lang=nl", *, go: bool = True) -> Visit:
        """The same with a tab that is there already."""
        visit = Visit(page, self.base_url)
        page.on("request", lambda asked: visit.asked.append((asked.method, asked.url)))
        page.on("console", lambda message: visit.hear(message.text))
        page.on("pageerror", lambda error: visit.hear(str(error)))
        if go:
            await visit.open(query)
        return visit

    async def claim(self, who: Colleague, visit: Visit) -> Conversation:
        """Take the conversation of that tab, and read it."""
        conv = await visit.conv()

        async def waiting() -> Any:
            rows = (await who.queue())["waiting"]
            return next((row for row in rows if row["conv"] == conv), None)

        row = await until(waiting)
        await who.act(unb64(conv), "claim", version=row["version"])
        return await who.open(unb64(conv), self.crew.now)

    async def close(self) -> None:
        """Everybody leaves."""
        for context in self.contexts:
            for page in context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await context.unroute_all(behavior="ignoreErrors")
            await context.close()
