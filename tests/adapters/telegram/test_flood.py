"""Does one member who writes without end hold up anybody else?"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import monotonic

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.whole import ANN, ANSWER, BEN, CAS, HOURS, whole
from wijkbot_telegram.adapter import GROUP_GAP_MS

FLOOD = int(os.environ.get("WIJKBOT_FLOOD", "500"))
"""How many messages the one member sends."""
LATE = 1.0
"""So many seconds a flood may hold up anybody else, beyond the limits of the platform."""
ENOUGH = {"answers_per_hour": 100_000}


async def test_a_flood_in_a_group_lets_all_others_go_first(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Who asks after it is next; the flood is answered too, each message once and in order."""
    async with whole(tmp_path, api, policy=ENOUGH) as bot:
        group = await bot.joined()
        flood = [api.user_says(group, ANN, HOURS) for _ in range(FLOOD)]
        await api.wait_sent(group, 2)
        before = len(api.sent(group))
        began = monotonic()
        mine = api.user_says(group, BEN, HOURS)
        api.user_says(CAS, CAS, "wanneer is het spreekuur?")
        await api.wait_sent(CAS, 1, LATE)
        # one answer may be on its way when he asks, and one beside it
        await api.until(lambda: mine in _asked(api, group), 30)
        assert monotonic() - began < 2 * GROUP_GAP_MS / 1000 + LATE
        await api.wait_sent(group, before + 3, 4 * GROUP_GAP_MS / 1000 + 30)
        asked = _asked(api, group)
        assert mine in asked[: before + 2], "he waited behind the flood"
        of_ann = [number for number in asked if number != mine]
        assert of_ann == flood[: len(of_ann)], "in their order, each once"


def _asked(api: LocalBotApi, group: int) -> list[int]:
    """Which messages were answered there after the hello, in order."""
    return [message["reply_to_message"]["message_id"] for message in api.sent(group)[1:]]


async def test_a_flood_in_private_holds_up_nobody(api: LocalBotApi, tmp_path: Path) -> None:
    async with whole(tmp_path, api, policy=ENOUGH) as bot:
        group = await bot.joined()
        await asyncio.sleep(GROUP_GAP_MS / 1000)  # the group rests, as between any two messages
        quiet = await _seconds(api, group)
        await asyncio.sleep(GROUP_GAP_MS / 1000)
        for _ in range(FLOOD):
            api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        flooded = await _seconds(api, group)
        assert flooded - quiet < LATE, "beyond what the same takes without a flood"
        assert len(api.sent(ANN)) < FLOOD, "the flood is still being answered"
        await api.wait_sent(ANN, min(FLOOD, 10), 60)
        assert all(ANSWER in text for text in bot.texts(ANN)[:10])


async def _seconds(api: LocalBotApi, group: int) -> float:
    """How long until two residents have an answer in private, and one of them in the group."""
    awaited = {chat: len(api.sent(chat)) + 1 for chat in (BEN, CAS, group)}
    began = monotonic()
    for who in (BEN, CAS):
        api.user_says(who, who, "wanneer is het spreekuur?")
    api.user_says(group, BEN, HOURS)
    for chat, count in awaited.items():
        await api.wait_sent(chat, count)
    return monotonic() - began


async def test_a_flood_of_commands_asks_once_who_is_an_admin(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Each request to Telegram would hold up all that came in with it."""
    async with whole(tmp_path, api, policy=ENOUGH) as bot:
        group = await bot.joined()
        api.slowness = 0.2
        for _ in range(FLOOD):
            api.user_says(group, ANN, "@wijkbot /stil 7d")
        api.user_says(BEN, BEN, "wanneer is het spreekuur?")
        await api.wait_sent(BEN, 1, 30)
        assert len(api.calls_of("getChatMember")) < 10
