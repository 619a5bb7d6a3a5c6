"""Can a team found itself at the console, and talk with a resident from there?"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Route, expect

from tests.securechat.browser.visit import TOGETHER, WAIT_SECONDS, Place, Visit
from tests.securechat.browser.work import Console, Team, beside, founder, worker
from tests.securechat.crew import a_crew

pytestmark = TOGETHER

_MS = WAIT_SECONDS * 1000


@pytest_asyncio.fixture(loop_scope="module")
async def empty(browser: Browser, tmp_path: Path) -> AsyncIterator[Place]:
    """A server whose team has nobody yet."""
    async with a_crew(tmp_path) as crew:
        opened = Place(browser, crew)
        yield opened
        await opened.close()


def png(side: int = 64) -> bytes:
    """A red square."""
    row = b"\0" + b"\xe0\x10\x20" * side

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(row * side)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


async def test_a_team_founds_itself_and_talks_from_claim_to_close(empty: Place) -> None:
    """Root, second worker, resident, claim, photo, hand-over, close; 51 on the way."""
    anna = await founder(empty)
    ben = await worker(empty, anna, "Ben")
    visit = await empty.visit()
    await visit.begin("Mijn huur is te hoog.")
    await visit.skip_words()
    await _talk(ben, visit)
    await _photo(ben, visit)
    await _hand_over(ben, anna, visit)
    await anna.step("Stop dit gesprek")
    await expect(anna.part("status")).to_contain_text("Dit gesprek is gestopt", timeout=_MS)
    await expect(anna.part("composer")).to_be_hidden()
    await expect(visit.part("log")).to_contain_text("Anna heeft dit gesprek", timeout=_MS)
    assert [] == anna.said + ben.said + visit.said
    asked = anna.asked + ben.asked
    assert [] == [url for url in asked if not url.startswith((empty.base_url, "blob:"))]


async def _talk(ben: Console, visit: Visit) -> None:
    await ben.claim()
    await ben.sees("Mijn huur is te hoog.")
    await expect(visit.part("log")).to_contain_text("Ben leest", timeout=_MS)
    await ben.say("Dag, ik lees met je mee.")
    await visit.sees("Dag, ik lees met je mee.")
    await visit.say("Fijn.")
    await ben.sees("Fijn.")


async def _photo(ben: Console, visit: Visit) -> None:
    file = FilePayload(name="foto.png", mimeType="image/png", buffer=png())
    await ben.part("photo").set_input_files(files=[file])
    await expect(visit.part("log").locator("img")).to_have_count(1, timeout=_MS)
    await expect(ben.part("log").locator("img")).to_have_count(1, timeout=_MS)


async def _hand_over(ben: Console, anna: Console, visit: Visit) -> None:
    await anna.go("Gesprekken")
    await ben.page.locator("#steps summary").click()
    await ben.field("Doorgeven aan").select_option("Anna")
    await ben.step("Vraag deze collega")
    await expect(ben.part("status")).to_contain_text("Je vroeg Anna", timeout=_MS)
    await anna.press("Neem dit gesprek over", "#offered")
    await anna.sees("Dag, ik lees met je mee.")
    await expect(anna.part("log").locator("img")).to_have_count(1, timeout=_MS)
    await expect(visit.part("log")).to_contain_text("Anna gaat verder", timeout=_MS)
    await expect(ben.part("status")).to_contain_text("niet meer bij jou", timeout=_MS)
    await expect(ben.part("composer")).to_be_hidden()
    await anna.say("Ik ben Anna.")
    await visit.sees("Ik ben Anna.")


async def test_what_was_given_back_goes_on_with_a_colleague(team: Team) -> None:
    anna, ben = await beside(team.anna), await beside(team.ben)
    visit = await anna.place.visit()
    await visit.begin("Dag.")
    await visit.skip_words()
    await ben.claim()
    await ben.sees("Dag.")
    await ben.step("Terug naar de wachtrij")
    await expect(ben.part("status")).to_contain_text("niet meer bij jou", timeout=_MS)
    await anna.claim()
    await anna.sees("Dag.")
    await expect(anna.part("log")).to_contain_text("Ben gaf dit gesprek terug", timeout=_MS)


async def test_who_changed_since_the_list_was_read_is_taken_all_the_same(team: Team) -> None:
    """On a slow line the list is old when it is pressed; it may not cost a second press."""
    anna, ben = await beside(team.anna), await beside(team.ben)
    visit = await anna.place.visit()
    await visit.begin("Op een trage lijn.")
    await anna.go("Gesprekken")
    await expect(anna.part("waiting").get_by_role("button")).to_have_count(1, timeout=_MS)
    pressed = asyncio.Event()

    async def hold(route: Route) -> None:
        await pressed.wait()
        await route.continue_()

    async def press(route: Route) -> None:
        pressed.set()
        await route.continue_()

    await anna.page.route("**/api/w/queue", hold)
    await anna.page.route("**/claim", press)
    await ben.claim()
    await ben.sees("Op een trage lijn.")
    await ben.step("Terug naar de wachtrij")
    await expect(ben.part("status")).to_contain_text("niet meer bij jou", timeout=_MS)
    await anna.claim()
    await anna.sees("Op een trage lijn.")


async def test_a_reload_asks_for_the_password_and_keeps_the_draft(team: Team) -> None:
    anna = await beside(team.anna)
    visit = await anna.place.visit()
    await visit.begin("Voor het laden.")
    await anna.claim()
    await anna.sees("Voor het laden.")
    await anna.field("Je bericht").fill("Half geschreven")
    kept = "Object.values(sessionStorage).join(' ')"
    await anna.page.wait_for_function(
        "Object.keys(sessionStorage).some((k) => k.startsWith('werk '))"
    )
    assert "Half" not in await anna.page.evaluate(kept)
    await anna.page.reload()
    await expect(anna.part("view-unlock")).to_be_visible()
    await expect(anna.page.get_by_text("Voor het laden.", exact=True)).to_have_count(0)
    await anna.unlock()
    await anna.open_with("Voor het laden.")
    await expect(anna.field("Je bericht")).to_have_value("Half geschreven", timeout=_MS)


async def test_two_tabs_of_one_worker_both_write(team: Team) -> None:
    """Both choose the same number; the second one reads, and seals again."""
    anna = await beside(team.anna)
    visit = await anna.place.visit()
    await visit.begin("Voor twee tabs.")
    await anna.claim()
    await anna.sees("Voor twee tabs.")
    other = await beside(anna)
    await other.open_with("Voor twee tabs.")
    await other.sees("Voor twee tabs.")
    await anna.field("Je bericht").fill("uit de ene")
    await other.field("Je bericht").fill("uit de andere")
    await anna.page.locator("#send").click()
    await other.page.locator("#send").click()
    for text in ("uit de ene", "uit de andere"):
        await anna.sees(text)
        await other.sees(text)
        await visit.sees(text)


async def test_a_trainee_looks_on_and_the_worker_takes_the_draft_over(team: Team) -> None:
    anna, cas = await beside(team.anna), await beside(team.cas)
    visit = await anna.place.visit()
    await visit.begin("Dag.")
    await visit.skip_words()
    await anna.claim()
    await anna.sees("Dag.")
    await anna.page.locator("#steps summary").click()
    await anna.press("Laat meekijken", "#steps")
    await cas.press("Open dit gesprek", "#beside")
    await cas.sees("Dag.")
    await expect(cas.part("steps")).to_be_hidden()
    await cas.part("message").fill("Zou je dit zo zeggen?")
    await cas.press("Toon aan mijn collega", "#composer")
    await expect(anna.part("drafts")).to_contain_text("Ontwerp van Cas", timeout=_MS)
    await anna.press("Zet het in mijn bericht", "#drafts")
    await expect(anna.part("message")).to_have_value("Zou je dit zo zeggen?")
    await anna.part("send").click()
    await visit.sees("Zou je dit zo zeggen?")
    await cas.sees("Zou je dit zo zeggen?")
    await expect(visit.part("log")).not_to_contain_text("Cas")


async def test_a_wrong_password_and_a_used_code_do_not_come_in(team: Team) -> None:
    anna = team.anna
    await anna.press("Uitloggen", "header")
    await expect(anna.part("view-login")).to_be_visible(timeout=_MS)
    assert 0 == await anna.page.evaluate("sessionStorage.length")
    await anna.field("Inlognaam").fill("anna")
    await anna.field("Wachtwoord").fill("iets heel anders")
    await anna.field("Code van je authenticator-app").fill(anna.next_code())
    await anna.page.get_by_role("button", name="Inloggen").click()
    await expect(anna.part("door-said")).to_contain_text("Dat klopt niet", timeout=_MS)
    await anna.come_in()
