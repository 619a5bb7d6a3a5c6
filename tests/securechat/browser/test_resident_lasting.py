"""Does a talk survive what happens to a phone: no network, a reload, an error, another tab?"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from playwright.async_api import Route, expect

from tests.securechat.browser.visit import TOGETHER, Place, Visit, bodies, until

pytestmark = TOGETHER


async def _talking(place: Place, text: str = "Mijn huur is te hoog.") -> Visit:
    visit = await place.visit()
    await visit.begin(text)
    await visit.skip_words()
    return visit


async def test_21_without_network_nothing_is_lost_and_nothing_doubled(place: Place) -> None:
    visit = await _talking(place)
    await visit.page.context.set_offline(True)
    await visit.say("Dit schrijf ik zonder netwerk.")
    await visit.say("En dit ook.")
    await expect(visit.part("outbox").get_by_text("Wordt verstuurd")).to_have_count(2)
    await visit.page.get_by_label("Je bericht").fill("half geschreven")
    await visit.page.context.set_offline(False)
    await visit.sees("Dit schrijf ik zonder netwerk.")
    await visit.sees("En dit ook.")
    assert ["Mijn huur is te hoog.", "Dit schrijf ik zonder netwerk.", "En dit ook."] == (
        await visit.lines()
    )
    assert "half geschreven" == await visit.page.get_by_label("Je bericht").input_value()


async def test_21_a_reload_keeps_talk_draft_and_what_is_unsent(place: Place) -> None:
    visit = await _talking(place)
    stop = asyncio.Event()

    async def fail(route: Route) -> None:
        await (route.continue_() if stop.is_set() else route.abort())

    await visit.page.route("**/api/c/messages", fail)
    await visit.say("Nog niet weg.")
    await visit.page.get_by_label("Je bericht").fill("mijn klad")
    await visit.page.reload()
    await visit.part("log").get_by_text("Mijn huur is te hoog.").wait_for()
    await expect(visit.part("outbox").get_by_text("Nog niet weg.")).to_be_visible()
    assert "mijn klad" == await visit.page.get_by_label("Je bericht").input_value()
    stop.set()
    await visit.sees("Nog niet weg.")
    assert 2 == len(await visit.lines())


async def test_21_a_lost_answer_is_one_message(place: Place) -> None:
    """The server took it, and the answer never came: the same bytes go again, and count once."""
    visit = await _talking(place)
    sent: list[Any] = []

    async def lose(route: Route) -> None:
        sent.append(route.request.post_data_json)
        if len(sent) < 3:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await visit.page.route("**/api/c/messages", lose)
    await visit.say("Een keer maar.")
    await visit.sees("Een keer maar.")
    assert len(sent) >= 1
    assert 1 == len({one["envelope"]["signature"] for one in sent})
    ben = place.crew.people[1]
    seen = await place.claim(ben, visit)
    assert ["Mijn huur is te hoog.", "Een keer maar."] == [body["t"] for body in bodies(seen)]
    assert ["", ""] == [line.reason for line in seen.chain.lines]


async def test_21_errors_of_the_server_are_waited_for(place: Place) -> None:
    visit = await _talking(place)
    numbers = count()

    async def stumble(route: Route) -> None:
        if next(numbers) < 4:
            await route.fulfill(status=500, json={"error": "broken", "detail": "x"})
        else:
            await route.continue_()

    await visit.page.route("**/api/c/**", stumble)
    await visit.say("Door de storing heen.")
    await visit.sees("Door de storing heen.")
    assert 2 == len(await visit.lines())


async def test_21_a_beginning_that_was_lost_is_one_conversation(place: Place) -> None:
    visit = await place.visit()
    numbers = count()

    async def lose(route: Route) -> None:
        if next(numbers) == 0:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await visit.page.route("**/api/c/conversations", lose)
    text = "Ik begin, en de trein rijdt een tunnel in."
    await visit.page.get_by_label("Wat wil je vragen of vertellen?").fill(text)
    await visit.page.get_by_role("button", name="Start de chat").click()
    await expect(visit.part("start-said")).to_contain_text("Geen verbinding")
    await visit.page.reload()
    await visit.part("log").get_by_text(text).wait_for()
    conv = await visit.conv()
    rows = (await place.crew.people[1].queue())["waiting"]
    assert 1 == len([row for row in rows if row["conv"] == conv])
    assert [text] == await visit.lines()
    assert 7 == len(await visit.words())


async def test_21_a_killed_tab_comes_back_with_the_words(place: Place) -> None:
    visit = await place.visit()
    await visit.begin("Onthoud dit.")
    words = await visit.words()
    await visit.page.context.close()
    place.contexts.clear()
    other = await place.visit()
    await other.page.get_by_role("button", name="Ik heb zeven woorden").click()
    typed = "  ".join(word[:4].upper() for word in words)
    await other.page.get_by_label("Typ of plak je zeven woorden").fill(typed)
    await other.page.get_by_role("button", name="Open mijn gesprek").click()
    await other.sees("Onthoud dit.")
    await other.say("Ik ben er weer.")
    await other.sees("Ik ben er weer.")


async def test_16_wrong_words_open_nothing_and_say_so(place: Place) -> None:
    visit = await place.visit()
    await visit.page.get_by_role("button", name="Ik heb zeven woorden").click()
    field = visit.page.get_by_label("Typ of plak je zeven woorden")
    await field.fill("een twee drie")
    await visit.page.get_by_role("button", name="Open mijn gesprek").click()
    await expect(visit.part("return-said")).to_contain_text("niet zeven woorden uit onze lijst")
    assert [] == visit.posts()
    answer = await visit.page.request.get(f"{place.base_url}{await _list(visit)}")
    words = (await answer.text()).split("\n")[:7]
    await field.fill(" ".join(words))
    await visit.page.get_by_role("button", name="Open mijn gesprek").click()
    await expect(visit.part("return-said")).to_contain_text("openen geen gesprek", timeout=20_000)


async def _list(visit: Visit) -> str:
    found: str = await visit.page.evaluate(
        "JSON.parse(document.getElementById('chat').dataset.page).words.nl.href"
    )
    return found


async def test_07_two_tabs_of_one_talk_lose_nothing(place: Place) -> None:
    """Both write at once: the server refuses one number, that tab reads and seals again."""
    first = await place.visit()
    await first.begin("Hier begin ik.")
    words = await first.words()
    await first.skip_words()
    second = await place.visit()
    await second.page.get_by_role("button", name="Ik heb zeven woorden").click()
    await second.page.get_by_label("Typ of plak je zeven woorden").fill("-".join(words))
    await second.page.get_by_role("button", name="Open mijn gesprek").click()
    await second.sees("Hier begin ik.")
    for n in range(3):
        await asyncio.gather(first.say(f"links {n}"), second.say(f"rechts {n}"))
    wanted = {"Hier begin ik.", *(f"{side} {n}" for side in ("links", "rechts") for n in range(3))}
    for visit in (first, second):
        for text in wanted:
            await visit.sees(text)
        assert wanted == set(await visit.lines())
        assert 7 == len(await visit.lines())
    assert await first.lines() == await second.lines()
    seen = await place.claim(place.crew.people[1], first)
    assert [""] * 7 == [line.reason for line in seen.chain.lines]


async def test_19_new_words_kill_the_old_ones(place: Place) -> None:
    visit = await place.visit()
    await visit.begin("Mijn briefje is weg.")
    old = await visit.words()
    await visit.skip_words()
    await visit.page.get_by_text("Meer", exact=True).click()
    await visit.page.get_by_role("button", name="Maak nieuwe woorden").click()
    await visit.page.get_by_role("button", name="Ja", exact=True).click()
    await expect(visit.part("code")).to_be_visible(timeout=20_000)
    new = await visit.words()
    assert old != new
    for words, opens in ((old, False), (new, True)):
        other = await place.visit()
        await other.page.get_by_role("button", name="Ik heb zeven woorden").click()
        await other.page.get_by_label("Typ of plak je zeven woorden").fill(" ".join(words))
        await other.page.get_by_role("button", name="Open mijn gesprek").click()
        if opens:
            await other.sees("Mijn briefje is weg.")
        else:
            said = other.part("return-said")
            await expect(said).to_contain_text("openen geen gesprek", timeout=20_000)
    await visit.skip_words()
    await visit.say("Ik schrijf gewoon door.")
    await visit.sees("Ik schrijf gewoon door.")


async def test_the_own_words_are_not_sent(place: Place) -> None:
    visit = await place.visit()
    await visit.begin()
    words = await visit.words()
    await visit.skip_words()
    posts = len(visit.posts())
    await visit.say(f"mijn woorden: {' '.join(words)}")
    await expect(visit.part("composer-said")).to_contain_text("Je zeven woorden staan in")
    assert posts == len(visit.posts())
    assert words[0] in await visit.page.get_by_label("Je bericht").input_value()


async def test_the_words_can_be_practised(place: Place) -> None:
    visit = await place.visit()
    await visit.begin()
    words = await visit.words()
    await visit.page.get_by_role("button", name="Ik heb ze opgeschreven").click()
    for answers in (["fout", "fout"], None):
        for i in range(2):
            label = await visit.part(f"practice-label-{i}").inner_text()
            right = words[int(label.split()[-1]) - 1]
            await visit.part(f"practice-{i}").fill(answers[i] if answers else right.upper())
        await visit.page.get_by_role("button", name="Kijk na").click()
        if answers:
            await expect(visit.part("words-said")).to_contain_text("Nog niet goed")
    await expect(visit.part("code")).to_be_hidden()
    await expect(visit.part("status-extra")).to_contain_text("Goed.")
    await visit.page.reload()
    await visit.sees("Mijn huur is te hoog.")
    await expect(visit.part("code")).to_be_hidden()


async def test_a_closed_talk_opens_again_for_the_team_of_now(place: Place) -> None:
    visit = await _talking(place)
    await visit.page.get_by_text("Meer", exact=True).click()
    await visit.page.get_by_role("button", name="Stop dit gesprek").click()
    await visit.page.get_by_role("button", name="Ja", exact=True).click()
    await expect(visit.part("status")).to_contain_text("Dit gesprek is gestopt", timeout=20_000)
    await visit.say("Toch nog iets.")
    await visit.sees("Toch nog iets.")
    await expect(visit.part("status")).to_contain_text("aangekomen", timeout=20_000)
    seen = await place.claim(place.crew.people[1], visit)
    assert [1, 2] == sorted(seen.epochs)
    assert ["", ""] == [line.reason for line in seen.chain.lines]


async def test_delete_now_takes_everything_away(place: Place) -> None:
    visit = await _talking(place)
    conv = await visit.conv()
    await visit.page.get_by_text("Meer", exact=True).click()
    await visit.page.get_by_role("button", name="Wis nu alles").click()
    await visit.page.get_by_role("button", name="Ja", exact=True).click()
    await expect(visit.part("start-said")).to_contain_text("Dit gesprek is gewist")
    assert 0 == await visit.page.evaluate("sessionStorage.length")

    async def gone() -> bool:
        rows = (await place.crew.people[1].queue())["waiting"]
        return conv not in [row["conv"] for row in rows]

    assert await until(gone)
