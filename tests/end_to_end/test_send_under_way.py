"""What becomes of a message that is being sent, or decided on, when the database goes away?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from tests.living import LivingBot, free_port, living_bot
from tests.many import away, fresh_database
from tests.repeating_platform import PUBLIC, Platform, SlowTwilio
from wijkbot.storage import letters
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import conversation, outbox

ANN = "whatsapp:+32470000001"
QUESTION = "wanneer is het spreekuur?"
HEAVY = (
    "CREATE TABLE ballast (x)",
    "CREATE TRIGGER heavy AFTER INSERT ON outbox"
    " BEGIN INSERT INTO ballast VALUES (zeroblob(9000000)); END",
)


async def _settled(living: LivingBot, seconds: float) -> None:
    """Until everything that was queued is known to be sent."""
    sent = [int(Status.SENT), int(Status.DELIVERED), int(Status.QUEUED)]
    query = select(func.count()).where(outbox.c.status.not_in(sent))
    async with asyncio.timeout(seconds):
        while await living.bot.house.database.read(lambda c: c.execute(query).scalar_one()):
            await asyncio.sleep(0.1)


async def test_sent_while_the_database_was_away_is_noted_at_once(
    postgres_url: str, tmp_path: Path
) -> None:
    """Not forgotten and sent again half a minute later, when its lease is over."""
    with fresh_database(postgres_url) as url:
        async with SlowTwilio(1.0) as twilio:
            port, platform = free_port(), Platform(twilio)
            channels = {"buurt": {"adapter": "whatsapp", **twilio.options()}}
            async with living_bot(
                tmp_path,
                channels,
                port=port,
                public_url=PUBLIC,
                at=None,
                extra={"database": {"url": url}},
            ) as living:
                platform.connect(living.base_url)
                await platform.says(ANN, QUESTION)
                await platform.answered(ANN, 1, 20)
                with away(postgres_url, url):
                    await asyncio.sleep(5)  # by then every loop has met the trouble
                await _settled(living, 10)
                assert len(twilio.sent(ANN)) == 1


async def test_message_is_not_to_blame_for_a_disk_with_room_for_the_claim_only(
    tmp_path: Path,
) -> None:
    """However often it is tried, it is answered when there is room, and is no dead letter."""
    async with SlowTwilio() as twilio:
        port, platform = free_port(), Platform(twilio)
        channels = {"buurt": {"adapter": "whatsapp", **twilio.options()}}
        async with living_bot(tmp_path, channels, port=port, public_url=PUBLIC, at=None) as living:
            platform.connect(living.base_url)
            house = living.bot.house
            await house.database.write(_fill)
            await platform.says(ANN, QUESTION)
            tries = 0
            async with asyncio.timeout(30):
                while tries < 8:
                    await asyncio.sleep(0.6)
                    tries = await house.database.read(_claims)
                    house.clock.shift(6)
            assert twilio.sent(ANN) == []
            await house.database.write(_make_room)
            house.clock.shift(6)
            await platform.answered(ANN, 1, 20)
            now_ms = house.clock.now_ms()
            assert await house.database.read(lambda c: letters.listing(c, now_ms)) == []


def _claims(conn: Connection) -> int:
    """How often the conversation was taken: each time, and each time back, counts one lease."""
    return int(conn.execute(select(conversation.c.lease)).scalar_one()) // 2


def _fill(conn: Connection) -> None:
    for statement in HEAVY:
        conn.execute(text(statement))
    pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    conn.exec_driver_sql(f"PRAGMA max_page_count={pages + 500}")


def _make_room(conn: Connection) -> None:
    conn.exec_driver_sql("PRAGMA max_page_count=100000")
