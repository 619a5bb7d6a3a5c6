"""Can somebody look after their own account, and does a tab that nobody works at lock itself?"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from tests.living import SATURDAY, free_port, living_bot
from tests.securechat.browser.visit import TOGETHER, WAIT_SECONDS, Place
from tests.securechat.browser.work import PASSWORD, Console, console, founder, worker
from tests.securechat.crew import BUILTIN, CHANNELS, Crew

pytestmark = TOGETHER

_MS = WAIT_SECONDS * 1000
OTHER = "fiets tafel regen wolk"
VIRTUAL = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def anna(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Console]:
    """The founder of a team whose server has a name: a passkey belongs to no bare address."""
    port = free_port()
    url = f"http://localhost:{port}"
    folder: Path = tmp_path_factory.mktemp("account")
    async with (
        living_bot(
            folder, CHANNELS, extra=BUILTIN, at=SATURDAY, port=port, public_url=url
        ) as living,
        AsyncExitStack() as stack,
    ):
        place = Place(browser, Crew(replace(living, base_url=url), stack))
        yield await founder(place)
        await place.close()


async def _prove(one: Console, password: str = PASSWORD) -> None:
    await one.part("prove-password").fill(password)
    await one.part("prove-code").fill(one.next_code())
    await one.press("Ga verder", "#prove")


async def test_a_passkey_takes_the_place_of_the_code(anna: Console) -> None:
    devtools = await anna.page.context.new_cdp_session(anna.page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL})
    await anna.go("Mijn account")
    await anna.press("Voeg een passkey toe")
    await _prove(anna)
    await expect(anna.part("account-said")).to_contain_text("werkt vanaf nu", timeout=_MS)
    await anna.press("Uitloggen", "header")
    await anna.field("Inlognaam").fill("anna")
    await anna.field("Wachtwoord").fill(PASSWORD)
    await anna.press("Gebruik een passkey")
    await anna.is_in()
    await anna.go("Mijn account")
    await anna.press("Haal weg: Passkey 1", "#passkeys")
    await _prove(anna)
    await expect(anna.part("passkeys").locator("li")).to_have_count(0, timeout=_MS)
    assert [] == anna.said


async def test_a_new_phone_takes_the_place_of_the_old_one(anna: Console) -> None:
    await anna.go("Mijn account")
    await anna.press("Gebruik een andere app")
    await _prove(anna)
    secret = anna.part("app-secret")
    await expect(secret).to_have_text(re.compile(r"^[A-Z2-7 ]{39,}$"), timeout=_MS)
    anna.secret = (await secret.inner_text()).replace(" ", "")
    await anna.part("app-code").fill("000000")
    await anna.press("Klaar", "#app-form")
    await expect(anna.part("account-said")).to_contain_text("niet de code", timeout=_MS)
    await anna.part("app-code").fill(anna.next_code())
    await anna.press("Klaar", "#app-form")
    await expect(anna.part("account-said")).to_contain_text("alleen de nieuwe app", timeout=_MS)
    await expect(secret).to_be_hidden()


async def test_another_password_opens_the_same_keys(anna: Console) -> None:
    visit = await anna.place.visit()
    await visit.begin("Van voor het wachtwoord.")
    await anna.claim()
    await anna.sees("Van voor het wachtwoord.")
    await anna.go("Mijn account")
    await anna.part("password-new").fill("te kort")
    await expect(anna.part("password-strength")).to_contain_text("nog 5 tekens")
    for name in ("password-new", "password-again"):
        await anna.part(name).fill(OTHER)
    await anna.press("Verander mijn wachtwoord")
    await _prove(anna)
    await expect(anna.part("account-said")).to_contain_text("is veranderd", timeout=_MS)
    await anna.page.reload()
    await anna.part("unlock-password").fill(PASSWORD)
    await anna.press("Open", "#unlock-form")
    await expect(anna.part("door-said")).to_contain_text("niet je wachtwoord", timeout=_MS)
    await anna.part("unlock-password").fill(OTHER)
    await anna.press("Open", "#unlock-form")
    await anna.is_in()
    await anna.go("Gesprekken")
    await anna.press("Open dit gesprek", "#mine")
    await anna.sees("Van voor het wachtwoord.")


async def test_a_wrong_password_changes_nothing(anna: Console) -> None:
    await anna.go("Mijn account")
    for name in ("password-new", "password-again"):
        await anna.part(name).fill("nog een ander wachtwoord")
    posts: list[str] = []
    anna.page.on("request", lambda asked: posts.append(asked.method))
    await anna.press("Verander mijn wachtwoord")
    await _prove(anna, "iets heel anders")
    await expect(anna.part("account-said")).to_contain_text("niet je wachtwoord", timeout=_MS)
    assert "POST" not in posts


async def test_without_the_live_line_the_console_asks_again(anna: Console) -> None:
    """A proxy that swallows the stream: new conversations come all the same."""
    ben = await worker(anna.place, anna, "Ben")
    await ben.page.route("**/api/w/events", _swallow)
    await ben.page.reload()
    await ben.unlock()
    visit = await anna.place.visit()
    await visit.begin("Zonder lijn.")
    await expect(ben.part("waiting").get_by_role("button")).to_have_count(1, timeout=_MS)


async def _swallow(route: Route) -> None:
    await route.abort()


async def test_half_an_hour_without_anybody_locks_the_tab_and_keeps_the_draft(
    anna: Console,
) -> None:
    one = await console(anna.place)
    # more than some attempts in a quarter of an hour are refused
    anna.place.crew.living.bot.house.clock.shift(16 * 60)
    await one.page.clock.install(time=SATURDAY)
    one.login, one.secret = anna.login, anna.secret
    await one.open()
    await one.field("Inlognaam").fill("anna")
    await one.field("Wachtwoord").fill(OTHER)
    await one.part("login-code").fill(one.next_code())
    await one.press("Inloggen")
    await one.is_in()
    await one.press("Open dit gesprek", "#mine")
    await one.sees("Van voor het wachtwoord.")
    await one.field("Je bericht").fill("Bijna weg")
    await one.page.clock.fast_forward("29:00")
    await one.field("Je bericht").fill("Bijna weg, maar ik typ nog")
    await one.page.clock.fast_forward("29:00")
    await expect(one.part("nav")).to_be_visible()
    await one.page.clock.fast_forward("02:00")
    await expect(one.part("view-unlock")).to_be_visible(timeout=_MS)
    await expect(one.part("door-said")).to_contain_text("half uur weg")
    await one.part("unlock-password").fill(OTHER)
    await one.press("Open", "#unlock-form")
    await one.is_in()
    await one.press("Open dit gesprek", "#mine")
    await expect(one.field("Je bericht")).to_have_value("Bijna weg, maar ik typ nog", timeout=_MS)
