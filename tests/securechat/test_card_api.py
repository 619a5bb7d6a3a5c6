"""May the right people of the team send a card, guess little, and learn nothing of who gets it?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.securechat.office import Tab, found, join
from tests.securechat.street import CARD, Street, fresh_id
from wijkbot.storage.staff import ROLES

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

MAY = {"coordinator", "worker", "digicoach", "connector"}
GUESSES = 5
ALL_GUESSES = 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(street_of_file: Street) -> AsyncIterator[Tab]:
    """The browser of the first of the team, admin and coordinator."""
    async with street_of_file.office.tab() as opened:
        await found(street_of_file.office, opened)
        yield opened


def _order(code: str, **more: Any) -> dict[str, Any]:
    return {"id": fresh_id(), "code": code, "item": CARD, **more}


def _wrong(code: str, number: int) -> str:
    """Another code than that."""
    return f"{(int(code) + 1 + number) % 10**6:06}"


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


async def test_a_worker_sends_what_the_list_shows(street: Street, tab: Tab) -> None:
    told = await tab.get("cards")
    code = await street.code()
    answer = await tab.post("cards", _order(f"{code[:3]} {code[3:]}", area=told["area"]))
    assert (200, {"sent": True}) == (answer.status_code, answer.json())
    (card,) = [one for one in told["cards"] if one["id"] == CARD]
    assert card["texts"]["nl"] == await street.next("fien", 1)


async def test_the_list_has_every_card_whole_and_nothing_else(street: Street, tab: Tab) -> None:
    told = await tab.get("cards")
    assert [{"id": "", "name": "Buurthuis De Brug"}] == told["areas"]
    assert ["nl", "fr", "en"] == told["languages"]
    assert 40 <= len(told["cards"])
    assert all(one["id"].startswith("F") for one in told["cards"])
    for one in told["cards"]:
        assert {"nl", "fr", "en"} == set(one["texts"]) == set(one["titles"]), one["id"]
        assert all(text and "{" not in text for text in one["texts"].values())


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_send_cards(street: Street, tab: Tab, role: str) -> None:
    assert tab.cookie, "the first of the team came in before anybody else"
    async with street.office.tab("192.0.2.9") as own:
        await join(street.office, own, f"Zoë {role}", role)
        sent = await own.post("cards", _order(await street.code()))
        read = await own.ask("GET", "cards")
    if role in MAY:
        assert (200, 200) == (sent.status_code, read.status_code)
        await street.next("fien", 1)
    else:
        assert [(403, "forbidden")] * 2 == [_told(sent), _told(read)]
        assert 1 == len(street.said("fien"))


async def test_without_the_word_of_the_page_nothing_is_sent(street: Street, tab: Tab) -> None:
    code = await street.code()
    answer = await tab.post("cards", _order(code), X_WB_Csrf="other")
    assert (403, "csrf") == _told(answer)
    answer = await tab.post("cards", _order(code), Origin="https://elsewhere.example")
    assert (403, "origin") == _told(answer)
    assert 1 == len(street.said("fien"))


async def test_the_audit_knows_the_card_and_the_worker_and_no_resident(
    street: Street, tab: Tab
) -> None:
    code, before = await street.code(), (await tab.get("audit"))["lines"]
    await tab.post("cards", _order(code))
    await tab.post("cards", _order(_wrong(code, 0)))
    after = (await tab.get("audit"))["lines"]
    (line,) = after[: len(after) - len(before)]
    assert "card" == line["action"]
    own = (await tab.get("me"))["account"]
    assert (own, CARD, None, None) == (
        line["account"],
        line["item"],
        line["about"],
        line["conv"],
    )


async def test_guesses_run_out_for_one_account_and_come_back(street: Street, tab: Tab) -> None:
    async with street.office.tab("192.0.2.9") as other:
        await join(street.office, other, "Ben", "worker")
        code = await street.code()
        for number in range(GUESSES):
            assert (404, "card") == _told(await tab.post("cards", _order(_wrong(code, number))))
        slow = await tab.post("cards", _order(code))
        assert (429, "slow") == _told(slow)
        assert 0 < int(slow.headers["Retry-After"]) <= 120
        assert 200 == (await other.post("cards", _order(code))).status_code
        street.office.wait(120)
        assert 200 == (await tab.post("cards", _order(code))).status_code


async def test_a_right_code_costs_no_guess_and_gives_none_back(street: Street, tab: Tab) -> None:
    code = await street.code()
    for number in range(GUESSES - 1):
        await tab.post("cards", _order(_wrong(code, number)))
    for _ in range(3):
        assert 200 == (await tab.post("cards", _order(code))).status_code
    assert (404, "card") == _told(await tab.post("cards", _order(_wrong(code, 9))))
    assert (429, "slow") == _told(await tab.post("cards", _order(code)))


async def test_all_accounts_together_guess_little(street: Street, tab: Tab) -> None:
    code = await street.code()
    limits = street.office.app.state.card_limits
    for account in range(100, 100 + ALL_GUESSES):
        limits.attempt(account)
    assert (429, "slow") == _told(await tab.post("cards", _order(code)))


async def test_what_is_wrong_is_told_without_a_word_about_the_resident(
    street: Street, tab: Tab
) -> None:
    code = await street.code()
    answers = {
        "item": await tab.post("cards", _order(code, item="T11")),
        "area": await tab.post("cards", _order(code, area="elders")),
        "card": await tab.post("cards", _order("12345")),
    }
    assert {"item": 409, "area": 409, "card": 404} == {
        code: answer.status_code for code, answer in answers.items()
    }
    assert list(answers) == [answer.json()["error"] for answer in answers.values()]
    await street.ask("fien", "stop")
    over = await tab.post("cards", _order(code))
    wrong = await tab.post("cards", _order(_wrong(code, 0)))
    assert over.json() == wrong.json(), "whoever said STOP is not told apart"


async def _shape(tab: Tab, **more: Any) -> tuple[int, str]:
    return _told(await tab.post("cards", {**_order("000000"), **more}))


async def test_other_shapes_are_refused(street: Street, tab: Tab) -> None:
    for field, value in (
        ("text", "Kom langs, Fien"),
        ("values", {}),
        ("id", "x"),
        ("area", 3),
        ("item", ""),
        ("code", 123456),
        ("language", ""),
    ):
        assert (422, "shape") == await _shape(tab, **{field: value}), field


async def test_cards_of_a_neighbourhood_that_there_is_not_are_refused(tab: Tab) -> None:
    assert (422, "shape") == _told(await tab.ask("GET", "cards?area=elders"))
