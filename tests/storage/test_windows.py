"""When did somebody write last, and do all processes together keep to so many a day?"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from tests.storage.house import House, arrival
from wijkbot.storage import retention, windows
from wijkbot.storage.windows import Granted

pytestmark = pytest.mark.storage

HOUR = 3_600_000


async def heard(house: House, chat_id: int) -> int | None:
    told = await house.database.read(lambda c: windows.heard_at(c, [chat_id]))
    return told.get(chat_id)


async def granted(house: House, chats: list[int], most: int) -> Granted:
    def ask(conn: Connection) -> Granted:
        return windows.grant(conn, "street", chats, most, house.now)

    return await house.write(ask)


async def test_the_last_word_counts_by_when_it_was_said(house: House) -> None:
    chat_id = await house.chat("anna", is_private=True)
    assert await heard(house, chat_id) == House.START
    newer = replace(arrival("e2", chat="anna", is_private=True), received_at=House.START + HOUR)
    missed = replace(arrival("e3", chat="anna", is_private=True), received_at=House.START - HOUR)
    house.now += 2 * HOUR
    await house.accept(newer)
    await house.accept(missed)  # told later, said before
    assert await heard(house, chat_id) == House.START + HOUR


async def test_a_block_is_nobodys_word(house: House) -> None:
    chat_id = await house.chat("anna", is_private=True)
    house.now += HOUR
    left = replace(arrival("e2", chat="anna", member="", is_private=True), received_at=house.now)
    await house.accept(left)
    assert await heard(house, chat_id) == House.START


async def test_nothing_is_known_of_who_never_wrote_or_long_ago(house: House) -> None:
    assert await house.database.read(lambda c: windows.heard_at(c, [])) == {}
    chat_id = await house.chat("anna", is_private=True)
    await house.write(lambda c: retention.sweep(c, House.START + 9 * 24 * HOUR))
    assert await heard(house, chat_id) is None


async def test_a_template_goes_to_so_many_different_people_a_day(house: House) -> None:
    ids = [await house.chat(f"p{n}", is_private=True) for n in range(4)]
    assert await granted(house, ids[:2], 2) == Granted(frozenset(ids[:2]))
    assert await granted(house, ids[:1], 2) == Granted(frozenset(ids[:1])), "the same one again"
    house.now += HOUR
    assert await granted(house, ids[2:], 2) == Granted(frozenset(), 23 * HOUR)
    house.now += 23 * HOUR
    assert await granted(house, ids[2:], 2) == Granted(frozenset(ids[2:]))


async def test_processes_that_ask_at_once_pass_no_limit(house: House) -> None:
    ids = [await house.chat(f"p{n}", is_private=True) for n in range(20)]
    told = await asyncio.gather(*(granted(house, [one], 7) for one in ids))
    assert sum(len(one.chats) for one in told) == 7
    used = await house.database.read(lambda c: windows.used_today(c, "street", house.now))
    assert used == 7
