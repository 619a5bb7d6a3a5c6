"""What becomes of a conversation that is looked at for nothing?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection, select, update

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.app.test_poison import ANN, QUESTION, channel
from tests.living import living_bot
from wijkbot.storage.tables import conversation


async def test_it_is_let_go_at_once_so_that_the_next_message_need_not_wait(
    tmp_path: Path,
) -> None:
    """As after a restart, while its timer is still to come."""
    async with LocalBotApi() as api, living_bot(tmp_path, channel(api)) as living:
        house = living.bot.house
        api.user_says(ANN, ANN, QUESTION)
        await api.wait_sent(ANN, 1, seconds=20)
        later = house.clock.now_ms() + 3_600_000

        def look_again(conn: Connection) -> None:
            row = {"due_at": house.clock.now_ms(), "timer_at": later, "attempts": 0}
            conn.execute(update(conversation).values(row))

        def looked_at(conn: Connection) -> tuple[int | None, int | None]:
            found = conn.execute(select(conversation)).one()
            return found.due_at, found.timer_at

        await house.database.write(look_again)
        async with asyncio.timeout(15):
            while await house.database.read(looked_at) != (None, later):
                await asyncio.sleep(0.1)
