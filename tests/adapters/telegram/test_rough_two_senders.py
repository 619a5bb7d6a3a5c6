"""Do two processes that send for one bot keep what Telegram takes, together?

They share a database and nothing else. The local Bot API counts as Telegram would: each second,
each minute, each chat; and the way there is uneven, so that what leaves evenly arrives at once.
"""

from __future__ import annotations

import random
from pathlib import Path

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_pace import ALL_EACH_SECOND, GROUP_EACH_MINUTE
from tests.many import fresh_database, processes, write_config
from wijkbot.clock import Clock

QUESTION = "wanneer is het spreekuur?"
PEOPLE = range(100, 130)
EACH = 3
IN_GROUP = 6
GROUP_SECONDS = 60 / GROUP_EACH_MINUTE
POLICY = """
[policy]
group_activation = "invite"
pointer = ""
answers_per_hour = 1000000
"""


async def test_two_senders_keep_every_limit_and_answer_each_once(
    postgres_url: str, tmp_path: Path
) -> None:
    uneven = random.Random(7)
    with fresh_database(postgres_url) as url:
        async with LocalBotApi(start=Clock().now_ms() // 1000) as api:
            api.delay = lambda _method: uneven.choice((0.0, 0.0, 0.1, 0.6))
            config = write_config(tmp_path, url, api)
            config.write_text(config.read_text(encoding="utf-8") + POLICY, encoding="utf-8")
            async with (
                processes(config, "web", "engine"),
                processes(config, "sender", "sender") as senders,
            ):
                group = api.add_group("Zonnewijk", kind="group", has_bot=False)
                api.bot_is("member", group, by=PEOPLE[0])
                await api.wait_sent(group, 1, 60)
                for number in range(IN_GROUP):
                    api.user_says(group, PEOPLE[number % 5], f"@wijkbot {QUESTION}")
                for _ in range(EACH):
                    for who in PEOPLE:
                        api.user_says(who, who, QUESTION)
                for who in PEOPLE:
                    await api.wait_sent(who, EACH, 90)
                await api.wait_sent(group, IN_GROUP + 1, 120)
                logs = [sender.log.read_text(encoding="utf-8") for sender in senders]
        assert [EACH] * len(PEOPLE) == [len(api.sent(who)) for who in PEOPLE], "each once"
        assert api.pace.busiest_second() <= ALL_EACH_SECOND
        assert min(api.pace.closest(who) for who in PEOPLE) >= 1.0
        assert api.pace.closest(group) >= GROUP_SECONDS
        assert all(log.count("'settled'") > EACH for log in logs), "both of them send"
        told = [text for method, text in api.refused if method == "sendMessage"]
        assert [] == told
