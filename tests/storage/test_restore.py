"""Is a restored backup safe to run on: nobody erased is back, and nothing is done twice?"""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from tests.storage.copies import DAY, HOUR, Copies, anna, count_jobs, note_job
from tests.storage.house import arrival
from wijkbot.clock import Clock
from wijkbot.storage import (
    channel_state,
    erase,
    leases,
    opt_outs,
    tokens,
)
from wijkbot.storage.entries import Erased, KeyDestroyed, OptedIn, OptedOut
from wijkbot.storage.errors import KeyGone
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import (
    broadcast,
    conversation,
    day_key,
    inbox,
    outbox,
    schedule,
)
from wijkbot.storage.tables import chat as chat_table
from wijkbot.storage.tokens import Bound


async def test_what_was_erased_after_the_backup_does_not_come_back(copies: Copies) -> None:
    house, member = copies.house, anna(copies.house)
    await house.publish()
    await house.accept(arrival("e1", chat="anna-home", is_private=True))
    claimed = (await house.claim())[0]
    await house.finish(claimed, state=b"halfway a story")
    await note_job(house, member)
    copy = copies.back_up()
    house.now += HOUR
    private = await house.database.read(lambda c: erase.private_chats(c, member))
    await house.write(lambda c: erase.erase_member(c, member, house.now))
    done = await copies.put_back(
        copy,
        Erased(member, private, house.now),
        OptedOut(member, "announcement", house.now),
        OptedOut(member, "odd_job", house.now),
        OptedIn(member, "odd_job", house.now + 1),
        is_newest=True,
    )
    assert (done.erasures, await count_jobs(house)) == (1, 0)
    state = select(conversation.c.state_sealed)
    assert await house.database.read(lambda c: c.execute(state).scalars().all()) == [None]
    erased = select(chat_table.c.erase_at)
    assert await house.database.read(lambda c: c.execute(erased).scalars().all()) == [house.now]
    assert await house.database.read(lambda c: opt_outs.has(c, member, "announcement"))
    assert not await house.database.read(lambda c: opt_outs.has(c, member, "odd_job"))


async def test_a_private_chat_is_erased_again_when_its_conversation_was_swept(
    copies: Copies,
) -> None:
    house, member = copies.house, anna(copies.house)
    await house.chat("anna-home", is_private=True)
    private = await house.database.read(lambda c: erase.private_chats(c, member))
    await house.write(lambda c: c.execute(inbox.delete()))
    await house.write(lambda c: c.execute(conversation.delete()))
    copy = copies.back_up()
    await copies.put_back(copy, Erased(member, private, house.now + HOUR))
    erased = select(chat_table.c.erase_at)
    found = await house.database.read(lambda c: c.execute(erased).scalars().all())
    assert found == [house.now + HOUR]


async def test_what_a_resident_wrote_after_their_return_stays(copies: Copies) -> None:
    house, member = copies.house, anna(copies.house)
    await house.chat("anna-home", is_private=True)
    await note_job(house, member)
    erased_at = house.now + 1000
    private = await house.database.read(lambda c: erase.private_chats(c, member))
    house.now += 2000  # the erasure itself is not in the backup: only the moments can tell
    await house.accept(arrival("e2", chat="anna-home", is_private=True))
    await note_job(house, member)
    copy = copies.back_up()
    await copies.put_back(copy, Erased(member, private, erased_at), is_newest=True)
    assert await count_jobs(house) == 1
    erased = select(chat_table.c.erase_at, chat_table.c.address_sealed)
    row = await house.database.read(lambda c: c.execute(erased).one())
    assert row.erase_at is None
    assert row.address_sealed is not None
    assert len(await house.claim()) == 1


async def test_a_chat_that_was_answered_after_the_return_keeps_its_address(
    copies: Copies,
) -> None:
    house, member = copies.house, anna(copies.house)
    await house.publish()
    chat_id = await house.chat("anna-home", is_private=True)
    private = await house.database.read(lambda c: erase.private_chats(c, member))
    erased_at, house.now = house.now, house.now + HOUR
    await house.say(chat_id, "welcome-back")
    await house.write(lambda c: c.execute(inbox.delete()))
    await house.write(lambda c: c.execute(conversation.delete()))  # swept since
    copy = copies.back_up()
    done = await copies.put_back(copy, Erased(member, private, erased_at))
    moment = select(chat_table.c.erase_at)
    assert done.erasures == 0
    assert await house.database.read(lambda c: c.execute(moment).scalar_one()) is None


async def test_what_was_not_sent_is_unknown_and_is_not_sent_again(copies: Copies) -> None:
    house = copies.house
    await house.publish()
    first, second = await house.chat(), await house.chat("group-2")
    await house.say(first, "waits")
    await house.say(first, "waits-behind")
    await house.say(second, "crisis", lane=Lane.CRISIS)
    (flying, *_) = await house.outgoing(limit=1)
    assert flying.key == "crisis"
    copy = copies.back_up()
    done = await copies.put_back(copy, is_newest=True)
    assert done.unknown == 3
    house.now += HOUR
    assert await house.outgoing() == []
    rows = select(outbox.c.status, outbox.c.error, outbox.c.values_sealed)
    found = await house.database.read(lambda c: c.execute(rows).all())
    assert {tuple(row) for row in found} == {(int(Status.UNKNOWN), "restored", None)}
    await house.say(first, "new")
    assert [one.key for one in await house.outgoing()] == ["new"]


async def test_an_announcement_on_its_way_stops(copies: Copies) -> None:
    house = copies.house
    await house.publish()
    row = {"key": "b", "item_id": "T08", "item_version": 1, "created_at": 1, "due_at": 1}
    await house.write(lambda c: c.execute(broadcast.insert().values(row)))
    copy = copies.back_up()
    done = await copies.put_back(copy)
    due = select(broadcast.c.due_at)
    assert done.announcements == 1
    assert await house.database.read(lambda c: c.execute(due).scalar_one()) is None


@pytest.mark.parametrize("is_newest", [False, True])
async def test_what_was_planned_is_not_announced_a_second_time(
    copies: Copies, *, is_newest: bool
) -> None:
    house = copies.house
    for key, rule in (("once", ""), ("weekly", "a rule")):
        row = {"key": key, "rule": rule, "zone": "Europe/Brussels", "next_at": house.now + 1}
        values = row | {"due_at": house.now + 1}
        await house.write(lambda c, values=values: c.execute(schedule.insert().values(values)))  # type: ignore[misc]
    copy = copies.back_up()
    house.now += HOUR
    done = await copies.put_back(copy, is_newest=is_newest)
    query = select(schedule.c.next_at, schedule.c.due_at).order_by(schedule.c.id)
    found = await house.database.read(lambda c: [tuple(row) for row in c.execute(query)])
    past, later = house.now - HOUR + 1, house.now + HOUR
    if is_newest:
        assert (done.planned, found) == (0, [(past, past)] * 2)
    else:
        assert (done.planned, found) == (2, [(None, None), (later, later)])


async def test_events_that_waited_are_not_answered_twice(copies: Copies) -> None:
    house = copies.house
    await house.accept(arrival("e1"), arrival("e2", chat="group-2"))
    (claimed, _) = await house.claim()
    await house.finish(claimed, state=b"a dialog", timer_at=house.now + 1)
    await house.accept(arrival("e3"))
    copy = copies.back_up()
    done = await copies.put_back(copy)
    house.now += HOUR
    assert done.passed_over == 2
    assert await house.claim() == []
    assert await house.accept(arrival("e3")) == []  # the platform's repetition is still known
    await house.accept(arrival("e4"))
    (again,) = await house.claim()
    assert (again.state, len(again.messages)) == (None, 1)


async def test_events_that_waited_are_handled_when_the_bot_did_not_run_since(
    copies: Copies,
) -> None:
    house = copies.house
    await house.accept(
        *(arrival(chat, chat=chat, payload=chat.encode()) for chat in ("group-1", "group-2"))
    )
    (claimed, _) = await house.claim()
    await house.finish(claimed, state=b"a dialog")
    handled = (claimed.messages[0].payload or b"").decode()
    copy = copies.back_up()
    done = await copies.put_back(copy, is_newest=True)
    (waiting,) = await house.claim()  # at once, though a stopped process had claimed it
    assert (done.passed_over, waiting.id == claimed.id) == (0, False)
    assert waiting.messages[0].payload in {b"group-1", b"group-2"}
    await house.accept(arrival("e3", chat=handled))
    assert [one.state for one in await house.claim()] == [b"a dialog"]


@pytest.mark.parametrize("is_newest", [False, True])
async def test_a_channel_does_not_go_on_from_a_place_in_the_past(
    copies: Copies, *, is_newest: bool
) -> None:
    house = copies.house

    def keep(conn: Connection) -> None:
        channel_state.save_cursor(conn, house.sealer, "street", "s42", house.now)
        channel_state.keep(conn, house.sealer, ("street", "token"), b"kept", house.now)

    await house.write(keep)
    copy = copies.back_up()
    await copies.put_back(copy, is_newest=is_newest)
    read = house.database.read
    cursor = await read(lambda c: channel_state.cursor(c, house.sealer, "street"))
    assert cursor == ("s42" if is_newest else None)
    assert await read(lambda c: channel_state.kept(c, house.sealer, "street", "token")) == b"kept"


async def test_one_time_links_and_homes_of_the_past_are_gone(copies: Copies) -> None:
    house, member = copies.house, anna(copies.house)
    bound = Bound("klus", member, house.now + DAY)
    await house.write(lambda c: tokens.bind(c, house.sealer, "t1", bound))
    await house.write(lambda c: leases.acquire(c, "street", "old", 1, 1))
    copy = copies.back_up()
    await copies.put_back(copy)
    used = await house.write(lambda c: tokens.use(c, house.sealer, "t1", member, house.now))
    assert used is None
    assert await house.write(lambda c: leases.acquire(c, "street", "new", 2, 1)) == 1


async def test_a_destroyed_day_key_stays_destroyed(copies: Copies) -> None:
    house = copies.house
    sealed = house.sealer.seal(b"of that day", "here")
    day = house.now // DAY
    copy = copies.back_up()
    house.now += 40 * DAY
    done = await copies.put_back(copy, KeyDestroyed(day, house.now))
    assert done.day_keys == 1
    days = await house.database.read(lambda c: c.execute(select(day_key.c.day)).scalars().all())
    assert days == [house.now // DAY]
    fresh = Sealer(house.sealer.key_file, Clock().random_bytes)
    with pytest.raises(KeyGone):
        await house.database.read(lambda c: fresh.open(c, sealed, "here"))
