"""What does the bot make of an answer that is no answer? Is it done, not done, or not known?

A reply may come twice where nobody can know; an announcement never may. What surely did not
arrive is sent again, whatever it is. All through the real python-telegram-bot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.responses import Response

from tests.adapters.telegram import bot_api_faults as faults
from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_faults import Broken, Reset
from tests.adapters.telegram.whole import ANN, ANSWER, Whole, whole
from wijkbot.adapter_api import Adapter, Message, Reason, Refused, Sent, Unknown, Urgency
from wijkbot.app.announce import announce, plan
from wijkbot.storage import chats
from wijkbot_telegram import transport

QUESTION = "wanneer is het spreekuur?"
MESSAGE = Message(key="k1", text="Dinsdag van 14 tot 16 uur.")
WITHOUT_NETWORK = 5.0

UNKNOWN: dict[str, Callable[[], Response]] = {
    "a page of 502": lambda: faults.page(502),
    "a page of 504": lambda: faults.page(504),
    "a gateway's 503": lambda: faults.other_json(503),
    "a reset": Reset,
    "an end in the middle": Broken,
    "half of the JSON": faults.cut_json,
    "JSON of another shape": faults.nonsense,
    "a page of 200": lambda: faults.page(200),
}
NOT_DONE: dict[str, Callable[[], Response]] = {
    "a page of 400": lambda: faults.page(400),
    "a page of 401": lambda: faults.page(401),
    "a page of 403": lambda: faults.page(403),
    "a page of 404": lambda: faults.page(404),
    "a page of 409": lambda: faults.page(409),
    "a way elsewhere": lambda: faults.page(302),
    "a gateway's 403": lambda: faults.other_json(403),
}


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("name", UNKNOWN)
async def test_what_may_have_arrived_is_unknown(
    api: LocalBotApi, idle: Adapter, name: str, is_done: bool
) -> None:
    group = api.add_group("Zonnewijk")
    api.spoil("sendMessage", UNKNOWN[name](), is_done=is_done)
    assert isinstance(await idle.send(str(group), MESSAGE), Unknown)
    assert len(api.sent(group)) == is_done and len(api.calls_of("sendMessage")) == 1
    assert isinstance(await idle.send(str(group), MESSAGE), Sent)


@pytest.mark.parametrize("name", NOT_DONE)
async def test_what_a_proxy_refused_did_not_arrive_and_says_nothing_of_the_chat(
    api: LocalBotApi, idle: Adapter, name: str
) -> None:
    """Else a page of 403 would shut a chat, one of 404 stop the bot, one of 400 lose the text."""
    group = api.add_group("Zonnewijk")
    api.spoil("sendMessage", NOT_DONE[name](), is_done=False)
    refused = await idle.send(str(group), MESSAGE)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.permanent) == (Reason.UNAVAILABLE, False)
    assert refused.retry_after == WITHOUT_NETWORK and not refused.whole_account
    assert isinstance(await idle.send(str(group), MESSAGE), Sent)


async def test_500_of_telegram_itself_is_unknown(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    api.fail("sendMessage", 500, "Internal Server Error: restart")
    assert isinstance(await idle.send(str(group), MESSAGE), Unknown)


@pytest.mark.parametrize(
    ("text", "seconds"), [("Too Many Requests: retry after 7", 7), ("Too Many Requests", 30)]
)
async def test_429_without_parameters_is_obeyed_in_that_chat_alone(
    api: LocalBotApi, idle: Adapter, text: str, seconds: float
) -> None:
    """Until then nothing is even asked there, however urgent it is."""
    busy, calm = api.add_group("Zonnewijk"), api.add_group("Maanwijk")
    api.fail("sendMessage", 429, text, chat=busy)
    first = await idle.send(str(busy), MESSAGE)
    assert first == Refused(Reason.RATE, permanent=False, retry_after=seconds)
    urgent = Message(key="k2", text="Bel 1813.", urgency=Urgency.CRISIS)
    second = await idle.send(str(busy), urgent)
    assert isinstance(second, Refused) and second.reason is Reason.RATE
    assert seconds - 1 <= second.retry_after <= seconds
    assert isinstance(await idle.send(str(calm), MESSAGE), Sent)
    assert len(api.calls_of("sendMessage")) == 2


async def test_body_that_comes_in_byte_by_byte_has_an_end(
    api: LocalBotApi, idle: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte is in time, the whole is not: the house has a minute for a send."""
    monkeypatch.setattr(transport, "_WHOLE_SECONDS", 1.0)
    group = api.add_group("Zonnewijk")
    await idle.send(str(group), MESSAGE)
    api.spoil("sendMessage", faults.drip(30), is_done=True)
    assert isinstance(await idle.send(str(group), MESSAGE), Unknown)


async def test_replies_come_at_least_once_and_once_where_it_can_be_known(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Each resident meets another fault; what was not done is done, in its place."""
    lost = [(name, False) for name in NOT_DONE] + [(name, False) for name in UNKNOWN]
    done = [(name, True) for name in UNKNOWN]
    async with whole(tmp_path, api) as bot:
        for who, (name, is_done) in enumerate(lost + done, start=100):
            answer = (NOT_DONE | UNKNOWN)[name]()
            api.spoil("sendMessage", answer, is_done=is_done, chat=who)
            api.user_says(who, who, QUESTION)
        await bot.rests(60)
        shown = [len(api.sent(who)) for who in range(100, 100 + len(lost + done))]
        assert shown == [1] * len(lost) + [2] * len(done)
        assert all(ANSWER in text for who in (100, 110) for text in bot.texts(who))


async def _announced(bot: Whole, group: int, answer: Response, *, is_done: bool) -> int:
    """How many of an announcement stand there, when its send met this."""
    house = bot.living.bot.house
    groups = [
        each
        for each in await house.database.read(chats.groups)
        if await house.database.read(
            lambda c, it=each: chats.address(c, house.sealer, it) == str(group)  # type: ignore[misc]
        )
    ]
    before = len(bot.api.sent(group))
    bot.api.spoil("sendMessage", answer, is_done=is_done, chat=group)
    made = await plan(house, dict(bot.living.bot.adapters), "Z3", groups)
    await announce(house, made, f"press-{group}", "worker")
    await bot.api.until(lambda: len(bot.api.calls_of("sendMessage")) > 1, 20)
    await bot.rests(60)
    return len(bot.api.sent(group)) - before


async def test_announcement_never_comes_twice_and_is_not_lost_to_a_proxy(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        groups = [await bot.joined(f"Wijk {number}") for number in range(3)]
        assert 1 == await _announced(bot, groups[0], faults.page(403), is_done=False)
        assert 1 == await _announced(bot, groups[1], faults.cut_json(), is_done=True)
        assert 0 == await _announced(bot, groups[2], Reset(), is_done=False)
        told = [str(each) for each in await bot.statuses()]
        assert told.count("5") == 2, "what nobody knows is said so"


async def test_receiving_goes_on_through_pages_and_resets(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """A page of 404 in the place of updates is no revoked token."""
    async with whole(tmp_path, api) as bot:
        api.user_says(ANN, ANN, QUESTION)
        await api.wait_sent(ANN, 1)
        for answer in (faults.page(404), Reset(), faults.cut_json()):
            api.spoil("getUpdates", answer, is_done=False)
        polls = len(api.calls_of("getUpdates"))
        api.user_says(ANN, ANN, QUESTION)
        async with asyncio.timeout(40):
            await api.wait_sent(ANN, 2, 40)
        await bot.rests()
        assert len(api.sent(ANN)) == 2
        assert len(api.calls_of("getUpdates")) - polls < 8, "slower each time"
