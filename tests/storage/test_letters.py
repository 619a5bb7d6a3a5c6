"""Is what the bot gave up on listed, put in again and dropped, without being lost or doubled?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.storage.house import House, arrival
from wijkbot.engine.words import Purpose
from wijkbot.storage import broadcasts, chats, conversations, erase, letters, retention
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft, LocalDay
from wijkbot.storage.letters import Letter
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import chat as chat_table
from wijkbot.storage.tables import day_key
from wijkbot.storage.tables import inbox as inbox_table
from wijkbot.storage.tables import outbox as outbox_table

DAY = 24 * 3_600_000
WORDS = b"ik zoek hulp, 0470 12 34 56"


async def bury(house: House, *, payload: bytes = WORDS, member: str = "anna") -> Letter:
    await house.accept(arrival("bad", payload=payload, member=member, is_private=True))
    (claimed,) = await house.claim()
    await house.write(lambda conn: conversations.bury(conn, claimed, "KeyError", house.now))
    (letter,) = await listing(house)
    return letter


async def give_up(
    house: House, status: Status = Status.DEAD, *, expires_at: int | None = None
) -> Letter:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1", values=WORDS, expires_at=expires_at)
    (out,) = await house.outgoing()
    await house.settle(out, status)
    (letter,) = await listing(house)
    return letter


async def listing(house: House) -> list[Letter]:
    return await house.database.read(lambda conn: letters.listing(conn, house.now))


async def requeue(house: House, number: str) -> bool:
    return await house.write(lambda conn: letters.requeue(conn, house.sealer, number, house.now))


async def drop(house: House, number: str) -> bool:
    return await house.write(lambda conn: letters.drop(conn, number, house.now))


async def rows(house: House, table: Any) -> list[Any]:
    return await house.database.read(
        lambda conn: list(conn.execute(select(table).order_by(table.c.seq)))
    )


async def test_a_dead_event_is_listed_without_a_word_of_it(house: House) -> None:
    letter = await bury(house)
    assert (letter.direction, letter.channel, letter.purpose) == ("in", "street", "message")
    assert (letter.reason, letter.since_ms, letter.can_requeue) == ("KeyError", house.now, True)
    assert "hulp" not in repr(letter)
    assert "anna" not in repr(letter)


async def test_a_dead_event_is_put_in_again_at_the_end_and_handled(house: House) -> None:
    letter = await bury(house)
    await house.accept(arrival("later", payload=b"later", is_private=True))
    assert await requeue(house, letter.number)
    (claimed,) = await house.claim()
    assert [(one.seq, one.payload) for one in claimed.messages] == [(2, b"later"), (3, WORDS)]
    assert await listing(house) == []
    old = (await rows(house, inbox_table))[0]
    assert (old.payload_sealed, old.dead_at, old.error) == (None, None, "requeued")


async def test_an_idle_conversation_wakes_up_for_its_letter(house: House) -> None:
    letter = await bury(house)
    assert await house.claim() == []
    assert await requeue(house, letter.number)
    (claimed,) = await house.claim()
    assert [one.payload for one in claimed.messages] == [WORDS]


async def test_a_letter_is_put_in_again_only_once(house: House) -> None:
    letter = await bury(house)
    assert await requeue(house, letter.number)
    assert not await requeue(house, letter.number)
    assert len(await rows(house, inbox_table)) == 2


async def test_of_two_operators_at_once_only_one_puts_it_in(house: House) -> None:
    first = await bury(house)
    await house.publish()
    await house.say(await house.chat("group-2"), "k1", values=WORDS)
    (out,) = await house.outgoing()
    await house.settle(out, Status.DEAD)
    for number, table in ((first.number, inbox_table), ("o-1-1", outbox_table)):
        before = len(await rows(house, table))
        done = await asyncio.gather(*(requeue(house, number) for _ in range(4)))
        assert sorted(done) == [False, False, False, True]
        assert len(await rows(house, table)) == before + 1


async def test_an_event_that_dies_again_can_be_put_in_again(house: House) -> None:
    letter = await bury(house)
    for _ in range(2):
        assert await requeue(house, letter.number)
        (claimed,) = await house.claim()
        assert claimed.messages[0].payload == WORDS
        await house.write(lambda conn: conversations.bury(conn, claimed, "KeyError", house.now))  # noqa: B023
        (letter,) = await listing(house)


async def test_the_platform_cannot_bring_a_requeued_event_a_second_time(house: House) -> None:
    letter = await bury(house)
    assert await requeue(house, letter.number)
    again = arrival("bad", payload=WORDS, is_private=True)
    assert await house.accept(again) == []


async def test_what_is_handled_after_it_leaves_a_dead_event_readable(house: House) -> None:
    letter = await bury(house)
    await house.accept(arrival("later", is_private=True))
    (claimed,) = await house.claim()
    await house.finish(claimed)
    assert (await listing(house)) == [letter]
    assert await requeue(house, letter.number)
    (claimed,) = await house.claim()
    assert claimed.messages[0].payload == WORDS


async def test_a_dead_message_is_sent_when_it_is_put_in_again(house: House) -> None:
    letter = await give_up(house)
    assert (letter.direction, letter.purpose, letter.attempts) == ("out", "info", 1)
    assert await requeue(house, letter.number)
    house.now += 10_000
    (out,) = await house.outgoing()
    assert (out.key, out.values, out.purpose, out.item_id) == ("k1+1", WORDS, Purpose.INFO, "T08")
    await house.settle(out)
    old, new = await rows(house, outbox_table)
    assert (old.status, old.error, old.values_sealed) == (int(Status.REFUSED), "requeued", None)
    assert new.status == int(Status.SENT)
    assert await listing(house) == []


async def test_a_message_that_dies_again_gets_another_key(house: House) -> None:
    letter = await give_up(house)
    for key in ("k1+1", "k1+2"):
        assert await requeue(house, letter.number)
        house.now += 10_000
        (out,) = await house.outgoing()
        assert (out.key, out.values) == (key, WORDS)
        await house.settle(out, Status.DEAD)
        (letter,) = await listing(house)


async def test_a_dead_announcement_goes_again_with_the_shared_values(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    draft = BroadcastDraft("b", "T08", 1, WORDS)
    number = await house.write(
        lambda conn: broadcasts.create(
            conn, house.sealer, draft, Audience.of([chat_id]), house.now
        )
    )
    await house.write(
        lambda conn: broadcasts.expand(
            conn, number, lambda found: {c.id: LocalDay("d", "w") for c in found}, house.now
        )
    )
    (out,) = await house.outgoing()
    await house.settle(out, Status.DEAD)
    (letter,) = await listing(house)
    assert letter.can_requeue
    await house.write(lambda conn: retention.sweep(conn, house.now))
    assert await requeue(house, letter.number)
    house.now += 10_000
    (again,) = await house.outgoing()
    assert (again.values, again.broadcast_id, again.purpose) == (WORDS, number, "announcement")
    counted = await house.database.read(lambda conn: broadcasts.progress(conn, number))
    assert counted == {Status.SENDING: 1}


async def test_a_message_of_unknown_fate_is_listed_and_never_repeated(house: House) -> None:
    letter = await give_up(house, Status.UNKNOWN)
    assert letter.hindrance == "unknown"
    assert not await requeue(house, letter.number)
    assert len(await rows(house, outbox_table)) == 1


async def test_an_expired_message_is_not_put_in_again(house: House) -> None:
    letter = await give_up(house, expires_at=House.START + 60_000)
    assert letter.can_requeue
    house.now += 60_000
    (late,) = await listing(house)
    assert late.hindrance == "expired"
    assert not await requeue(house, letter.number)
    assert len(await rows(house, outbox_table)) == 1


@pytest.mark.parametrize("left", ["left_at", "erase_at"])
async def test_nothing_is_put_in_for_a_chat_that_is_over(house: House, left: str) -> None:
    letter = await give_up(house)
    await house.write(lambda conn: conn.execute(update(chat_table).values({left: house.now})))
    (closed,) = await listing(house)
    assert closed.hindrance == "closed"
    assert not await requeue(house, letter.number)


async def test_who_is_erased_is_erased_from_the_letters_too(house: House) -> None:
    letter = await bury(house)
    member = house.sealer.member("street", "anna")
    found = await house.database.read(
        lambda conn: chats.find(conn, house.sealer, "street", "group-1")
    )
    assert found is not None
    await house.publish()
    await house.say(found.id, "k1", values=WORDS)
    (out,) = await house.outgoing()
    await house.settle(out, Status.DEAD)
    await house.write(lambda conn: erase.erase_member(conn, member, house.now))
    assert [row.values_sealed for row in await rows(house, outbox_table)] == [None]
    assert [row.payload_sealed for row in await rows(house, inbox_table)] == [None]
    assert not await requeue(house, letter.number)
    assert [one for one in await listing(house) if one.can_requeue] == []


@pytest.mark.parametrize("direction", ["in", "out"])
async def test_a_dropped_letter_is_gone(house: House, direction: str) -> None:
    letter = await (bury(house) if direction == "in" else give_up(house))
    assert await drop(house, letter.number)
    assert await listing(house) == []
    assert not await drop(house, letter.number)
    assert not await requeue(house, letter.number)
    for table, column in ((inbox_table, "payload_sealed"), (outbox_table, "values_sealed")):
        assert [getattr(row, column) for row in await rows(house, table) if row.seq > 9] == []
        assert all(getattr(row, column) is None for row in await rows(house, table))


async def test_a_message_that_went_well_is_no_letter(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    (out,) = await house.outgoing()
    number = f"o-{out.lane_id}-{out.seq}"
    assert not await drop(house, number)
    await house.settle(out)
    assert not await drop(house, number)
    assert not await requeue(house, number)
    assert not await requeue(house, "i-1-1")
    assert not await drop(house, "i-1-1")


@pytest.mark.parametrize(
    "number", ["", "i", "i-1", "x-1-1", "i-1-x", "i--1-1", "o-1-1-1", "o-²-1"]
)
async def test_a_number_that_is_none_is_no_letter(house: House, number: str) -> None:
    assert not await requeue(house, number)
    assert not await drop(house, number)


async def test_letters_are_dropped_after_seven_days(house: House) -> None:
    await bury(house)
    await house.write(lambda conn: retention.sweep(conn, house.now + 7 * DAY))
    assert len(await listing(house)) == 1
    swept = await house.write(lambda conn: retention.sweep(conn, house.now + 7 * DAY + 1))
    assert swept["letters"] == 1
    assert await listing(house) == []
    assert [row.payload_sealed for row in await rows(house, inbox_table)] == [None]


async def test_the_key_of_a_letter_lives_as_long_as_the_letter(house: House) -> None:
    letter = await bury(house)
    after = house.now + 5 * DAY

    async def keys() -> int:
        await house.write(lambda conn: retention.destroy_keys(conn, after))
        query = select(func.count()).select_from(day_key)
        return await house.database.read(lambda conn: conn.execute(query).scalar_one())

    assert await keys() == 1
    assert await drop(house, letter.number)
    assert await keys() == 0
