"""Does a command know the link to a bot that only the running bot was told?"""

from __future__ import annotations

from pathlib import Path

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.whole import channel_of
from tests.living import living_bot
from wijkbot.app.assemble import make_adapters
from wijkbot.app.known_links import with_links


async def test_link_of_a_bot_that_once_ran_is_known_without_connecting(tmp_path: Path) -> None:
    async with LocalBotApi() as api, living_bot(tmp_path, channel_of(api)) as living:
        house = living.bot.house
        (name,) = living.bot.adapters
        unconnected = make_adapters(house.settings, tmp_path, house.clock)
        assert unconnected[name].private_link("") == ""
        known = (await with_links(house, unconnected))[name]
        assert known.private_link("") == living.bot.adapters[name].private_link("")
        assert known.private_link("").startswith("https://t.me/")
        assert known.capabilities("") == unconnected[name].capabilities("")
        for one in unconnected.values():
            await one.stop()
