"""Do messages leave in order, at their pace, the urgent ones first, each once?"""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from tests.storage.house import House
from wijkbot.engine.words import Purpose
from wijkbot.storage import lanes, leases, limiter, outbox
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.heads import LEASE_MS
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.tables import outbox as outbox_table

pytestmark = pytest.mark.storage


@pytest.fixture
async def chat_id(house: House) -> int:
    await house.publish()
    return await house.chat()


async def statuses(house: House) -> dict[str, Status]:
    rows = await house.database.read(lambda conn: conn.execute(select(outbox_table)).all())
    return {row.key: Status(row.status) for row in rows}


async def keys(house: House) -> list[str]:
    return [one.key for one in await house.outgoing()]


async def test_a_message_names_a_published_item(house: House, chat_id: int) -> None:
    draft = Draft(chat_id, Lane.REPLY, "k", Purpose.INFO, "no-such-item", 1, "nl", b"")
    with pytest.raises(IntegrityError):
        await house.write(lambda conn: outbox.append(conn, house.sealer, draft, house.now))


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": None},
        {"purpose": "help"},
        {"item_id": None},
        {"item_version": None},
        {"item_version": 99},
    ],
    ids=["no-purpose", "unknown-purpose", "no-item", "no-version", "unpublished-version"],
)
async def test_database_itself_takes_no_row_without_its_reason(
    house: House, chat_id: int, wrong: dict[str, object]
) -> None:
    """Whatever code writes it: purpose, item and version are there, and were published."""
    await house.say(chat_id, "right")
    copied = ["lane_id", "seq", "purpose", "item_id", "item_version", "created_at"]

    def write(conn: Connection) -> None:
        known = [outbox_table.c[name] for name in copied]
        row = dict(conn.execute(select(*known)).mappings().one())
        conn.execute(outbox_table.insert().values({**row, "seq": 2, "key": "other", **wrong}))

    with pytest.raises(IntegrityError):
        await house.write(write)
    await house.write(lambda conn: conn.execute(select(outbox_table)).all())
    assert ["right"] == list(await statuses(house))


async def test_the_sender_gets_the_address_and_the_values(house: House, chat_id: int) -> None:
    await house.say(chat_id, "k1", values=b"next tuesday")
    (out,) = await house.outgoing()
    assert (out.address, out.values, out.purpose) == ("group-1", b"next tuesday", Purpose.INFO)
    assert not out.was_in_flight


async def test_the_same_key_is_sent_once(house: House, chat_id: int) -> None:
    assert await house.say(chat_id, "k1")
    assert not await house.say(chat_id, "k1")
    assert await house.say(chat_id, "k2")
    (out,) = await house.outgoing()
    await house.settle(out)
    house.now += 3_000
    (following,) = await house.outgoing()
    assert (following.key, following.seq) == ("k2", 2)


async def test_one_chat_gets_its_messages_in_order_and_with_a_pause(
    house: House, chat_id: int
) -> None:
    for key in ("k1", "k2"):
        await house.say(chat_id, key)
    (first,) = await house.outgoing()
    assert first.key == "k1"
    assert await house.outgoing() == []
    await house.settle(first)
    assert await house.outgoing() == []
    house.now += 2_999
    assert await house.outgoing() == []
    house.now += 1
    assert await keys(house) == ["k2"]


async def test_a_private_chat_has_a_shorter_pause(house: House) -> None:
    await house.publish()
    chat_id = await house.chat("anna", is_private=True)
    for key in ("k1", "k2"):
        await house.say(chat_id, key)
    (first,) = await house.outgoing()
    await house.settle(first)
    house.now += 1_000
    assert await keys(house) == ["k2"]


async def test_a_crisis_card_overtakes_everything_in_its_chat(house: House, chat_id: int) -> None:
    await house.say(chat_id, "announcement", lane=Lane.BULK)
    await house.say(chat_id, "reply")
    (first,) = await house.outgoing()
    await house.say(chat_id, "crisis", lane=Lane.CRISIS)
    assert first.key == "reply"
    assert await keys(house) == ["crisis"]


async def test_crisis_goes_before_other_chats_too(house: House, chat_id: int) -> None:
    other = await house.chat("group-2")
    await house.say(chat_id, "announcement", lane=Lane.BULK)
    await house.say(other, "reply")
    await house.say(chat_id, "crisis", lane=Lane.CRISIS)
    assert [one.key for one in await house.outgoing(limit=1)] == ["crisis"]
    assert [one.key for one in await house.outgoing(limit=1)] == ["reply"]


async def test_the_account_keeps_its_rate(house: House) -> None:
    await house.publish()
    await house.write(lambda conn: limiter.configure(conn, "street", 10, 2))
    for number in range(5):
        chat_id = await house.chat(f"group-{number}")
        await house.say(chat_id, f"k{number}")
    assert len(await house.outgoing()) == 2
    assert await house.outgoing() == []
    house.now += 100
    assert len(await house.outgoing()) == 1


async def test_a_grant_that_was_not_needed_is_not_lost(house: House, chat_id: int) -> None:
    await house.write(lambda conn: limiter.configure(conn, "street", 1, 1))
    assert await house.outgoing() == []
    await house.say(chat_id, "k1")
    assert await keys(house) == ["k1"]


async def test_a_wait_for_the_whole_account_holds_every_chat(house: House, chat_id: int) -> None:
    await house.write(lambda conn: limiter.hold(conn, "street", house.now + 5_000))
    await house.say(chat_id, "k1")
    assert await house.outgoing() == []
    house.now += 5_001
    assert await keys(house) == ["k1"]


async def test_a_refused_chat_gets_nothing_more_until_it_writes(
    house: House, chat_id: int
) -> None:
    await house.say(chat_id, "k1")
    await house.say(chat_id, "k2")
    await house.outgoing()
    await house.write(lambda conn: outbox.suspend(conn, chat_id, "blocked", house.now))
    assert set((await statuses(house)).values()) == {Status.REFUSED}
    assert not await house.say(chat_id, "k3")
    assert not await house.say(chat_id, "first ever", lane=Lane.BULK)
    house.now += 10_000
    assert await house.outgoing() == []
    await house.write(lambda conn: outbox.resume(conn, chat_id))
    assert await house.say(chat_id, "k4")
    assert await keys(house) == ["k4"]


async def test_values_are_gone_once_a_message_is_settled(house: House, chat_id: int) -> None:
    await house.say(chat_id, "k1")
    (out,) = await house.outgoing()
    await house.settle(out)
    row = await house.database.read(lambda conn: conn.execute(select(outbox_table)).one())
    assert (row.values_sealed, row.external_message_id) == (None, "m1")


async def test_a_failed_message_is_tried_again_before_the_next(house: House, chat_id: int) -> None:
    await house.say(chat_id, "k1")
    await house.say(chat_id, "k2")
    (out,) = await house.outgoing()
    await house.write(
        lambda conn: lanes.retry(conn, out, house.now, after_ms=10_000, error="rate")
    )
    house.now += 9_999
    assert await house.outgoing() == []
    house.now += 1
    (again,) = await house.outgoing()
    assert (again.key, again.attempts, again.was_in_flight) == ("k1", 2, False)


async def test_a_message_of_a_sender_that_died_is_marked(house: House, chat_id: int) -> None:
    await house.say(chat_id, "k1")
    (late,) = await house.outgoing()
    house.now += LEASE_MS + 1
    (again,) = await house.outgoing()
    assert again.was_in_flight
    with pytest.raises(LeaseLost):
        await house.settle(late)
    await house.settle(again, Status.UNKNOWN)
    assert await statuses(house) == {"k1": Status.UNKNOWN}


async def test_a_restart_frees_a_lane_at_once(house: House, chat_id: int) -> None:
    await house.say(chat_id, "k1")
    await house.outgoing()
    await house.write(lambda conn: leases.recover(conn, house.now))
    house.now += 3_000
    assert [one.was_in_flight for one in await house.outgoing()] == [True]


async def test_an_expired_message_is_passed_over(house: House, chat_id: int) -> None:
    await house.say(chat_id, "old", expires_at=house.now + 10)
    await house.say(chat_id, "new")
    house.now += 10
    assert await keys(house) == ["new"]
    assert (await statuses(house))["old"] is Status.EXPIRED


async def test_a_receipt_finds_its_message_on_its_own_channel(house: House, chat_id: int) -> None:
    await house.say(chat_id, "k1")
    (out,) = await house.outgoing()
    await house.settle(out, Status.QUEUED, "SM1")
    for channel, found in (("square", 0), ("street", 1)):
        count = await house.write(
            lambda conn, channel=channel: outbox.receipt(  # type: ignore[misc]
                conn, channel, "SM1", Status.DELIVERED
            )
        )
        assert count == found
    assert await statuses(house) == {"k1": Status.DELIVERED}


async def test_a_message_is_given_to_one_sender_only(house: House) -> None:
    await house.publish()
    for number in range(12):
        await house.say(await house.chat(f"group-{number}"), f"k{number}")
    taken = await asyncio.gather(*(house.outgoing(limit=4) for _ in range(8)))
    while len(names := [one.key for part in taken for one in part]) < 12:
        taken = [*taken, await house.outgoing()]
    assert sorted(names) == sorted(f"k{number}" for number in range(12))


async def test_messages_put_at_the_same_time_have_no_gap(house: House, chat_id: int) -> None:
    await asyncio.gather(*(house.say(chat_id, f"k{n % 15}") for n in range(60)))
    rows = await house.database.read(
        lambda conn: (
            conn.execute(select(outbox_table.c.seq).order_by(outbox_table.c.seq)).scalars().all()
        )
    )
    assert list(rows) == list(range(1, 16))


def test_waiting_grows_with_each_attempt_and_then_stays() -> None:
    waits = [outbox.backoff_ms(attempt) for attempt in range(1, 10)]
    assert waits == sorted(waits)
    assert waits[0] == 1_000 and waits[-1] == 300_000
