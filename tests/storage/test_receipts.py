"""Is what a platform tells of a message booked in any order, and does a lost one go again?"""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import Connection, select

from tests.storage.house import House
from wijkbot.storage import chats, letters, outbox, receipts, rekey, retention
from wijkbot.storage.lanes import Settlement, settle_many
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.receipts import Failed, Report
from wijkbot.storage.tables import outbox as table

pytestmark = pytest.mark.storage

HOUR = 3_600_000
RECEIPTS = (Status.DELIVERED, Status.READ, Status.DELIVERED)


@pytest.fixture
async def chat_id(house: House) -> int:
    await house.publish()
    return await house.chat("anna", is_private=True)


async def sent(
    house: House,
    chat_id: int,
    key: str,
    message_id: str,
    *,
    lane: Lane = Lane.REPLY,
    by_template: bool = False,
    expires_at: int | None = None,
) -> None:
    """A message that the platform took."""
    await house.say(chat_id, key, lane=lane, expires_at=expires_at)
    house.now += 10_000
    (out,) = await house.outgoing()
    ended = Settlement(out, Status.QUEUED, message_id, by_template=by_template)
    await house.write(lambda conn: settle_many(conn, [ended], house.now))


async def told(house: House, message_id: str, status: Status) -> int:
    return await house.write(lambda c: outbox.receipt(c, "street", message_id, status))


async def rows(house: House) -> dict[str, tuple[Status, str, bool]]:
    """Key to status, error and whether its values are there."""
    found = await house.database.read(lambda c: c.execute(select(table)).all())
    return {r.key: (Status(r.status), r.error, r.values_sealed is not None) for r in found}


async def lost(house: House, message_id: str) -> Failed:
    found = await house.write(lambda c: receipts.failed(c, "street", message_id))
    assert found is not None
    return found


@pytest.mark.parametrize("order", sorted(set(permutations(RECEIPTS))))
async def test_receipts_in_any_order_end_at_read(
    house: House, chat_id: int, order: tuple[Status, ...]
) -> None:
    await sent(house, chat_id, "k1", "SM1")
    for status in order:
        await told(house, "SM1", status)
    assert await rows(house) == {"k1": (Status.READ, "", False)}


async def test_a_failure_after_an_arrival_is_no_news(house: House, chat_id: int) -> None:
    await sent(house, chat_id, "k1", "SM1")
    await told(house, "SM1", Status.DELIVERED)
    assert await house.write(lambda c: receipts.failed(c, "street", "SM1")) is None
    assert await told(house, "SM1", Status.REFUSED) == 0


async def test_what_the_platform_took_can_go_again_until_it_arrived(
    house: House, chat_id: int
) -> None:
    await sent(house, chat_id, "k1", "SM1")
    assert (await rows(house))["k1"] == (Status.QUEUED, "", True)
    await told(house, "SM1", Status.DELIVERED)
    assert (await rows(house))["k1"] == (Status.DELIVERED, "", False)


async def test_after_a_day_without_a_receipt_nothing_is_kept(house: House, chat_id: int) -> None:
    await sent(house, chat_id, "k1", "SM1")
    await sent(house, chat_id, "k2", "SM2", by_template=True)
    house.now += 25 * HOUR
    await house.write(lambda c: retention.sweep(c, house.now))
    assert {key: row[2] for key, row in (await rows(house)).items()} == {"k1": False, "k2": True}
    house.now += 48 * HOUR
    await house.write(lambda c: retention.sweep(c, house.now))
    assert not (await rows(house))["k2"][2]


async def test_a_receipt_that_comes_before_its_message_is_kept_for_it(
    house: House, chat_id: int
) -> None:
    report = Report("SM1", Status.DELIVERED)
    for _ in range(2):
        await house.write(lambda c: receipts.park(c, "street", [report], house.now))
    assert await house.database.read(receipts.any_parked)
    assert await house.database.read(receipts.matched) == []
    await sent(house, chat_id, "k1", "SM1")
    (parked,) = await house.database.read(receipts.matched)
    assert parked.report == report
    assert await house.write(lambda c: receipts.take(c, parked))
    assert not await house.write(lambda c: receipts.take(c, parked)), "another process has it"
    assert not await house.database.read(receipts.any_parked)


async def test_a_receipt_of_another_channel_finds_nothing(house: House, chat_id: int) -> None:
    await sent(house, chat_id, "k1", "SM1")
    report = Report("SM1", Status.READ)
    await house.write(lambda c: receipts.park(c, "square", [report], house.now))
    assert await house.database.read(receipts.matched) == []
    house.now += 2 * HOUR
    await house.write(lambda c: retention.sweep(c, house.now))
    assert not await house.database.read(receipts.any_parked)


async def test_a_lost_message_goes_once_more_behind_what_waits(house: House, chat_id: int) -> None:
    await sent(house, chat_id, "k1", "SM1")
    await house.say(chat_id, "k2")
    one = await lost(house, "SM1")
    assert (one.again, one.by_template, one.has_values) == (0, False, True)
    assert await house.write(lambda c: receipts.send_again(c, house.sealer, one, house.now))
    assert await house.write(lambda c: receipts.failed(c, "street", "SM1")) is None
    house.now += 10_000
    (first,) = await house.outgoing()
    await house.settle(first, message_id="SM2")
    house.now += 10_000
    (again,) = await house.outgoing()
    assert (first.key, again.key, again.values) == ("k2", "k1+1", b"values")
    await house.settle(again, Status.QUEUED, "SM3")
    assert (await lost(house, "SM3")).again == 1


async def test_what_must_wait_a_day_lives_a_day_longer(house: House, chat_id: int) -> None:
    await sent(house, chat_id, "k1", "SM1", lane=Lane.BULK, expires_at=house.now + HOUR)
    one = await lost(house, "SM1")

    def later(conn: Connection) -> bool:
        return receipts.send_again(conn, house.sealer, one, house.now, after_ms=24 * HOUR)

    assert await house.write(later)
    house.now += 23 * HOUR
    assert await house.outgoing() == []
    house.now += HOUR + 1000
    assert [out.key for out in await house.outgoing()] == ["k1+1"]


async def test_two_that_were_lost_in_a_row_are_told_apart_from_one(
    house: House, chat_id: int
) -> None:
    await sent(house, chat_id, "k1", "SM1")
    one = await lost(house, "SM1")
    assert not await house.database.read(lambda c: receipts.was_lost_before(c, one, "gone"))
    await house.write(lambda c: receipts.end(c, one, Status.REFUSED, "gone"))
    await sent(house, chat_id, "k2", "SM2")
    two = await lost(house, "SM2")
    assert await house.database.read(lambda c: receipts.was_lost_before(c, two, "gone"))
    await told(house, "SM2", Status.DELIVERED)
    await sent(house, chat_id, "k3", "SM3")
    three = await lost(house, "SM3")
    assert not await house.database.read(lambda c: receipts.was_lost_before(c, three, "gone"))


async def test_a_chat_that_shuts_keeps_no_words_that_were_under_way(
    house: House, chat_id: int
) -> None:
    await sent(house, chat_id, "k1", "SM1")
    await house.write(lambda c: outbox.suspend(c, chat_id, "blocked", house.now))
    assert (await rows(house))["k1"] == (Status.QUEUED, "", False)


async def test_a_dead_letter_of_a_failure_can_be_put_in_again(house: House, chat_id: int) -> None:
    await sent(house, chat_id, "k1", "SM1")
    one = await lost(house, "SM1")
    await house.write(lambda c: receipts.end(c, one, Status.DEAD, "needs_template"))
    (letter,) = await house.database.read(lambda c: letters.listing(c, house.now))
    assert (letter.reason, letter.can_requeue) == ("needs_template", True)
    assert await house.write(lambda c: letters.requeue(c, house.sealer, letter.number, house.now))
    house.now += 10_000
    assert [out.key for out in await house.outgoing()] == ["k1+1"]


async def test_a_message_under_way_is_still_found_when_its_chat_moves(house: House) -> None:
    await house.publish()
    await house.chat("old")
    young = await house.chat("new")
    await sent(house, young, "k1", "SM1")
    await house.write(lambda c: rekey.rekey(c, house.sealer, "street", "old", "new", house.now))
    assert await told(house, "SM1", Status.DELIVERED) == 1
    await house.say(await moved(house), "k2")
    house.now += 10_000
    assert [out.key for out in await house.outgoing()] == ["k2"], "it is passed over, not sent"


async def moved(house: House) -> int:
    chat = await house.database.read(lambda c: chats.find(c, house.sealer, "street", "new"))
    assert chat is not None
    return chat.id
