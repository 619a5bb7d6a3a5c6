"""Can a resident talk with a worker, and see what the page promises?"""

from __future__ import annotations

from playwright.async_api import expect

from tests.securechat.browser.visit import TOGETHER, Place, bodies
from tests.securechat.client.encoding import RESIDENT

pytestmark = TOGETHER


async def test_a_resident_and_a_worker_talk(place: Place) -> None:
    visit = await place.visit()
    await visit.begin("Mijn huur is te hoog.")
    await visit.skip_words()
    ben = place.crew.people[1]
    seen = await place.claim(ben, visit)
    assert ["Mijn huur is te hoog."] == [body["t"] for body in bodies(seen)]
    await ben.say(seen, "Dag, ik lees met je mee.", place.crew.now)
    await visit.sees("Dag, ik lees met je mee.")
    await visit.say("Fijn, dank je.")
    await visit.sees("Fijn, dank je.")
    await ben.read(seen)
    assert [""] * 3 == [line.reason for line in seen.chain.lines]
    assert RESIDENT == seen.chain.lines[2].by
    assert [] == visit.said


async def test_the_first_page_says_who_is_here_now(place: Place) -> None:
    """From real sessions: available, busy; and it changes while somebody looks."""
    context = await place.context()
    await context.add_init_script(
        "const later = setTimeout; window.setTimeout = (act, ms, ...more) =>"
        " later(act, ms === 60000 ? 500 : ms, ...more);"
    )
    ben = place.crew.people[1]
    await ben.http.post("/api/w/presence", {"available": True})
    visit = await place.visit(context)
    presence = visit.part("presence")
    await expect(presence).to_have_text("Er is nu iemand die met je kan praten.")
    await ben.http.post("/api/w/presence", {"available": False})
    await expect(presence).to_have_text("Er is iemand, maar die is bezig. Het kan even duren.")
    assert [] == visit.posts()


async def test_waiting_is_told_honestly(place: Place) -> None:
    visit = await place.visit()
    await visit.begin()
    await visit.skip_words()
    status = visit.part("status")
    await expect(status).to_contain_text("Je bericht is aangekomen. Iedereen is bezig.")
    ben = place.crew.people[1]
    await ben.http.post("/api/w/presence", {"available": True})
    await visit.say("Ik wacht.")
    await expect(status).to_contain_text("Er is iemand, die leest het zo.", timeout=20_000)
    await place.claim(ben, visit)
    await expect(status).to_have_text("Ben praat met je.", timeout=20_000)
    await visit.page.get_by_label("Je bericht").fill("")
    await ben.http.post("/api/w/presence", {"available": False})
