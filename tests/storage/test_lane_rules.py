"""Does trouble with one chat stay there, and does a chat keep its turn when it moves?"""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from tests.storage.house import House, arrival
from wijkbot.storage import chats, lanes, limiter, outbox, rekey
from wijkbot.storage.heads import Pace
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.tables import chat, conversation, lane
from wijkbot.storage.tables import outbox as outbox_table

pytestmark = pytest.mark.storage

NO_PAUSE = Pace(private_gap_ms=0, group_gap_ms=0)
HOUR = 3_600_000


@pytest.fixture
async def anna(house: House) -> int:
    await house.publish()
    return await house.chat("anna", is_private=True)


async def _keys(house: House) -> list[str]:
    return [one.key for one in await house.outgoing()]


async def _statuses(house: House) -> dict[str, Status]:
    rows = await house.database.read(lambda conn: conn.execute(select(outbox_table)).all())
    return {row.key: Status(row.status) for row in rows}


async def _fails(house: House, out: Outgoing, after_ms: int) -> None:
    await house.write(
        lambda conn: lanes.retry(conn, out, house.now, after_ms=after_ms, error="rate")
    )


async def _send_all(house: House) -> list[str]:
    """Everything that can leave now and later, in the order in which it leaves."""
    sent: list[str] = []
    for _ in range(20):
        for out in await house.write(
            lambda conn: lanes.claim(conn, house.sealer, "street", house.now, pace=NO_PAUSE)
        ):
            sent.append(out.key)
            await house.settle(out)
        house.now += 5_000
    return sent


async def _move(house: House, old: str, new: str) -> int | None:
    return await house.write(
        lambda conn: rekey.rekey(conn, house.sealer, "street", old, new, house.now)
    )


# ── who refuses us ────────────────────────────────────────────────────────────────────────────
async def test_a_block_shuts_every_lane_of_that_chat_and_of_no_other(
    house: House, anna: int
) -> None:
    bob = await house.chat("bob", is_private=True)
    for kind in Lane:
        await house.say(anna, f"anna-{kind.name}", lane=kind)
    await house.say(bob, "bob")
    await house.write(lambda conn: outbox.suspend(conn, anna, "blocked", house.now))
    for kind in Lane:
        assert not await house.say(anna, f"later-{kind.name}", lane=kind)
    assert await _send_all(house) == ["bob"]
    refused = {key for key, status in (await _statuses(house)).items() if status is Status.REFUSED}
    assert refused == {f"anna-{kind.name}" for kind in Lane}


async def test_who_writes_again_gets_every_lane_back_and_nothing_of_before(
    house: House, anna: int
) -> None:
    await house.say(anna, "before")
    await house.write(lambda conn: outbox.suspend(conn, anna, "blocked", house.now))
    await house.say(anna, "meanwhile", lane=Lane.BULK)
    await house.write(lambda conn: outbox.resume(conn, anna))
    for kind in Lane:
        assert await house.say(anna, f"after-{kind.name}", lane=kind)
    assert await _send_all(house) == ["after-CRISIS", "after-REPLY", "after-BULK"]


async def test_a_block_while_a_message_is_under_way_keeps_it_from_going_twice(
    house: House, anna: int
) -> None:
    await house.say(anna, "first")
    await house.say(anna, "second")
    await house.outgoing()
    await house.write(lambda conn: outbox.suspend(conn, anna, "blocked", house.now))
    house.now += HOUR
    assert await _send_all(house) == []


async def test_a_group_that_put_us_out_gets_nothing_and_what_waited_is_refused(
    house: House, anna: int
) -> None:
    group = await house.chat("group-1")
    for kind in Lane:
        await house.say(group, f"waits-{kind.name}", lane=kind)
    await house.write(lambda conn: rekey.leave(conn, group, house.now))
    for kind in Lane:
        assert not await house.say(group, f"later-{kind.name}", lane=kind)
    assert await _send_all(house) == []
    assert set((await _statuses(house)).values()) == {Status.REFUSED}


async def test_a_group_that_takes_us_back_starts_afresh(house: House, anna: int) -> None:
    group = await house.chat("group-1")
    await house.say(group, "waits")
    await house.write(lambda conn: rekey.leave(conn, group, house.now))
    await house.say(group, "meanwhile")
    await house.write(lambda conn: rekey.come_back(conn, group, is_active=True))
    found = await house.database.read(lambda conn: chats.get(conn, group))
    assert found is not None and (found.is_active, found.left_at) == (True, None)
    assert await house.say(group, "greeting")
    assert await _send_all(house) == ["greeting"]


# ── whose trouble it is ───────────────────────────────────────────────────────────────────────
async def test_the_wait_of_one_chat_delays_no_other(house: House, anna: int) -> None:
    bob = await house.chat("bob", is_private=True)
    await house.say(anna, "anna")
    (out,) = await house.outgoing()
    await house.write(lambda conn: outbox.hold_chat(conn, anna, house.now + HOUR))
    await _fails(house, out, HOUR)
    for number in range(3):
        await house.say(bob, f"bob-{number}")
    assert await _send_all(house) == ["bob-0", "bob-1", "bob-2"]


async def test_the_wait_that_the_platform_asks_for_is_kept_to_the_millisecond(
    house: House, anna: int
) -> None:
    await house.say(anna, "first")
    (out,) = await house.outgoing()
    await _fails(house, out, 37_000)
    await house.say(anna, "second")
    house.now += 36_999
    assert await house.outgoing() == []
    house.now += 1
    assert await _keys(house) == ["first"]


async def test_a_hold_never_gets_shorter(house: House, anna: int) -> None:
    for wait in (60_000, 1_000):
        await house.write(
            lambda conn, wait=wait: outbox.hold_chat(  # type: ignore[misc]
                conn, anna, house.now + wait
            )
        )
    await house.say(anna, "k")
    house.now += 59_999
    assert await house.outgoing() == []
    house.now += 1
    assert await _keys(house) == ["k"]


async def test_the_wait_of_one_account_delays_no_other(house: House, anna: int) -> None:
    await house.accept(arrival("hello", chat="zoe", is_private=True, channel="square"))
    for claimed in await house.claim():
        await house.finish(claimed)
    zoe = await house.database.read(lambda c: chats.find(c, house.sealer, "square", "zoe"))
    assert zoe is not None
    await house.write(lambda conn: limiter.hold(conn, "street", house.now + HOUR))
    await house.say(anna, "held")
    await house.say(zoe.id, "free")

    def claim(conn: Connection) -> list[Outgoing]:
        return lanes.claim(conn, house.sealer, "square", house.now)

    assert [one.key for one in await house.write(claim)] == ["free"]
    assert await house.outgoing() == []
    house.now += HOUR + 1
    assert await _keys(house) == ["held"]


async def test_a_crisis_card_passes_an_announcement_that_backs_off_in_its_own_chat(
    house: House, anna: int
) -> None:
    """Neither the retry of that lane nor the pause that the chat asked for holds it."""
    await house.say(anna, "announcement", lane=Lane.BULK)
    (out,) = await house.outgoing()
    await _fails(house, out, HOUR)
    await house.write(lambda conn: outbox.hold_chat(conn, anna, house.now + HOUR))
    await house.say(anna, "reply")
    await house.say(anna, "card", lane=Lane.CRISIS)
    await house.say(anna, "second card", lane=Lane.CRISIS)
    (card,) = await house.outgoing()
    assert card.key == "card"
    await house.settle(card)
    (second,) = await house.outgoing()
    assert second.key == "second card"
    await house.settle(second)
    house.now += HOUR + 1_000
    assert await _send_all(house) == ["reply", "announcement"]


async def test_who_settles_is_told_where_more_waits(house: House, anna: int) -> None:
    """Then the sender is woken; where nothing waits, nobody is."""
    ben = await house.chat("ben", is_private=True)
    await house.say(anna, "first")
    await house.say(anna, "second")
    await house.say(ben, "only")
    flying = await house.outgoing()
    ended = [Settlement(out, Status.SENT) for out in flying]
    more = await house.write(lambda conn: lanes.settle_many(conn, ended, house.now))
    told = {out.chat_id: is_more for out, is_more in zip(flying, more, strict=True)}
    assert told == {anna: True, ben: False}


# ── who moves ─────────────────────────────────────────────────────────────────────────────────
async def _lanes_of(house: House, chat_id: int) -> dict[Lane, int]:
    query = select(lane.c.kind, lane.c.id).where(lane.c.chat_id == chat_id)
    rows = await house.database.read(lambda conn: conn.execute(query).all())
    return {Lane(row.kind): row.id for row in rows}


async def test_a_moved_chat_keeps_its_lanes_order_and_wait(house: House, anna: int) -> None:
    group = await house.chat("old")
    await house.say(group, "first")
    await house.say(group, "second")
    await house.say(group, "news", lane=Lane.BULK)
    before = await _lanes_of(house, group)
    (out,) = await house.outgoing()
    await _fails(house, out, 8_000)
    assert await _move(house, "old", "new") == group
    assert await _lanes_of(house, group) == before
    house.now += 7_999
    again = await house.outgoing()
    assert [(one.key, one.address) for one in again] == [("news", "new")]
    await house.settle(again[0])
    assert await _send_all(house) == ["first", "second"]


async def test_a_young_chat_is_taken_in_with_what_waits_behind_what_waited(
    house: House, anna: int
) -> None:
    old = await house.chat("old")
    young = await house.chat("new")
    for chat_id, name in ((young, "young"), (old, "old")):
        for kind in Lane:
            await house.say(chat_id, f"{name}-1-{kind.name}", lane=kind)
            await house.say(chat_id, f"{name}-2-{kind.name}", lane=kind)
    assert await _move(house, "old", "new") == old
    sent = await _send_all(house)
    for kind in Lane:
        mine = [key for key in sent if key.endswith(kind.name)]
        wanted = [f"{who}-{number}-{kind.name}" for who in ("old", "young") for number in (1, 2)]
        assert mine == wanted
    assert len(sent) == len(set(sent)) == 12
    assert await house.database.read(lambda conn: chats.get(conn, young)) is None


async def test_a_young_chat_keeps_its_conversations_and_those_go_on_in_the_old_one(
    house: House, anna: int
) -> None:
    await house.accept(arrival("a1", chat="old", member="anna"))
    (mine,) = await house.claim()
    await house.finish(mine, state=b"at the second question")
    await house.accept(arrival("b1", chat="new", member="bob", payload=b"waits"))
    old = await _move(house, "old", "new")
    assert old == mine.chat_id
    (waiting,) = await house.claim()
    assert ([one.payload for one in waiting.messages], waiting.chat_id) == ([b"waits"], old)
    await house.finish(waiting, state=b"of bob")
    await house.accept(arrival("a2", chat="new", member="anna"))
    await house.accept(arrival("b2", chat="new", member="bob"))
    again = {one.id: one.state for one in await house.claim()}
    assert again == {mine.id: b"at the second question", waiting.id: b"of bob"}


async def test_a_move_that_fails_half_way_changes_nothing(house: House, anna: int) -> None:
    old, young = await house.chat("old"), await house.chat("new")
    await house.say(old, "old")
    await house.say(young, "young")

    def everything(conn: Connection) -> list[list[tuple[object, ...]]]:
        tables = (chat, lane, outbox_table, conversation)
        return [sorted(map(tuple, conn.execute(select(table)).all()), key=str) for table in tables]

    def torn(conn: Connection) -> None:
        rekey.rekey(conn, house.sealer, "street", "old", "new", house.now)
        raise KeyError("the power goes")

    before = await house.database.read(everything)
    with pytest.raises(KeyError):
        await house.write(torn)
    assert await house.database.read(everything) == before


async def test_a_message_under_way_when_its_chat_is_taken_in_is_settled_or_sent_again(
    house: House, anna: int
) -> None:
    """Its lane is gone, so its sender cannot tell; it is marked as one that may have arrived."""
    old, young = await house.chat("old"), await house.chat("new")
    await house.say(old, "old")
    await house.say(young, "under way")
    flying = {one.key: one for one in await house.outgoing()}
    assert set(flying) == {"old", "under way"}
    await _move(house, "old", "new")
    await house.settle(flying["old"])
    house.now += 3_000
    again = [(one.key, one.was_in_flight) for one in await house.outgoing()]
    assert again == [("under way", True)]
