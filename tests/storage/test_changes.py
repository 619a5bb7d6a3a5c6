"""Is an announcement changed where it stands and stopped where it waits, once in each chat?"""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, select

from tests.storage.house import House
from tests.storage.test_broadcasts import begin, budgets, everybody, finish, groups, step
from wijkbot.adapter_api import Photo
from wijkbot.storage import broadcasts, changes, lanes, outbox, retention
from wijkbot.storage.announce_tables import photo as photo_table
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.changes import Standing
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Status
from wijkbot.storage.photos import erase, get, put

pytestmark = pytest.mark.storage
PICTURE = Photo(b"JPEG " * 50_000, "Een affiche", 640, 480, "image/jpeg")
HOUR = 3_600_000


async def _fly(house: House) -> list[Outgoing]:
    house.now += 10_000
    return await house.write(lambda c: lanes.claim(c, house.sealer, "street", house.now))


async def _send(house: House, out: Outgoing, status: Status = Status.SENT, name: str = "") -> None:
    message = name or f"m{out.chat_id}"
    await house.write(lambda c: lanes.settle(c, out, status, house.now, message_id=message))


async def _change(house: House, number: int, act: str) -> int:
    """As the app does it: hold everything, then queue for the chats in which it stands."""

    def work(conn: Connection) -> int:
        changes.lock(conn, number)
        audience = Audience.of(changes.standing_in(conn, number))
        draft = BroadcastDraft(f"{act}.{number}", "T08", 1, b"{}", act=act, amends=number)
        made = broadcasts.create(conn, house.sealer, draft, audience, house.now)
        broadcasts.expand(conn, made, everybody, house.now)
        return made

    return await house.write(work)


async def test_change_follows_the_original_in_every_chat_that_has_it(house: House) -> None:
    await house.publish()
    first, second, third = await groups(house, 3)
    number = await begin(house)
    await finish(house, number)
    for out in await _fly(house):
        if out.chat_id != third:
            await _send(house, out, Status.SENT if out.chat_id == first else Status.UNKNOWN)
        else:
            await _send(house, out, Status.REFUSED)
    before = await budgets(house, [first])
    made = await _change(house, number, "edit")
    flying = await _fly(house)
    assert [first, second] == sorted(out.chat_id for out in flying)
    assert {made} == {out.broadcast_id for out in flying}
    assert before == await budgets(house, [first]), "a change is no second announcement"
    lane_id = next(out.lane_id for out in flying if out.chat_id == first)
    found = await house.database.read(lambda c: changes.standing(c, lane_id, number))
    assert Standing(Status.SENT, f"m{first}") == found


async def test_what_waits_is_never_sent_once_it_was_withdrawn(house: House) -> None:
    """Of three chats one has it, one is being sent to, and of one the row was not made yet."""
    await house.publish()
    ids = await groups(house, 3)
    number = await begin(house)
    await step(house, number, limit=2)
    flying = await _fly(house)
    await _send(house, flying[0])
    await house.write(lambda c: lanes.retry(c, flying[1], house.now, after_ms=0, error="rate"))

    def stop(conn: Connection) -> int:
        changes.lock(conn, number)
        return changes.stop(conn, number, house.now)

    waiting = await house.write(stop)
    assert 1 == waiting
    assert (await step(house, number)).done
    assert [] == await _fly(house)
    told = await house.database.read(lambda c: changes.outcomes(c, number))
    assert [(ids[0], Status.SENT, ""), (ids[1], Status.REFUSED, "withdrawn")] == [
        one[:3] for one in told
    ]


async def test_lane_goes_on_behind_a_message_that_was_stopped(house: House) -> None:
    await house.publish()
    await groups(house, 1)
    number, later = await begin(house), await begin(house, key="later")
    await finish(house, number)
    await finish(house, later)
    await house.write(lambda c: changes.stop(c, number, house.now))
    (out,) = await _fly(house)
    assert later == out.broadcast_id


async def test_what_waits_leaves_with_the_new_words(house: House) -> None:
    await house.publish()
    await house.publish('{"new": true}')
    await groups(house, 2)
    number = await begin(house)
    await step(house, number, limit=1)
    many = await house.write(
        lambda c: changes.rewrite(c, house.sealer, number, ("T08", 2), b"new words")
    )
    assert 1 == many
    await finish(house, number)
    flying = await _fly(house)
    assert [(2, b"new words")] * 2 == [(out.item_version, out.values) for out in flying]


async def test_message_that_was_edited_is_known_by_its_new_id(house: House) -> None:
    await house.publish()
    await groups(house, 1)
    number = await begin(house)
    await finish(house, number)
    (out,) = await _fly(house)
    await _send(house, out, name="p7,8,9")
    await house.write(lambda c: changes.rename(c, out.lane_id, number, "p7,8"))
    found = await house.database.read(lambda c: changes.standing(c, out.lane_id, number))
    assert Standing(Status.SENT, "p7,8") == found


async def test_pin_behind_a_message_is_told_with_it(house: House) -> None:
    await house.publish()
    (group,) = await groups(house, 1)
    number = await begin(house)
    await finish(house, number)
    (out,) = await _fly(house)
    draft = outbox.Draft(
        chat_id=group,
        lane=outbox.Lane.BULK,
        key=changes.pin_key(out.key),
        purpose=out.purpose,
        item_id="T08",
        item_version=1,
        language="nl",
        values=b"{}",
    )

    def both(conn: Connection) -> None:
        lanes.settle(conn, out, Status.SENT, house.now, message_id="7")
        assert outbox.append(conn, house.sealer, draft, house.now)

    await house.write(both)
    (told,) = await house.database.read(lambda c: changes.outcomes(c, number))
    assert (group, Status.SENT, "", Status.WAITING, False) == told
    (pin,) = await _fly(house)
    await _send(house, pin, Status.REFUSED)
    (told,) = await house.database.read(lambda c: changes.outcomes(c, number))
    assert told.pin is Status.REFUSED


async def test_neighbourhoods_of_one_command_are_one_family(house: House) -> None:
    await house.publish()
    one = await begin(house, key="abc.noord")
    two = await begin(house, key="abc.zuid")
    await begin(house, key="abcd.noord")
    fired = [await begin(house, key=f"s3.{at}") for at in (100, 200)]
    for number in (one, two):
        found = await house.database.read(lambda c, n=number: changes.family(c, n))  # type: ignore[misc]
        assert [one, two] == [each.id for each in found]
    found = await house.database.read(lambda c: changes.family(c, fired[1]))
    assert [fired[1]] == [each.id for each in found], "each week stands by itself"
    edit = await _change(house, one, "edit")
    assert [] == await house.database.read(lambda c: changes.family(c, edit))
    assert [] == await house.database.read(lambda c: changes.family(c, 999))
    told = await house.database.read(lambda c: changes.history(c, two))
    assert [(one, ""), (two, ""), (edit, "edit")] == [(each.id, each.act) for each in told]


async def test_only_a_withdrawal_is_one(house: House) -> None:
    await house.publish()
    number = await begin(house)
    await _change(house, number, "edit")
    assert not await house.database.read(lambda c: changes.was_withdrawn(c, number))
    await _change(house, number, "withdraw")
    assert await house.database.read(lambda c: changes.was_withdrawn(c, number))


async def test_photo_is_sealed_kept_once_and_goes_in_time(house: House) -> None:
    number = await house.write(
        lambda c: put(c, house.sealer, PICTURE, house.now, expires_at=house.now + HOUR)
    )
    kept = await house.database.read(
        lambda c: c.execute(select(photo_table.c.data_sealed, photo_table.c.alt_sealed)).one()
    )
    assert b"JPEG" not in kept[0]
    assert b"affiche" not in kept[1]
    assert PICTURE == await house.database.read(lambda c: get(c, house.sealer, number))
    swept = await house.write(lambda c: retention.sweep(c, house.now))
    assert 0 == swept["photos"]
    swept = await house.write(lambda c: retention.sweep(c, house.now + HOUR + 1))
    assert 1 == swept["photos"]
    assert await house.database.read(lambda c: get(c, house.sealer, number)) is None


async def test_photo_goes_at_once_when_it_is_withdrawn(house: House) -> None:
    number = await house.write(
        lambda c: put(c, house.sealer, PICTURE, house.now, expires_at=house.now + HOUR)
    )
    await house.write(lambda c: erase(c, number))
    many = select(func.count()).select_from(photo_table)
    assert 0 == await house.database.read(lambda c: c.execute(many).scalar_one())


async def test_key_of_a_day_is_kept_while_a_photo_needs_it(house: House) -> None:
    """A photo that is planned for next week can still be read then."""
    day = 24 * HOUR
    number = await house.write(
        lambda c: put(c, house.sealer, PICTURE, house.now, expires_at=house.now + 10 * day)
    )
    await house.write(lambda c: retention.destroy_keys(c, house.now + 7 * day))
    assert PICTURE == await house.database.read(lambda c: get(c, house.sealer, number))
    await house.write(lambda c: retention.destroy_keys(c, house.now + 31 * day))
    house.sealer.forget(house.now // day + 40)
    house.sealer._keys.clear()
    assert await house.database.read(lambda c: get(c, house.sealer, number)) is None
