"""Are events kept once, in order, and handled by one process at a time?"""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from sqlalchemy import Connection, select

from tests.storage.house import House, arrival
from wijkbot.storage import conversations, leases
from wijkbot.storage.conversations import LEASE_MS, Claimed, Progress
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.tables import conversation, inbox

pytestmark = pytest.mark.storage


async def only(house: House) -> Claimed:
    claimed = await house.claim()
    assert len(claimed) == 1
    return claimed[0]


async def test_an_event_seen_before_is_dropped_and_takes_no_number(house: House) -> None:
    assert [one.seq for one in await house.accept(arrival("e1"))] == [1]
    assert await house.accept(arrival("e1"), arrival("e1")) == []
    assert [one.seq for one in await house.accept(arrival("e2"))] == [2]
    assert [one.seq for one in (await only(house)).messages] == [1, 2]


async def test_the_same_event_twice_in_one_batch_is_kept_once(house: House) -> None:
    assert len(await house.accept(arrival("e1"), arrival("e1"))) == 1


async def test_the_same_id_on_another_channel_is_another_event(house: House) -> None:
    await house.accept(arrival("e1"))
    assert len(await house.accept(arrival("e1", channel="square"))) == 1


async def test_a_handled_event_is_still_known(house: House) -> None:
    await house.accept(arrival("e1"))
    await house.finish(await only(house))
    assert await house.accept(arrival("e1")) == []


async def test_duplicates_accepted_at_the_same_time_leave_no_gap(house: House) -> None:
    names = [f"e{number}" for number in range(20)]
    await asyncio.gather(*(house.accept(arrival(name)) for name in names for _ in range(6)))
    claimed = await only(house)
    assert claimed.in_seq == len(names)
    rows = await house.database.read(
        lambda conn: conn.execute(select(inbox.c.seq).order_by(inbox.c.seq)).scalars().all()
    )
    assert list(rows) == list(range(1, len(names) + 1))


async def test_batches_over_the_same_conversations_do_not_deadlock(house: House) -> None:
    members = [f"member-{number}" for number in range(8)]
    batches = [
        [
            arrival(f"{batch}-{member}", member=member)
            for member in (members if batch % 2 else reversed(members))
        ]
        for batch in range(12)
    ]
    await asyncio.gather(*(house.accept(*batch) for batch in batches))
    claimed = await house.claim()
    assert [one.in_seq for one in claimed] == [len(batches)] * len(members)


async def test_messages_of_one_conversation_come_in_order(house: House) -> None:
    texts = [f"text {number}".encode() for number in range(10)]
    await house.accept(*(arrival(f"e{n}", payload=text) for n, text in enumerate(texts)))
    assert [one.payload for one in (await only(house)).messages] == texts


async def test_people_in_one_group_never_share_a_conversation(house: House) -> None:
    await house.accept(arrival("e1", member="anna"), arrival("e2", member="bram"))
    claimed = await house.claim()
    assert len(claimed) == 2
    assert len({one.chat_id for one in claimed}) == 1
    assert len({one.member_hmac for one in claimed}) == 2


async def test_a_claimed_conversation_is_not_given_out_again(house: House) -> None:
    await house.accept(arrival("e1"))
    await only(house)
    await house.accept(arrival("e2"))
    assert await house.claim() == []


async def test_a_message_that_comes_during_the_work_wakes_it_up_after(house: House) -> None:
    await house.accept(arrival("e1"))
    claimed = await only(house)
    await house.accept(arrival("e2", payload=b"later"))
    await house.finish(claimed)
    assert [one.payload for one in (await only(house)).messages] == [b"later"]


async def test_an_idle_conversation_is_not_claimed(house: House) -> None:
    await house.accept(arrival("e1"))
    await house.finish(await only(house))
    assert await house.claim() == []


async def test_the_state_comes_back_with_the_next_message(house: House) -> None:
    await house.accept(arrival("e1"))
    await house.finish(await only(house), state=b"step two")
    await house.accept(arrival("e2"))
    assert (await only(house)).state == b"step two"


async def test_a_crash_between_claim_and_finish_loses_nothing(house: House) -> None:
    await house.accept(arrival("e1", payload=b"hello"))
    await only(house)
    house.now += LEASE_MS + 1
    again = await only(house)
    assert [one.payload for one in again.messages] == [b"hello"]
    assert again.attempts == 2


async def test_who_comes_too_late_changes_nothing(house: House) -> None:
    await house.accept(arrival("e1"))
    late = await only(house)
    house.now += LEASE_MS + 1
    holder = await only(house)
    with pytest.raises(LeaseLost):
        await house.finish(late, state=b"late")
    await house.finish(holder, state=b"in time")
    with pytest.raises(LeaseLost):
        await house.finish(holder, state=b"twice")
    await house.accept(arrival("e2"))
    assert (await only(house)).state == b"in time"


async def test_a_late_finish_takes_its_whole_write_with_it(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.accept(arrival("e1"))
    late = await only(house)
    house.now += LEASE_MS + 1
    await only(house)

    def write(conn: Connection) -> None:
        where = conversation.c.chat_id == chat_id
        conn.execute(conversation.update().where(where).values(state_at=7))
        conversations.finish(conn, house.sealer, late, house.now, Progress(1, None, None))

    with pytest.raises(LeaseLost):
        await house.write(write)
    kept = await house.database.read(
        lambda conn: conn.execute(select(conversation.c.state_at)).scalars().all()
    )
    assert 7 not in kept


async def test_one_message_at_a_time_keeps_the_claim(house: House) -> None:
    await house.accept(arrival("e1"), arrival("e2"))
    first = await only(house)
    second = await house.write(
        lambda conn: conversations.proceed(
            conn, house.sealer, first, house.now, Progress(1, b"one", None)
        )
    )
    assert [one.seq for one in second.messages] == [2]
    assert await house.claim() == []
    await house.finish(second, state=b"two")
    assert await house.claim() == []


async def test_a_finished_event_keeps_its_id_and_nothing_else(house: House) -> None:
    await house.accept(arrival("e1"))
    await house.finish(await only(house))
    row = await house.database.read(lambda conn: conn.execute(select(inbox)).one())
    assert row.payload_sealed is None
    assert len(row.external_id) == 64


async def test_a_timer_rings_once(house: House) -> None:
    await house.accept(arrival("e1"))
    await house.finish(await only(house), timer_at=house.now + 60_000)
    assert await house.claim() == []
    house.now += 60_000
    rang = await only(house)
    assert rang.timer_rang and rang.messages == ()
    await house.finish(rang)
    house.now += 60_000
    assert await house.claim() == []


async def test_a_message_before_the_timer_is_handled_at_once(house: House) -> None:
    await house.accept(arrival("e1"))
    await house.finish(await only(house), timer_at=house.now + 60_000)
    await house.accept(arrival("e2"))
    claimed = await only(house)
    assert not claimed.timer_rang and [one.seq for one in claimed.messages] == [2]


async def test_a_failed_message_waits_and_then_returns(house: House) -> None:
    await house.accept(arrival("e1"))
    claimed = await only(house)
    await house.write(lambda conn: conversations.give_back(conn, claimed, house.now, after_ms=500))
    assert await house.claim() == []
    house.now += 500
    assert (await only(house)).attempts == 2


async def test_poison_is_buried_and_the_next_message_goes_on(house: House) -> None:
    await house.accept(arrival("bad", payload=b"poison"), arrival("good", payload=b"fine"))
    claimed = await only(house)
    for _ in range(5):
        house.now += LEASE_MS + 1
        claimed = await only(house)
    assert claimed.is_poison
    await house.write(lambda conn: conversations.bury(conn, claimed, "ValueError", house.now))
    following = await only(house)
    assert not following.is_poison
    assert [one.payload for one in following.messages] == [b"fine"]
    row = await house.database.read(
        lambda conn: conn.execute(select(inbox).where(inbox.c.seq == 1)).one()
    )
    assert (row.error, row.dead_at) == ("ValueError", house.now)
    assert row.payload_sealed is not None, "an operator can put it in again"


async def test_what_went_wrong_last_is_told_of_a_dead_message(house: House) -> None:
    await house.accept(arrival("bad"))
    claimed = await only(house)
    failed = partial(conversations.give_back, after_ms=0, error="KeyError")
    await house.write(lambda conn: failed(conn, claimed, house.now))
    again = await only(house)
    await house.write(lambda conn: conversations.bury(conn, again, "poison", house.now))
    query = select(inbox.c.error)
    assert await house.database.read(lambda conn: conn.execute(query).scalar()) == "KeyError"


async def test_trouble_that_is_not_the_messages_fault_brings_it_no_nearer_its_end(
    house: House,
) -> None:
    def wait(conn: Connection, claimed: Claimed) -> None:
        conversations.give_back(conn, claimed, house.now, after_ms=0, counts=False)

    await house.accept(arrival("fine"))
    for _ in range(20):
        await house.write(partial(wait, claimed=await only(house)))
    assert not (await only(house)).is_poison


async def test_a_restart_frees_what_the_last_process_held(house: House) -> None:
    await house.accept(arrival("e1"))
    late = await only(house)
    assert await house.write(lambda conn: leases.recover(conn, house.now)) == 1
    assert len((await only(house)).messages) == 1
    with pytest.raises(LeaseLost):
        await house.finish(late)
