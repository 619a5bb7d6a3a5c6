"""Does Telegram ever get more than it takes, when the way there is not even?

What leaves evenly arrives unevenly: a request may wait in a busy machine while later ones pass.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_pace import ALL_EACH_SECOND, GROUP_EACH_MINUTE
from tests.adapters.telegram.whole import ANN, BEN, CAS, HOURS, whole
from wijkbot.adapter_api import Adapter, Message, Sent, Urgency
from wijkbot_telegram.adapter import GROUP_GAP_MS

QUESTION = "wanneer is het spreekuur?"
MANY = range(100, 160)
WAIT_SECONDS = 6
"""Longer than a group's own pause."""


@asynccontextmanager
async def _uneven(api: LocalBotApi) -> AsyncIterator[None]:
    """Some requests arrive at once and others half a second after they left."""

    async def flap() -> None:
        for seconds in itertools.cycle((0.0, 0.5, 0.1, 0.35)):
            api.slow["sendMessage"] = seconds
            await asyncio.sleep(0.17)

    flapping = asyncio.create_task(flap())
    try:
        yield
    finally:
        flapping.cancel()
        with suppress(asyncio.CancelledError):
            await flapping


async def test_no_second_of_telegram_holds_more_than_thirty(
    api: LocalBotApi, idle: Adapter
) -> None:
    """Given to it all at once, and without a house that spreads them."""
    chats = range(1000, 1000 + 3 * ALL_EACH_SECOND)
    for chat in chats:
        api.user_says(chat, chat, "hallo")
    async with _uneven(api):
        results = await asyncio.gather(
            *(idle.send(str(chat), Message(key=f"k{chat}", text="Dag.")) for chat in chats)
        )
    assert all(isinstance(result, Sent) for result in results)
    assert api.pace.busiest_second() <= ALL_EACH_SECOND


async def test_pieces_of_many_long_texts_keep_the_pace_of_the_account(
    api: LocalBotApi, idle: Adapter
) -> None:
    """Later pieces are asked for by nobody's lane, and count like all others."""
    chats = range(1000, 1000 + ALL_EACH_SECOND)
    for chat in chats:
        api.user_says(chat, chat, "hallo")
    text = "woord " * 1400
    results = await asyncio.gather(
        *(idle.send(str(chat), Message(key=f"k{chat}", text=text)) for chat in chats)
    )
    assert all(isinstance(result, Sent) for result in results)
    assert all(len(api.sent(chat)) == 3 for chat in chats)
    assert api.pace.busiest_second() <= ALL_EACH_SECOND
    assert min(api.pace.closest(chat) for chat in chats) >= 1.0


async def test_a_person_gets_one_a_second_however_uneven_the_way(
    api: LocalBotApi, idle: Adapter
) -> None:
    api.user_says(ANN, ANN, "hallo")
    async with _uneven(api):
        for number in range(5):
            await idle.send(str(ANN), Message(key=f"k{number}", text=f"Antwoord {number}"))
    assert api.pace.closest(ANN) >= 1.0


async def test_a_crisis_card_waits_for_no_pause_of_its_chat(
    api: LocalBotApi, idle: Adapter
) -> None:
    api.user_says(ANN, ANN, "hallo")
    await idle.send(str(ANN), Message(key="k1", text="Dag."))
    await idle.send(str(ANN), Message(key="k2", text="Bel 1813.", urgency=Urgency.CRISIS))
    assert api.pace.closest(ANN) < 0.5


async def test_429_holds_all_of_its_chat_and_nothing_else(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Also what waits behind it in another lane, and a crisis card: it would be refused too."""
    async with whole(tmp_path, api, policy={"answers_per_hour": 100_000}) as bot:
        group = await bot.joined()
        await asyncio.sleep(GROUP_GAP_MS / 1000)
        api.flood("sendMessage", WAIT_SECONDS, chat=group)
        for _ in range(3):
            api.user_says(group, ANN, HOURS)
        await api.wait_refused("sendMessage")
        held_at = monotonic()
        api.user_says(group, BEN, "@wijkbot ik wil niet meer leven")
        api.user_says(CAS, CAS, QUESTION)
        await api.wait_sent(CAS, 1, 5)
        calls = len(api.calls_of("sendMessage"))
        while monotonic() < held_at + WAIT_SECONDS - 1:
            assert len(api.calls_of("sendMessage")) == calls
            await asyncio.sleep(0.1)
        await api.wait_sent(group, 5, 60)
        await bot.rests(30)
        assert len(api.sent(group)) == 5 and len(api.refused) == 1


async def test_sixty_residents_and_a_group_at_once_keep_all_three_limits(
    api: LocalBotApi, tmp_path: Path
) -> None:
    policy = {"answers_per_hour": 100_000}
    async with whole(tmp_path, api, policy=policy) as bot:
        group = await bot.joined()
        async with _uneven(api):
            for _ in range(3):
                for who in MANY:
                    api.user_says(who, who, QUESTION)
                api.user_says(group, ANN, HOURS)
            for who in MANY:
                await api.wait_sent(who, 3, 60)
            await api.wait_sent(group, 4, 30)
        assert api.pace.busiest_second() <= ALL_EACH_SECOND
        assert min(api.pace.closest(who) for who in MANY) >= 1.0
        assert api.pace.busiest(group) <= GROUP_EACH_MINUTE
        assert [3] * len(MANY) == [len(api.sent(who)) for who in MANY], "each once"
