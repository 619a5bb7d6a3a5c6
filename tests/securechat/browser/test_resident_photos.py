"""Does a photo that is on its way survive what happens to a phone, and is it said when not?"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from playwright.async_api import Dialog, Route, expect

from tests.securechat.browser.test_resident_hostile import DRAW
from tests.securechat.browser.visit import TOGETHER, Place, Visit, bodies, payload, until
from tests.securechat.client import envelope
from tests.securechat.client.conversation import Conversation
from tests.securechat.client.encoding import b64, unb64
from tests.securechat.crew import Colleague

pytestmark = TOGETHER

KEPT = "Object.keys(sessionStorage).filter((name) => name.startsWith('wb1-photo')).length"
FILL = """
() => {
  const many = 'x'.repeat(100_000);
  try {
    for (let i = 0; i < 100; i += 1) sessionStorage.setItem(`full ${i}`, many);
  } catch { /* this is what was wanted */ }
}
"""
STAY = "Houd deze pagina open tot de foto verstuurd is"
LOST = "Deze foto is niet verstuurd. Kies hem opnieuw."


async def _talking(place: Place) -> Visit:
    visit = await place.visit()
    await visit.begin("Er zit schimmel op mijn muur.")
    await visit.skip_words()
    return visit


async def _choose(visit: Visit) -> None:
    drawn = bytes(await visit.page.evaluate(DRAW, [640, 480]))
    await visit.part("photo").set_input_files(payload("muur.jpg", "image/jpeg", drawn))


async def _stands(visit: Visit) -> None:
    """The photo is in the conversation, once, and nothing waits any more."""
    shown = visit.part("log").get_by_role("img", name="Foto")
    await expect(shown).to_have_count(1, timeout=20_000)
    await expect(visit.part("outbox")).to_be_empty()
    assert 0 == await visit.page.evaluate(KEPT), "what the server has is not kept here"


async def _one_photo(place: Place, ben: Colleague, seen: Conversation) -> None:
    """The worker can open it, and there is one."""
    photos = [body for body in bodies(seen) if body.get("k") == "photo"]
    assert 1 == len(photos)
    path = f"/api/w/conversations/{b64(seen.conv)}/blobs/{photos[0]['blob']}"
    blob = await ben.http.get(path)
    assert isinstance(blob, bytes)
    ids = (unb64(photos[0]["blob"]), unb64(photos[0]["key"]), unb64(photos[0]["hash"]))
    assert envelope.open_photo(seen.conv, *ids, blob).startswith(b"\xff\xd8\xff")


async def test_21_a_photo_under_way_survives_a_reload_and_words_do_not_wait(place: Place) -> None:
    visit = await _talking(place)
    may_pass = asyncio.Event()

    async def fail(route: Route) -> None:
        await (route.continue_() if may_pass.is_set() else route.abort())

    await visit.page.route("**/api/c/blobs/*", fail)
    await _choose(visit)
    await expect(visit.part("outbox").get_by_text("Wordt verstuurd")).to_be_visible()
    assert 1 == await visit.page.evaluate(KEPT)
    await visit.say("Zie de foto.")
    await expect(visit.part("log").get_by_text("Zie de foto.")).to_be_visible(timeout=20_000)
    await visit.page.reload()
    await expect(visit.part("outbox").get_by_text("Wordt verstuurd")).to_be_visible()
    may_pass.set()
    await _stands(visit)
    ben = place.crew.people[1]
    await _one_photo(place, ben, await place.claim(ben, visit))


async def test_21_a_photo_chosen_in_a_tunnel_is_sent_behind_it(place: Place) -> None:
    visit = await _talking(place)
    await visit.page.context.set_offline(True)
    await _choose(visit)
    await expect(visit.part("outbox").get_by_text("Wordt verstuurd")).to_be_visible()
    await visit.page.wait_for_timeout(5_000)
    await visit.page.context.set_offline(False)
    await _stands(visit)


async def test_21_a_photo_of_which_the_answer_was_lost_is_one_photo(place: Place) -> None:
    visit = await _talking(place)
    numbers, sent = count(), set()

    async def lose(route: Route) -> None:
        sent.add((route.request.url, route.request.post_data_buffer))
        if next(numbers) < 2:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await visit.page.route("**/api/c/blobs/*", lose)
    await _choose(visit)
    await until(lambda: _true(next(numbers) > 2))
    await _stands(visit)
    puts = {one for one in sent if one[1]}
    assert 1 == len(puts), "the same bytes to the same place"
    ben = place.crew.people[1]
    await _one_photo(place, ben, await place.claim(ben, visit))


async def _true(value: bool) -> bool:
    return value


async def _held(place: Place) -> Visit:
    """A tab without room, in which a photo hangs on its way."""
    visit = await _talking(place)
    await visit.page.evaluate(FILL)

    async def fail(route: Route) -> None:
        await route.abort()

    await visit.page.route("**/api/c/blobs/*", fail)
    await _choose(visit)
    await expect(visit.part("outbox").get_by_text(STAY)).to_be_visible()
    return visit


async def test_21_a_photo_that_cannot_be_kept_is_said_before_and_after(place: Place) -> None:
    visit = await _held(place)
    assert 0 == await visit.page.evaluate(KEPT)
    asked: list[str] = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    visit.page.on("dialog", answer)
    await visit.page.reload()
    assert ["beforeunload"] == asked, "the browser asks before the photo is lost"
    await expect(visit.part("outbox").get_by_text(LOST)).to_be_visible()
    await expect(visit.part("outbox").get_by_role("button", name="Probeer opnieuw")).to_have_count(
        0
    )
    await visit.page.get_by_role("button", name="Haal weg").click()
    await expect(visit.part("outbox")).to_be_empty()
    await visit.page.reload()
    await visit.sees("Er zit schimmel op mijn muur.")
    assert ["beforeunload"] == asked, "and asks nothing when nothing can be lost"


async def test_23_a_photo_that_cannot_be_kept_holds_nobody_up(place: Place) -> None:
    visit = await _held(place)
    asked: list[str] = []

    async def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    async def weather(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<title>weer</title>zonnig")

    visit.page.on("dialog", note)
    await visit.page.context.route("https://www.buienradar.nl/**", weather)
    await visit.part("exit").click()
    await visit.page.wait_for_url("https://www.buienradar.nl/")
    assert [] == asked


async def test_a_photo_that_is_refused_today_can_be_tried_again(place: Place) -> None:
    visit = await _talking(place)
    answers: list[dict[str, Any]] = [{"status": 429, "headers": {"Retry-After": "8640"}}]

    async def refuse(route: Route) -> None:
        if route.request.method == "PUT" and answers:
            await route.fulfill(json={"error": "slow", "detail": "x"}, **answers.pop())
        else:
            await route.continue_()

    await visit.page.route("**/api/c/blobs/*", refuse)
    await _choose(visit)
    await expect(visit.part("outbox").get_by_text("Niet verstuurd")).to_be_visible()
    await visit.say("Dit gaat gewoon door.")
    await expect(visit.part("log").get_by_text("Dit gaat gewoon door.")).to_be_visible()
    await visit.page.get_by_role("button", name="Probeer opnieuw").click()
    await _stands(visit)
