"""Does a chat keep what was decided about it, also under a new address?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from tests.storage.house import House, arrival
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.effects import PlaceChange
from wijkbot.engine.words import Place
from wijkbot.storage import chats, rekey
from wijkbot.storage.chats import Chat

pytestmark = pytest.mark.storage

HOUR = 3_600_000


async def place(house: House, chat_id: int, day: str = "d1", week: str = "w1") -> PlaceState:
    found = await house.database.read(lambda conn: chats.get(conn, chat_id))
    assert found is not None
    return chats.place_of(found, "BE", house.now, day, week)


async def change(house: House, chat_id: int, what: PlaceChange) -> None:
    def write(conn: Connection) -> None:
        found = chats.lock(conn, chat_id)
        assert found is not None
        chats.apply_change(conn, found, what, house.now)

    await house.write(write)


async def move(house: House, old: str, new: str) -> int | None:
    return await house.write(
        lambda conn: rekey.rekey(conn, house.sealer, "street", old, new, house.now)
    )


async def chat_at(house: House, address: str) -> Chat | None:
    return await house.database.read(
        lambda conn: chats.find(conn, house.sealer, "street", address)
    )


async def test_a_new_chat_has_its_neighbourhood_and_a_clean_record(house: House) -> None:
    chat_id = await house.chat()
    found = await house.database.read(lambda conn: chats.get(conn, chat_id))
    assert found is not None
    assert (found.neighbourhood, found.language, found.mode) == ("zonnewijk", "nl", "mention")
    assert await place(house, chat_id) == PlaceState(place=Place.GROUP, country="BE")


async def test_the_address_is_found_and_opened_with_the_key_only(house: House) -> None:
    chat_id = await house.chat("group-7")
    found = await house.database.read(lambda conn: chats.get(conn, chat_id))
    assert found is not None
    assert b"group-7" not in (found.address_sealed or b"") and "group-7" not in found.address_hmac
    opened = await house.database.read(lambda conn: chats.address(conn, house.sealer, found))
    assert opened == "group-7"


async def test_changes_of_the_place_are_remembered(house: House) -> None:
    chat_id = await house.chat()
    for what in (PlaceChange.DISCLOSED, PlaceChange.CRISIS_SHOWN, PlaceChange.REFERRAL_SHOWN,
                 PlaceChange.LIMIT_SHOWN, PlaceChange.CLOSED):  # fmt: skip
        await change(house, chat_id, what)
    moment = datetime.fromtimestamp(house.now / 1000, UTC)
    found = await place(house, chat_id)
    assert found.was_told and not found.is_active
    assert found.last_crisis_at == found.last_referral_at == found.limit_shown_at == moment
    await change(house, chat_id, PlaceChange.ACTIVATED)
    assert (await place(house, chat_id)).is_active


async def test_answers_are_counted_an_hour_at_a_time(house: House) -> None:
    chat_id = await house.chat()
    await asyncio.gather(*(change(house, chat_id, PlaceChange.ANSWERED) for _ in range(7)))
    assert (await place(house, chat_id)).answers_this_hour == 7
    house.now += HOUR
    assert (await place(house, chat_id)).answers_this_hour == 0
    await change(house, chat_id, PlaceChange.ANSWERED)
    assert (await place(house, chat_id)).answers_this_hour == 1


async def test_unsolicited_messages_are_counted_by_day_and_week(house: House) -> None:
    chat_id = await house.chat()

    async def count(day: str, week: str) -> tuple[int, int]:
        def write(conn: Connection) -> None:
            found = chats.lock(conn, chat_id)
            assert found is not None
            chats.count_unasked(conn, found, day, week)

        await house.write(write)
        now = await place(house, chat_id, day, week)
        return now.unasked_today, now.unasked_this_week

    assert [await count("d1", "w1"), await count("d1", "w1"), await count("d2", "w1"),
            await count("d8", "w2")] == [(1, 1), (2, 2), (1, 3), (1, 1)]  # fmt: skip
    assert (await place(house, chat_id, "d9", "w2")).unasked_today == 0


async def test_a_moderator_decides_about_a_chat(house: House) -> None:
    chat_id = await house.chat()
    await house.write(
        lambda conn: chats.configure(conn, chat_id, mode="listen", silent_until=house.now)
    )
    found = await place(house, chat_id)
    assert found.mode == "listen" and found.silent_until is not None


async def test_groups_are_the_active_ones_of_the_neighbourhood(house: House) -> None:
    group = await house.chat("group-1")
    await house.chat("anna", is_private=True)
    left = await house.chat("group-2")
    await house.write(lambda conn: rekey.leave(conn, left, house.now))
    listed = await house.database.read(lambda conn: chats.groups(conn, neighbourhood="zonnewijk"))
    assert [one.id for one in listed] == [group]
    assert await house.database.read(lambda conn: chats.groups(conn, channel="square")) == []


async def test_leaving_drops_what_was_on_its_way(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    await house.write(lambda conn: rekey.leave(conn, chat_id, house.now))
    assert await house.outgoing() == []


async def test_a_group_with_a_new_address_keeps_everything(house: House) -> None:
    await house.publish()
    chat_id = await house.chat("old")
    await change(house, chat_id, PlaceChange.DISCLOSED)
    await house.accept(arrival("e1", chat="old"))
    (claimed,) = await house.claim()
    await house.finish(claimed, state=b"step two")
    await house.say(chat_id, "k1")
    assert await move(house, "old", "new") == chat_id
    assert await chat_at(house, "old") is None
    assert (await place(house, chat_id)).was_told
    await house.accept(arrival("e2", chat="new"))
    (claimed,) = await house.claim()
    assert (claimed.chat_id, claimed.state) == (chat_id, b"step two")
    (out,) = await house.outgoing()
    assert out.address == "new"


async def test_moving_twice_does_no_harm(house: House) -> None:
    chat_id = await house.chat("old")
    assert [await move(house, "old", "new"), await move(house, "old", "new")] == [chat_id] * 2
    assert await move(house, "never seen", "nor this") is None


async def test_events_of_the_new_address_may_come_first(house: House) -> None:
    await house.publish()
    old = await house.chat("old")
    await house.say(old, "k1")
    await house.accept(
        arrival("e1", chat="new", payload=b"anna again"),
        arrival("e2", chat="new", member="bram", payload=b"bram"),
    )
    young = await chat_at(house, "new")
    assert young is not None
    await house.say(young.id, "k2")
    await house.say(young.id, "k2 again")
    assert await move(house, "old", "new") == old
    claimed = await house.claim()
    assert {one.chat_id for one in claimed} == {old}
    texts = {message.payload for one in claimed for message in one.messages}
    assert texts == {b"anna again", b"bram"}
    for one in claimed:
        await house.finish(one)
    sent = []
    for _ in range(3):
        (out,) = await house.outgoing()
        sent.append((out.key, out.address, out.values))
        await house.settle(out)
        house.now += 3_000
    assert sent == [(key, "new", b"values") for key in ("k1", "k2", "k2 again")]
    await house.accept(arrival("e3", chat="new", member="bram"))
    (bram,) = await house.claim()
    assert (bram.chat_id, [one.seq for one in bram.messages]) == (old, [2])


async def test_chats_that_are_asked_for_together_are_those_asked_for_one_by_one(
    house: House,
) -> None:
    await house.accept(arrival("e1"), arrival("e2", chat="g2"), arrival("e3", chat="g3"))
    found = [await chat_at(house, address) for address in ("g2", "g3")]
    ids = [one.id for one in found if one is not None]
    each = await house.database.read(lambda conn: chats.get_each(conn, [*ids, ids[0], 999]))
    assert each == dict(zip(ids, found, strict=True))
    assert await house.database.read(lambda conn: chats.get_each(conn, [])) == {}
