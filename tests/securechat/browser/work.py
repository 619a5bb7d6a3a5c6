"""How does a test work at the console? As the team does: by label, button and key."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.securechat.browser.visit import DESK, WAIT_SECONDS, Place
from tests.securechat.client.http import totp
from tests.securechat.crew import a_crew
from wijkbot.app import staff_invite

PASSWORD = "paard batterij nietje"
_MS = WAIT_SECONDS * 1000
FOUNDER = ("admin", "coordinator")


@dataclass
class Console:
    """One tab at ``/werk``, and what the browser complained about."""

    page: Page
    place: Place
    login: str = ""
    secret: str = ""
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def hear(self, text: str) -> None:
        """The browser complains; what it says of an unknown feature, or of a no, is none."""
        harmless = (
            "Permissions-Policy header: Unrecognized feature",
            "the server responded with",
            "Clear-Site-Data header on",
        )
        if not any(one in text for one in harmless):
            self.said.append(text)

    def part(self, name: str) -> Locator:
        """A part of the page by its id."""
        return self.page.locator(f"#{name}")

    def field(self, label: str) -> Locator:
        """What is typed or chosen under that label, of what is shown."""
        return self.page.get_by_label(label, exact=True).locator("visible=true")

    def button(self, name: str | re.Pattern[str], within: str = "main") -> Locator:
        """A button that can be pressed now."""
        return self.page.locator(within).get_by_role("button", name=name)

    async def press(self, name: str, within: str = "main") -> None:
        """Press it; the name is the whole of it, or what it begins with."""
        await self.button(re.compile(f"^{re.escape(name)}"), within).first.click()

    async def go(self, room: str) -> None:
        """Follow the navigation."""
        await self.part("nav").get_by_role("link", name=room).click()

    async def open(self, address: str = "/werk?lang=nl") -> None:
        """Go to the console, or to a link."""
        await self.page.goto(f"{self.place.base_url}{address}")

    async def join(self, link: str, login: str, after: Any = None) -> list[str]:
        """Follow an invitation to its end; gives the twelve words when the root was made.

        ``after`` is awaited at each step that is worth a picture, with its name.
        """
        path, _, token = link.partition("#")
        await self.page.goto(f"{path}?lang=nl#{token}")
        await self.field("Inlognaam").fill(login)
        await self.field("Wachtwoord, minstens 12 tekens").fill(PASSWORD)
        await self.field("Nog eens hetzelfde wachtwoord").fill(PASSWORD)
        await _seen(after, "invite")
        await self.press("Ga verder", "#invite-form")
        shown = self.page.locator("#totp:not([hidden]), #root:not([hidden])")
        await expect(shown).to_be_visible(timeout=_MS)
        words = await self._words(after) if await self.part("root").is_visible() else []
        await expect(self.part("totp")).to_be_visible(timeout=_MS)
        self.login = login
        self.secret = (await self.part("totp-secret").inner_text()).replace(" ", "")
        await _seen(after, "totp")
        await self.field("De code die de app nu toont").fill(self.code)
        await self.press("Klaar", "#totp")
        await self.is_in()
        return words

    async def _words(self, after: Any) -> list[str]:
        items = self.part("root-words").locator("li")
        await expect(items).to_have_count(12)
        words = await items.all_inner_texts()
        await _seen(after, "root")
        await self.press("Ik heb ze opgeschreven", "#root")
        for at in (0, 1):
            label = await self.part(f"root-label-{at}").inner_text()
            await self.part(f"root-{at}").fill(words[int(label.split()[1]) - 1])
        await self.press("Kijk na", "#root-check")
        return words

    @property
    def code(self) -> str:
        """What the authenticator app shows now."""
        return totp(self.secret, self.place.crew.now)

    def next_code(self) -> str:
        """The next one: none is taken twice."""
        self.place.crew.living.bot.house.clock.shift(30)
        return self.code

    async def come_in(self) -> None:
        """Name, password and code."""
        await self.field("Inlognaam").fill(self.login)
        await self.field("Wachtwoord").fill(PASSWORD)
        await self.field("Code van je authenticator-app").fill(self.next_code())
        await self.page.get_by_role("button", name="Inloggen").click()
        await self.is_in()

    async def unlock(self) -> None:
        """After a reload the password alone."""
        await self.part("unlock-password").fill(PASSWORD)
        await self.press("Open", "#unlock-form")
        await self.is_in()

    async def is_in(self) -> None:
        """The navigation is there."""
        await expect(self.part("nav")).to_be_visible(timeout=_MS)

    async def invite(self, name: str, role: str) -> str:
        """Make a link for somebody."""
        await self.go("Team")
        await self.field("Naam").fill(name)
        for box in await self.part("new-roles").get_by_role("checkbox").all():
            await box.set_checked(await box.get_attribute("value") == role)
        await self.press("Maak een link")
        await expect(self.part("link")).to_have_value(re.compile("#.+"), timeout=_MS)
        return await self.part("link").input_value()

    def account(self, name: str) -> Locator:
        """Somebody on the page of the team."""
        return self.part("accounts").locator("li").filter(has_text=name)

    async def put_on_list(self, name: str, number: str) -> None:
        """Compare the number, and sign."""
        await self.account(name).get_by_role("button", name="Zet op de lijst").click()
        await expect(self.part("sure-code")).to_have_text(number)
        await self.press("Ja", "#sure")
        await expect(self.account(name)).to_contain_text("op de lijst als", timeout=_MS)

    async def number(self) -> str:
        """The own number, from the own page."""
        await self.go("Mijn account")
        await expect(self.part("account-number")).to_have_text(re.compile(r"^(\d{4} ?){6}$"))
        return await self.part("account-number").inner_text()

    async def claim(self) -> None:
        """Take who waits longest."""
        await self.go("Gesprekken")
        await self.press("Neem dit gesprek", "#waiting")
        await expect(self.part("composer")).to_be_visible(timeout=_MS)

    async def say(self, text: str) -> None:
        """Write something."""
        await self.field("Je bericht").fill(text)
        await self.part("send").click()

    async def sees(self, text: str) -> None:
        """It stands in the conversation, once, and nothing waits to be sent."""
        found = self.part("log").get_by_text(text, exact=True)
        await expect(found).to_have_count(1, timeout=_MS)
        await expect(self.part("outbox")).to_be_empty(timeout=_MS)

    async def open_with(self, text: str) -> None:
        """Open that conversation; the list does not say what is in one, so look into each."""
        presses = self.part("mine").get_by_role("button")
        await expect(presses.first).to_be_visible(timeout=_MS)
        for at in range(await presses.count()):
            await presses.nth(at).click()
            await expect(self.part("log").locator(".msg").first).to_be_visible(timeout=_MS)
            if await self.part("log").get_by_text(text, exact=True).count():
                return
        raise AssertionError(f"no conversation with {text!r}")

    async def step(self, name: str) -> None:
        """Something of the menu, with its yes."""
        details = self.part("steps")
        if not await details.evaluate("one => one.open"):
            await details.locator("summary").click()
        await self.press(name, "#steps")
        await self.press("Ja", "#sure")


async def _seen(after: Any, name: str) -> None:
    if after is not None:
        await after(name)


async def console(
    place: Place, context: BrowserContext | None = None, size: tuple[int, int] = DESK
) -> Console:
    """Somebody sits down at a browser of their own."""
    context = context or await place.context(size)
    page = await context.new_page()
    made = Console(page, place)
    page.on("request", lambda asked: made.asked.append(asked.url))
    page.on("console", lambda message: made.hear(message.text))
    page.on("pageerror", lambda error: made.hear(str(error)))
    return made


async def link_for(place: Place, name: str, *roles: str) -> str:
    """A link that the command of the server gives."""
    house = place.crew.living.bot.house
    return await staff_invite.invite(house, staff_invite.OPERATOR, name, roles)


async def beside(one: Console) -> Console:
    """Another tab of the same browser: still logged in, so the password is enough."""
    made = await console(one.place, one.page.context)
    made.login, made.secret = one.login, one.secret
    await made.open()
    await made.unlock()
    return made


async def founder(place: Place, name: str = "Anna") -> Console:
    """The first one, with the root made in their browser."""
    first = await console(place)
    await first.join(await link_for(place, name, *FOUNDER), name.lower())
    return first


async def worker(place: Place, first: Console, name: str, role: str = "worker") -> Console:
    """Somebody whom the first one invites, and puts on the list."""
    link = await first.invite(name, role)
    made = await console(place)
    await made.join(link, name.lower())
    number = await made.number()
    await first.go("Team")
    await first.put_on_list(name, number)
    await made.go("Gesprekken")
    return made


@dataclass
class Team:
    """Who works at one server: the founder, a worker and a trainee, each at their own browser."""

    place: Place
    anna: Console
    ben: Console
    cas: Console

    async def tidy(self) -> None:
        """Close the tabs that a test opened beside the first ones, and every other browser."""
        own = [one.page for one in (self.anna, self.ben, self.cas)]
        for context in list(self.place.contexts):
            if all(page.context is not context for page in own):
                await context.close()
                self.place.contexts.remove(context)
                continue
            for page in context.pages:
                if page not in own:
                    await page.close()


@asynccontextmanager
async def a_team(browser: Browser, folder: Path) -> AsyncIterator[Team]:
    """A team that came together at the console."""
    async with a_crew(folder) as crew:
        place = Place(browser, crew)
        anna = await founder(place)
        ben = await worker(place, anna, "Ben")
        cas = await worker(place, anna, "Cas", "trainee")
        yield Team(place, anna, ben, cas)
        await place.close()
