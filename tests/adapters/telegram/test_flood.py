"""Does one member who writes without end hold up anybody else?"""

from __future__ import annotations

import os
from pathlib import Path

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.whole import ANN, ANSWER, BEN, CAS, HOURS, whole
from wijkbot_telegram.adapter import GROUP_GAP_MS

FLOOD = int(os.environ.get("WIJKBOT_FLOOD", "60"))
"""How many messages the one member sends; the full size is 500."""
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
        mine = api.user_says(group, BEN, HOURS)
        api.user_says(CAS, CAS, "wanneer is het spreekuur?")
        await api.wait_sent(CAS, 1)
        await api.wait_sent(group, before + 3, 4 * GROUP_GAP_MS / 1000 + 30)
        asked = [m["reply_to_message"]["message_id"] for m in api.sent(group)[1:]]
        # one answer may be on its way when he asks, and one beside it
        assert mine in asked[: before + 2], "he waited behind the flood"
        of_ann = [number for number in asked if number != mine]
        assert of_ann == flood[: len(of_ann)], "in their order, each once"


async def test_a_flood_in_private_holds_up_nobody(api: LocalBotApi, tmp_path: Path) -> None:
    async with whole(tmp_path, api, policy=ENOUGH) as bot:
        group = await bot.joined()
        for _ in range(FLOOD):
            api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        for who in (BEN, CAS):
            api.user_says(who, who, "wanneer is het spreekuur?")
        api.user_says(group, BEN, HOURS)
        for who in (BEN, CAS):
            await api.wait_sent(who, 1)
        await api.wait_sent(group, 2)
        assert len(api.sent(ANN)) < FLOOD, "the flood is still being answered"
        await api.wait_sent(ANN, min(FLOOD, 10), 60)
        assert all(ANSWER in text for text in bot.texts(ANN)[:10])


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
