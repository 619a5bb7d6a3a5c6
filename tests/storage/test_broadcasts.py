"""Does an announcement reach each chat once, whoever makes its rows and wherever it stops?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, func, select, update

from tests.storage.house import House, arrival
from wijkbot.storage import broadcasts, chats, opt_outs, outbox, rekey, retention
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft, LocalDay, Step
from wijkbot.storage.chats import Chat
from wijkbot.storage.database import Database
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.open import open_database
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import broadcast, chat, day_key, lane
from wijkbot.storage.tables import outbox as outbox_table

pytestmark = pytest.mark.storage

TODAY = LocalDay("2026-11-21", "2026-W47")
EVERYWHERE = Audience()
VALUES = b"on the market square"


class PowerCutError(Exception):
    """The machine stopped inside a transaction."""


def everybody(found: list[Chat]) -> dict[int, LocalDay]:
    return dict.fromkeys((one.id for one in found), TODAY)


async def begin(house: House, audience: Audience = EVERYWHERE, key: str = "market") -> int:
    draft = BroadcastDraft(key, "T08", 1, VALUES, "worker")
    return await house.write(
        lambda conn: broadcasts.create(conn, house.sealer, draft, audience, house.now)
    )


async def step(house: House, number: int, *, limit: int = 2, lease: int | None = None) -> Step:
    return await house.write(
        lambda conn: broadcasts.expand(conn, number, everybody, house.now, limit, lease)
    )


async def finish(house: House, number: int) -> None:
    while not (await step(house, number)).done:
        pass


async def groups(house: House, count: int) -> list[int]:
    return [await house.chat(f"group-{number}") for number in range(count)]


async def told(house: House, number: int) -> dict[int, int]:
    """How many messages of this announcement each chat has."""
    query = (
        select(lane.c.chat_id, func.count())
        .join(outbox_table, outbox_table.c.lane_id == lane.c.id)
        .where(outbox_table.c.broadcast_id == number)
        .group_by(lane.c.chat_id)
    )
    rows = await house.database.read(lambda conn: conn.execute(query).all())
    return {int(chat_id): int(count) for chat_id, count in rows}


async def budgets(house: House, ids: Iterable[int]) -> list[tuple[int, str, int, str]]:
    found = await house.database.read(lambda c: [chats.get(c, id_) for id_ in ids])
    return [
        (one.unasked_today, one.unasked_day, one.unasked_this_week, one.unasked_week)
        for one in found
        if one is not None
    ]


async def test_rows_carry_what_is_sent_and_go_out_in_the_bulk_lane(house: House) -> None:
    await house.publish()
    ids = await groups(house, 3)
    number = await begin(house)
    await finish(house, number)
    sent = await house.outgoing()
    assert [(out.chat_id, out.values) for out in sent] == [(id_, VALUES) for id_ in ids]
    assert {(out.item_id, out.item_version, out.broadcast_id) for out in sent} == {
        ("T08", 1, number)
    }
    assert [out.key for out in sent] == [f"b{number}.{id_}" for id_ in ids]
    await house.settle(sent[0])
    counts = await house.database.read(lambda conn: broadcasts.progress(conn, number))
    assert counts == {Status.SENT: 1, Status.SENDING: 2}


async def test_its_place_in_the_lane_is_behind_what_waits_there(house: House) -> None:
    await house.publish()
    (only,) = await groups(house, 1)
    await house.say(only, "earlier", lane=outbox.Lane.BULK)
    await finish(house, await begin(house))
    await house.say(only, "later", lane=outbox.Lane.BULK)
    keys = []
    for _ in range(3):
        (out,) = await house.outgoing()
        keys.append(out.key.split(".")[0])
        await house.settle(out, message_id=out.key)
        house.now += 10_000
    assert keys == ["earlier", "b1", "later"]


async def test_the_same_key_is_the_same_announcement(house: House) -> None:
    await house.publish()
    ids = await groups(house, 3)
    number = await begin(house, Audience.of(ids[:2]))
    await finish(house, number)
    assert await begin(house, Audience.of(ids)) == number
    assert await step(house, number) == Step(done=True)
    assert await told(house, number) == dict.fromkeys(ids[:2], 1)


async def test_who_stopped_left_or_refuses_is_passed_over(house: House) -> None:
    await house.publish()
    stopped = await house.chat("anna", is_private=True)
    await house.accept(arrival("b", chat="bram", is_private=True, member="bram"))
    (claimed,) = await house.claim()
    await house.finish(claimed)
    willing = claimed.chat_id
    never_asked = await house.chat("chris", is_private=True)
    refusing, left, closed = await groups(house, 3)
    member = await house.agrees(stopped)
    await house.agrees(willing)
    await house.write(lambda conn: opt_outs.add(conn, member, "announcement", "stop", house.now))
    await house.write(lambda conn: outbox.suspend(conn, refusing, "blocked", house.now))
    await house.write(lambda conn: rekey.leave(conn, left, house.now))
    await house.write(lambda conn: chats.configure(conn, closed, is_active=False))
    erased = await house.chat("group-erased")
    gone = update(chat).where(chat.c.id == erased).values(erase_at=house.now)
    await house.write(lambda conn: conn.execute(gone))
    everyone = Audience.of([stopped, willing, never_asked, refusing, left, closed, erased, 999])
    number = await begin(house, everyone)
    await finish(house, number)
    assert await told(house, number) == {willing: 1}
    tally = await house.database.read(lambda conn: broadcasts.tally(conn, number))
    assert (tally.queued, tally.skipped, tally.ended) == (1, 7, True)
    assert await budgets(house, [refusing]) == [(0, "", 0, "")], "what it did not get, not counted"


async def test_everywhere_means_active_groups_and_never_private_chats(house: House) -> None:
    await house.publish()
    north, left = await groups(house, 2)
    await house.chat("anna", is_private=True)
    await house.write(lambda conn: rekey.leave(conn, left, house.now))
    other = await house.chat("group-other")
    await house.write(lambda conn: chats.configure(conn, other, neighbourhood="south"))
    number = await begin(house)
    await finish(house, number)
    assert await told(house, number) == {north: 1, other: 1}
    tally = await house.database.read(lambda conn: broadcasts.tally(conn, number))
    assert tally.skipped == 0, "a group that was left long ago is not worth a word"
    for audience in (Audience(neighbourhood="south"), Audience.of([north, other], "south")):
        number = await begin(house, audience, key=audience.to_json())
        await finish(house, number)
        assert await told(house, number) == {other: 1}


async def test_the_rule_is_asked_of_locked_chats_and_its_count_kept(house: House) -> None:
    await house.publish()
    ids = await groups(house, 4)
    monday = LocalDay("2026-11-23", "2026-W48")
    days = {ids[0]: TODAY, ids[1]: monday, ids[3]: TODAY}
    asked: list[int] = []

    def rule(found: list[Chat]) -> dict[int, LocalDay]:
        asked.extend(one.id for one in found)
        return {one.id: days[one.id] for one in found if one.id in days}

    for key in ("one", "two"):
        number = await begin(house, key=key)
        await house.write(lambda c, n=number: broadcasts.expand(c, n, rule, house.now))  # type: ignore[misc]
    assert asked == ids * 2
    assert await budgets(house, ids) == [
        (2, *TODAY[:1], 2, TODAY.week),
        (2, *monday[:1], 2, monday.week),
        (0, "", 0, ""),
        (2, *TODAY[:1], 2, TODAY.week),
    ]
    days[ids[0]] = LocalDay("2026-11-22", TODAY.week)
    number = await begin(house, key="tomorrow")
    await house.write(lambda c: broadcasts.expand(c, number, rule, house.now))
    assert await budgets(house, ids[:1]) == [(1, "2026-11-22", 3, TODAY.week)]


async def test_an_announcement_that_ran_out_of_time_stops(house: House) -> None:
    await house.publish()
    await groups(house, 3)
    draft = BroadcastDraft("late", "T08", 1, VALUES, expires_at=house.now + 1000)
    number = await house.write(
        lambda conn: broadcasts.create(conn, house.sealer, draft, EVERYWHERE, house.now)
    )
    assert not (await step(house, number)).done
    house.now += 1000
    assert await step(house, number) == Step(done=True)
    assert sum((await told(house, number)).values()) == 2


@pytest.mark.parametrize("cut_before", ["INSERT INTO lane", "INSERT INTO outbox", "UPDATE chat",
                                        "UPDATE broadcast", "COMMIT"])  # fmt: skip
async def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(
    house: House, cut_before: str
) -> None:
    """Power goes in the middle of the second portion; another process continues it."""
    await house.publish()
    ids = await groups(house, 5)
    number = await begin(house)
    await step(house, number)

    def cut(conn: Connection) -> None:
        _stop_before(conn, cut_before)
        broadcasts.expand(conn, number, everybody, house.now, 2)
        raise PowerCutError

    with pytest.raises(PowerCutError):
        await house.write(cut)
    assert len(await told(house, number)) == 2
    await finish(house, number)
    assert await told(house, number) == dict.fromkeys(ids, 1)
    assert [today for today, *_ in await budgets(house, ids)] == [1] * 5


def _stop_before(conn: Connection, words: str) -> None:
    """The power goes when this connection is to run such a statement."""

    @event.listens_for(conn, "before_cursor_execute")
    def _look(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(words):
            raise PowerCutError


async def test_group_that_got_a_new_address_has_it_once(house: House) -> None:
    """Both addresses were in the audience when the platform told that they are one group."""
    await house.publish()
    old, _young = [await house.chat(name) for name in ("group-old", "group-new")]
    number = await begin(house)
    await finish(house, number)
    await house.write(
        lambda c: rekey.rekey(c, house.sealer, "street", "group-old", "group-new", house.now)
    )
    assert await told(house, number) == {old: 1}


async def test_another_process_continues_when_the_lease_ran_out(house: House) -> None:
    await house.publish()
    ids = await groups(house, 5)
    number = await begin(house)
    (first,) = await house.write(lambda conn: broadcasts.claim(conn, house.now))
    await step(house, number, lease=first.lease)
    assert await house.write(lambda conn: broadcasts.claim(conn, house.now)) == []
    house.now += broadcasts.LEASE_MS
    (second,) = await house.write(lambda conn: broadcasts.claim(conn, house.now))
    assert (second.id, second.lease) == (number, first.lease + 1)
    with pytest.raises(LeaseLost):
        await step(house, number, lease=first.lease)
    await step(house, number, lease=second.lease)
    house.now += broadcasts.LEASE_MS - 1
    assert await house.write(lambda conn: broadcasts.claim(conn, house.now)) == [], "renewed"
    assert (await step(house, number, lease=second.lease)).done
    assert await told(house, number) == dict.fromkeys(ids, 1)
    assert not await house.database.read(lambda c: broadcasts.is_due(c, house.now + 10**9))


async def test_a_command_leaves_the_lease_of_the_server_alone(house: House) -> None:
    await house.publish()
    await groups(house, 5)
    number = await begin(house)
    (held,) = await house.write(lambda conn: broadcasts.claim(conn, house.now))
    before = await _row(house, number)
    await begin(house)
    await step(house, number)
    after = await _row(house, number)
    assert after[:2] == before[:2] == (held.lease, house.now + broadcasts.LEASE_MS)
    assert after[2] > before[2]
    await step(house, number, lease=held.lease)


async def _row(house: House, number: int) -> tuple[int, int, int]:
    columns = (broadcast.c.lease, broadcast.c.due_at, broadcast.c.cursor)
    query = select(*columns).where(broadcast.c.id == number)
    row = await house.database.read(lambda conn: conn.execute(query).one())
    return row.lease, row.due_at, row.cursor


async def test_a_restart_continues_at_once(house: House) -> None:
    await house.publish()
    await groups(house, 3)
    await begin(house)
    (held,) = await house.write(lambda conn: broadcasts.claim(conn, house.now))
    assert await house.write(lambda conn: broadcasts.recover(conn, house.now)) == 1
    (again,) = await house.write(lambda conn: broadcasts.claim(conn, house.now))
    assert again.lease > held.lease
    await house.write(lambda c: broadcasts.give_back(c, again, house.now, after_ms=500))
    assert await house.write(lambda conn: broadcasts.claim(conn, house.now)) == []
    assert await house.write(lambda conn: broadcasts.claim(conn, house.now + 500)) != []


async def test_several_processes_at_once_double_nothing(house: House, database_url: str) -> None:
    await house.publish()
    ids = await groups(house, 40)
    number = await begin(house)
    others = [open_database(database_url, takes_given_clock=True) for _ in range(3)]

    async def work(database: Database) -> None:
        while True:
            done = await database.write(
                lambda conn: broadcasts.expand(conn, number, everybody, house.now, 3)
            )
            if done.done:
                return

    try:
        await asyncio.gather(*(work(one) for one in (house.database, *others)))
    finally:
        for one in others:
            await one.close()
    assert await told(house, number) == dict.fromkeys(ids, 1)
    assert [today for today, *_ in await budgets(house, ids)] == [1] * 40
    places = select(lane.c.out_seq).where(lane.c.kind == int(outbox.Lane.BULK))
    assert set(await house.database.read(lambda c: c.execute(places).scalars().all())) == {1}


async def test_values_go_when_nothing_can_be_sent_any_more(house: House) -> None:
    await house.publish()
    first, second = await groups(house, 2)
    number = await begin(house)
    values = broadcasts.values_of

    async def swept() -> int:
        done = await house.write(lambda conn: retention.sweep(conn, house.now))
        return done["broadcast_values"]

    assert await swept() == 0, "its rows are still to be made"
    await finish(house, number)
    one, two = await house.outgoing()
    assert {one.chat_id, two.chat_id} == {first, second}
    await house.settle(one)
    assert await swept() == 0
    assert await house.database.read(lambda c: values(c, house.sealer, number)) == VALUES
    await house.settle(two, Status.DEAD)
    assert await swept() == 0, "an operator may put it in again"
    dead = update(outbox_table).where(outbox_table.c.status == int(Status.DEAD))
    await house.write(lambda conn: conn.execute(dead.values(status=int(Status.REFUSED))))
    assert await swept() == 1
    assert await swept() == 0
    assert await house.database.read(lambda c: values(c, house.sealer, number)) is None


async def test_the_key_of_the_day_stays_as_long_as_an_announcement_needs_it(house: House) -> None:
    await house.publish()
    await groups(house, 1)
    number = await begin(house)
    later = house.now + int(timedelta(days=5).total_seconds() * 1000)
    await house.write(lambda conn: retention.destroy_keys(conn, later))
    days = select(func.count()).select_from(day_key)
    assert await house.database.read(lambda conn: conn.execute(days).scalar()) == 1
    over = update(broadcast).where(broadcast.c.id == number).values(values_sealed=None)
    await house.write(lambda conn: conn.execute(over))
    assert await house.write(lambda conn: retention.destroy_keys(conn, later)) == 1
