"""Does the console send nothing when it cannot be sure, and is it there for everybody?"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Route, expect

from tests.securechat.browser.visit import TOGETHER, WAIT_SECONDS, Visit, until
from tests.securechat.browser.work import Console, Team, beside, console, link_for
from tests.securechat.client.encoding import b64
from tests.securechat.client.member import make_worker

pytestmark = TOGETHER

_MS = WAIT_SECONDS * 1000
HOSTILE = "<img src=x onerror=\"document.title='x'\">\u202e{name} \U0001f600"
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 800}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def _talking(team: Team, who: Console, text: str = "Dag.") -> tuple[Visit, Console]:
    visit = await team.place.visit()
    await visit.begin(text)
    await visit.skip_words()
    one = await beside(who)
    await one.claim()
    await one.sees(text)
    return visit, one


def _lying(keys: dict[str, Any], how: str) -> dict[str, Any]:
    """The keys of a conversation as a thief in the database would like them."""
    told: dict[str, Any] = json.loads(json.dumps(keys))
    other = make_worker("x")
    members = told["manifest"]["members"]
    if how == "a worker's key":
        members[0]["kem"] = b64(other.kem.public)
    elif how == "a signing key":
        members[0]["sig"] = b64(other.sig.public)
    elif how == "a name":
        members[0]["name"] = "Iemand anders"
    elif how == "a ghost who gets the key":
        told["wrapsets"][0]["recipients"][1]["to"] = b64(b"\x01" * 16)
    elif how == "another root":
        told["root_sig"] = b64(other.sig.public)
    elif how == "another resident":
        told["resident"]["sig"] = b64(other.sig.public)
    return told


@pytest.mark.parametrize(
    "how",
    ["a worker's key", "a signing key", "a name", "a ghost who gets the key", "another root",
     "another resident"],
)  # fmt: skip
async def test_40_what_stands_outside_the_signed_list_blocks(team: Team, how: str) -> None:
    visit, ben = await _talking(team, team.ben)

    async def lie(route: Route) -> None:
        true = await route.fetch()
        await route.fulfill(json=_lying(await true.json(), how))

    await ben.page.route("**/keys", lie)
    await ben.page.reload()
    await ben.unlock()
    await ben.press("Open dit gesprek", "#mine")
    await expect(ben.part("trouble")).to_contain_text("Bel je coördinator", timeout=_MS)
    await expect(ben.part("composer")).to_be_hidden()
    await expect(ben.part("steps")).to_be_hidden()
    ben.asked.clear()
    await visit.say("Ben je er nog?")
    await ben.page.wait_for_timeout(700)
    assert [] == [url for url in ben.asked if url.endswith("/messages")]
    await ben.page.close()


async def test_40_a_colleague_with_other_keys_is_shown_and_never_signed(team: Team) -> None:
    """The accounts of the server say one thing, the signed list another: the list counts."""
    anna = await beside(team.anna)
    other = make_worker("x")

    async def lie(route: Route) -> None:
        told = await (await route.fetch()).json()
        for one in told["accounts"]:
            if one["name"] == "Ben":
                one["kem"], one["sig"] = b64(other.kem.public), b64(other.sig.public)
        await route.fulfill(json=told)

    await anna.page.route("**/api/w/team", lie)
    sent: list[Any] = []
    await anna.page.route("**/api/w/manifest", lambda route: _note(route, sent))
    await anna.go("Team")
    await expect(anna.account("Ben")).to_contain_text("heeft andere sleutels", timeout=_MS)
    await anna.press("Teken de lijst opnieuw", "#list-steps")
    await expect(anna.part("sure-text")).to_contain_text("vallen van de lijst")
    await expect(anna.part("sure-text")).to_contain_text("Ben")
    await anna.press("Ja", "#sure")
    await until(lambda: _any(sent))
    names = [one["name"] for one in sent[0]["manifest"]["members"]]
    assert "Ben" not in names
    assert "Cas" in names


async def _any(sent: list[Any]) -> bool:
    return bool(sent)


async def _note(route: Route, sent: list[Any]) -> None:
    sent.append(route.request.post_data_json)
    await route.abort()


async def test_26_hostile_words_and_names_are_shown_as_words(team: Team) -> None:
    link = await link_for(team.place, HOSTILE, "moderator")
    visit, anna = await _talking(team, team.anna, HOSTILE)
    await visit.say("\u202eab")
    await anna.sees("\u202eab")
    await anna.say("cd")
    await anna.sees("cd")
    bidi = "(all) => all.map((one) => getComputedStyle(one).unicodeBidi)"
    assert {"plaintext"} == set(await anna.part("log").locator(".words").evaluate_all(bidi))
    await anna.go("Team")
    await expect(anna.part("invites")).to_contain_text(HOSTILE, timeout=_MS)
    assert 0 == await anna.page.locator("img, main script").count()
    mo = await console(team.place)
    await mo.join(link, "mo")
    await anna.page.reload()
    await anna.unlock()
    await anna.go("Team")
    await expect(anna.part("accounts")).to_contain_text(HOSTILE, timeout=_MS)
    assert 0 == await anna.page.locator("img, main script").count()
    assert "Buurthuis De Brug" == await anna.page.title()
    assert [] == anna.said + mo.said


async def test_who_may_not_talk_sees_no_conversations(team: Team) -> None:
    mo = await console(team.place)
    await mo.join(await link_for(team.place, "Mo", "moderator"), "moos")
    rooms = await mo.part("nav").get_by_role("link").all_inner_texts()
    assert ["Mijn account"] == [one.strip() for one in rooms]
    assert [] == [url for url in mo.asked if url.endswith(("/queue", "/events", "/team"))]


async def _fine(one: Console, room: str) -> None:
    for size in (NARROW, WIDE):
        await one.page.set_viewport_size(size)  # type: ignore[arg-type]
        results = await Axe().run(one.page, options=RULES)
        found = results.response["violations"]
        grave = [v for v in found if v["impact"] in {"serious", "critical"}]
        assert [] == [(room, v["id"], [n["target"] for n in v["nodes"]]) for v in grave]
        assert await one.page.evaluate(SIDEWAYS) <= 0, (room, size)


async def test_59_every_room_is_for_everybody(team: Team) -> None:
    _, anna = await _talking(team, team.anna, "Een lang woord: " + "a" * 300)
    await anna.page.locator("#steps summary").click()
    await _fine(anna, "talk")
    await anna.press("Terug naar de lijst", "#talk")
    for room in ("Gesprekken", "Infokaart", "Team", "Mijn account"):
        await anna.go(room)
        await anna.page.wait_for_timeout(500)
        await _fine(anna, room)
    await anna.page.reload()
    await expect(anna.part("view-unlock")).to_be_visible()
    await _fine(anna, "unlock")
    await anna.page.context.clear_cookies()
    await anna.page.reload()
    await expect(anna.part("view-login")).to_be_visible()
    await _fine(anna, "login")
    await anna.come_in()


async def test_59_an_invitation_is_for_everybody(team: Team) -> None:
    one = await console(team.place)
    seen: list[str] = []

    async def look(step: str) -> None:
        seen.append(step)
        await _fine(one, step)

    await one.join(await link_for(team.place, "Dora", "worker"), "dora", look)
    assert ["invite", "totp"] == seen


async def test_59_from_login_to_answer_with_keys_alone(team: Team) -> None:
    visit = await team.place.visit()
    await visit.begin("Met toetsen.")
    ben = await beside(team.ben)
    press = ben.page.keyboard.press
    await expect(ben.part("waiting").get_by_role("button")).to_have_count(1, timeout=_MS)
    for _ in range(20):
        await press("Tab")
        focused = await ben.page.evaluate("document.activeElement.ariaLabel ?? ''")
        if focused.startswith("Neem dit gesprek"):
            break
    await press("Enter")
    await ben.sees("Met toetsen.")
    assert "talk-title" == await ben.page.evaluate("document.activeElement.id")
    for _ in range(20):
        await press("Tab")
        if "message" == await ben.page.evaluate("document.activeElement.id"):
            break
    await ben.page.keyboard.type("Antwoord.")
    await press("Tab")
    await press("Enter")
    await visit.sees("Antwoord.")


async def test_without_script_the_page_says_so_and_asks_nothing(team: Team) -> None:
    context = await team.place.context(java_script_enabled=False)
    one = await console(team.place, context)
    await one.open()
    await expect(
        one.page.get_by_role("heading", name=re.compile("werkt hier nu niet"))
    ).to_be_visible()
    assert [] == [url for url in one.asked if "/api/" in url]
