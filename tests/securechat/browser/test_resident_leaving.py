"""Is somebody gone from the page in an instant, and does nothing stay behind?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import BrowserContext, Page, Route, async_playwright, expect

from tests.securechat.browser.visit import TOGETHER, Place, Visit
from tests.securechat.crew import Crew

pytestmark = TOGETHER

SECRET = "Niemand mag dit lezen: parelgrijze olifant."
WEATHER = "https://www.buienradar.nl/"

LEAVE = """
async () => {
  document.getElementById('exit').click();
  await new Promise((done) => setTimeout(done, 100));
  const cover = document.querySelector('.cover').getBoundingClientRect();
  return {
    text: document.body.innerText,
    html: document.body.innerHTML.length,
    title: document.title,
    kept: sessionStorage.length,
    covered: cover.width >= innerWidth && cover.height >= innerHeight,
  };
}
"""


async def _weather(context: BrowserContext) -> None:
    async def answer(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<title>weer</title>zonnig")

    await context.route(f"{WEATHER}**", answer)


async def _talking(place: Place, context: BrowserContext | None = None) -> Visit:
    visit = await place.visit(context)
    await visit.begin(SECRET)
    await visit.skip_words()
    return visit


async def test_23_content_is_gone_in_a_tenth_of_a_second_without_network(place: Place) -> None:
    visit = await _talking(place)
    await visit.page.get_by_label("Je bericht").fill("nog een klad")
    hangs = asyncio.Event()

    async def hang(_: Route) -> None:
        hangs.set()
        await asyncio.sleep(5)

    await visit.page.context.set_offline(True)
    await visit.page.route(f"{WEATHER}**", hang)
    left = await visit.page.evaluate(LEAVE)
    assert ("", "…", 0, True) == (left["text"], left["title"], left["kept"], left["covered"])
    assert left["html"] < 60, "nothing is left behind the cover"
    assert hangs.is_set(), "the way out does not wait for the server to hear of it"


async def test_23_back_shows_no_talk_and_the_server_is_told_without_a_name(place: Place) -> None:
    context = await place.context()
    await _weather(context)
    page = await context.new_page()
    await page.goto(f"{place.base_url}/health")
    visit = await place.follow(page)
    await visit.begin(SECRET)
    await visit.skip_words()
    told: list[dict[str, str]] = []

    async def hear(route: Route) -> None:
        told.append({**route.request.headers, "body": route.request.post_data or ""})
        await route.continue_()

    await page.route("**/api/c/exit", hear)
    await page.get_by_role("link", name="Ga nu weg van deze pagina").click()
    await page.wait_for_url(WEATHER)
    assert "zonnig" == await page.inner_text("body")
    assert 1 == len(told)
    assert "" == told[0]["body"]
    assert not {"authorization", "cookie"} & set(told[0])
    await page.go_back()
    assert page.url.endswith("/health"), "the chat has no place in the history of the tab"
    await visit.open()
    await expect(visit.part("first")).to_be_visible()
    assert SECRET not in await page.inner_text("body")
    assert 0 == await page.evaluate("sessionStorage.length")
    assert [] == await context.cookies()


async def test_23_shift_three_times_leaves_and_is_announced(place: Place) -> None:
    context = await place.context()
    await _weather(context)
    visit = await _talking(place, context)
    heard = visit.part("exit-heard")
    assert "status" == await heard.get_attribute("role")
    await visit.page.keyboard.press("Shift")
    await expect(heard).to_have_text("Nog 2 × Shift, en je bent weg van deze pagina.")
    await visit.page.keyboard.press("Shift")
    await expect(heard).to_have_text("Nog 1 × Shift, en je bent weg van deze pagina.")
    await visit.page.keyboard.press("a")
    await visit.page.keyboard.press("Shift")
    await expect(heard).to_have_text("Nog 2 × Shift, en je bent weg van deze pagina.")
    await visit.page.keyboard.press("Shift")
    await visit.page.keyboard.press("Shift")
    await visit.page.wait_for_url(WEATHER)


async def test_23_capitals_while_typing_do_not_leave(place: Place) -> None:
    visit = await place.visit()
    field = visit.page.get_by_label("Wat wil je vragen of vertellen?")
    await field.focus()
    for letter in ("A", "B", "C", "D"):
        await visit.page.keyboard.press(f"Shift+{letter}")
    await visit.page.wait_for_timeout(300)
    assert visit.page.url.startswith(place.base_url)
    assert "ABCD" == await field.input_value()


async def test_23_the_way_out_is_first_large_and_always_on_top(place: Place) -> None:
    for size in ((320, 640), (1280, 800), (740, 360)):
        visit = await place.visit(size=size)
        await visit.begin()
        exit_ = visit.part("exit")
        for _ in range(3):
            await visit.page.mouse.wheel(0, 400)
            await visit.page.wait_for_timeout(100)
            box = await exit_.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= size[1]
            middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
            on_top = "([x, y]) => document.elementFromPoint(x, y).id"
            assert "exit" == await visit.page.evaluate(on_top, middle)
        await visit.page.reload()
        await visit.page.keyboard.press("Tab")
        assert "exit" == await visit.page.evaluate("document.activeElement.id")


async def test_24_a_page_from_the_memory_of_the_browser_is_covered(place: Place) -> None:
    visit = await _talking(place)
    await visit.page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )
    await _covered(visit)
    await visit.page.get_by_role("button", name="Toon mijn gesprek").click()
    await visit.sees(SECRET)
    await visit.say("Ik ben er nog.")
    await visit.sees("Ik ben er nog.")


async def _covered(visit: Visit) -> None:
    await expect(visit.page.get_by_text("Je gesprek is bedekt")).to_be_visible()
    html: str = await visit.page.content()
    assert SECRET not in html
    assert SECRET not in await visit.page.get_by_label("Je bericht").input_value()


async def test_24_the_back_button_shows_a_covered_page(place: Place) -> None:
    visit = await _talking(place)
    await visit.page.goto(f"{place.base_url}/health")
    await visit.page.go_back()
    await _covered(visit)
    await visit.page.get_by_role("button", name="Vergeet het in dit tabblad").click()
    await expect(visit.part("first")).to_be_visible()
    assert 0 == await visit.page.evaluate("sessionStorage.length")


@asynccontextmanager
async def _remembering(
    chromium_path: str, chromium_args: list[str], crew: Crew
) -> AsyncIterator[Place]:
    """A Chromium that keeps left pages in its memory, as at home: Playwright forbids it."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium_path,
            args=[*chromium_args, "--enable-features=BackForwardCache"],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        place = Place(running, crew)
        yield place
        await place.close()
        await running.close()


async def _back_and_forth(place: Place, visit: Visit) -> bool:
    """Leave, and come back by the button; was it the very page of before?"""
    await visit.page.evaluate("window.before = true")
    await visit.page.goto(f"{place.base_url}/health")
    await visit.page.evaluate("history.back()")
    await visit.page.wait_for_url("**/c?lang=nl", wait_until="commit")
    await expect(visit.page.get_by_text("Je gesprek is bedekt")).to_be_visible()
    return bool(await visit.page.evaluate("window.before === true"))


async def test_24_a_browser_that_keeps_left_pages_does_not_keep_this_one(
    chromium_path: str, chromium_args: list[str], crew: Crew
) -> None:
    async with _remembering(chromium_path, chromium_args, crew) as place:
        visit = await _talking(place)
        assert not await _back_and_forth(place, visit)
        await _covered(visit)
        why = """performance.getEntriesByType('navigation')[0].notRestoredReasons
            .reasons.map((one) => one.reason)"""
        reasons = await visit.page.evaluate(why)
        assert "response-cache-control-no-store" in reasons, reasons
        assert "masked" not in reasons, "the memory was on, or this says nothing"


async def test_24_where_it_is_kept_all_the_same_it_comes_back_covered(
    chromium_path: str, chromium_args: list[str], crew: Crew
) -> None:
    """A real restore: without the header that forbids it, which some browsers pass by."""
    async with _remembering(chromium_path, chromium_args, crew) as place:
        context = await place.context()

        async def allow(route: Route) -> None:
            answer = await route.fetch()
            headers = {**answer.headers, "cache-control": "no-cache"}
            await route.fulfill(response=answer, headers=headers)

        await context.route("**/c?lang=nl", allow)
        visit = await _talking(place, context)
        assert await _back_and_forth(place, visit), "the page itself came back, with all it knew"
        await _covered(visit)
        await visit.page.get_by_role("button", name="Toon mijn gesprek").click()
        await visit.sees(SECRET)
        await visit.say("Ik ben er nog.")
        await visit.sees("Ik ben er nog.")


async def test_24_a_duplicated_tab_shows_nothing_and_forgets(place: Place) -> None:
    visit = await _talking(place)
    async with visit.page.expect_popup() as opening:
        await visit.page.evaluate("void window.open('/c?lang=nl')")
    double: Page = await opening.value
    await expect(double.get_by_text("Dit gesprek staat open in een ander tabblad")).to_be_visible()
    assert SECRET not in await double.content()
    assert 0 == await double.evaluate("sessionStorage.length")
    await visit.say("Hier gaat het verder.")
    await visit.sees("Hier gaat het verder.")


async def test_24_behind_another_app_nothing_is_seen(place: Place) -> None:
    visit = await _talking(place)
    hide = """(state) => {
      Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    await visit.page.evaluate(hide, "hidden")
    await expect(visit.page.get_by_text(SECRET)).to_be_hidden()
    await visit.page.evaluate(hide, "visible")
    await expect(visit.page.get_by_text(SECRET)).to_be_visible()


KEPT = """
async () => ({
  local: localStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  cookie: document.cookie,
})
"""


async def test_25_a_closed_tab_leaves_nothing_in_the_browser(place: Place) -> None:
    context = await place.context()
    page = await context.new_page()
    stored: list[str] = []

    async def look(route: Route) -> None:
        answer = await route.fetch()
        if "no-store" not in answer.headers.get("cache-control", ""):
            stored.append(route.request.url)
        await route.fulfill(response=answer)

    await page.route("**/*", look)
    visit = await place.follow(page)
    await visit.begin(SECRET)
    await visit.skip_words()
    nothing = {"local": 0, "databases": 0, "caches": 0, "workers": 0, "cookie": ""}
    assert nothing == await page.evaluate(KEPT)
    await page.close()
    assert [] == stored, "every file of the page is kept out of the cache"
    assert [] == await context.cookies()
    assert [] == (await context.storage_state())["origins"]
    again = await place.visit(context)
    await expect(again.part("first")).to_be_visible()
    assert "" == await again.part("first").input_value()
    assert 0 == await again.page.evaluate("sessionStorage.length")
    assert nothing == await again.page.evaluate(KEPT)
