"""Are the figures of each channel right, and is each read through a small index?"""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from tests.storage.house import House, arrival
from wijkbot.storage import conversations, health, limiter, outbox
from wijkbot.storage.health import Backlog, ChannelBacklog, Rate
from wijkbot.storage.outbox import Status


async def look(house: House, after_ms: int = 0) -> dict[str, ChannelBacklog]:
    at = house.now + after_ms
    return await house.database.read(lambda conn: health.by_channel(conn, at))


async def test_an_empty_house_has_no_backlog(house: House) -> None:
    assert await look(house) == {}
    total = await house.database.read(lambda conn: health.look(conn, house.now))
    assert total == Backlog()


async def test_each_channel_has_its_own_figures(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    house.now += 2_000
    await house.say(chat_id, "k2")
    await house.accept(arrival("e1"), arrival("e2"), arrival("e3", channel="square"))
    found = await look(house, 3_000)
    assert list(found) == ["square", "street"]
    street, square = found["street"].backlog, found["square"].backlog
    assert (street.waiting_in, street.waiting_out, street.oldest_out_ms) == (2, 2, 5_000)
    assert (square.waiting_in, square.waiting_out, square.oldest_out_ms) == (1, 0, 0)
    assert street.oldest_in_ms == square.oldest_in_ms == 5_000, "they came in at the start"
    total = await house.database.read(lambda conn: health.look(conn, house.now))
    assert (total.waiting_in, total.waiting_out) == (3, 2)


async def test_what_is_handled_and_sent_does_not_wait(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    (out,) = await house.outgoing()
    assert (await look(house))["street"].backlog.waiting_out == 1, "on its way is not yet there"
    await house.settle(out)
    assert (await look(house)).get("street") is None


async def test_a_message_that_is_held_back_is_the_oldest_all_the_same(house: House) -> None:
    await house.publish()
    chat_id = await house.chat()
    await house.say(chat_id, "k1")
    await house.write(lambda conn: outbox.hold_chat(conn, chat_id, house.now + 900_000))
    assert (await look(house, 600_000))["street"].backlog.oldest_out_ms == 600_000


async def test_dead_and_unknown_are_counted_in_both_directions(house: House) -> None:
    await house.publish()
    for number, status in enumerate((Status.DEAD, Status.DEAD, Status.UNKNOWN, Status.REFUSED)):
        chat_id = await house.chat(f"group-{number}")
        await house.say(chat_id, f"k{number}")
        (out,) = await house.outgoing()
        await house.settle(out, status)
    await house.accept(arrival("bad"))
    (claimed,) = await house.claim()
    await house.write(lambda conn: conversations.bury(conn, claimed, "KeyError", house.now))
    waits = (await look(house))["street"].backlog
    assert (waits.dead, waits.unknown, waits.suspended) == (3, 1, 0)


async def test_a_chat_that_refuses_is_counted_once(house: House) -> None:
    chat_id = await house.chat()
    await house.write(lambda conn: outbox.suspend(conn, chat_id, "blocked", house.now))
    assert (await look(house))["street"].backlog.suspended == 1


async def test_the_rate_of_an_account_and_how_long_it_is_held(house: House) -> None:
    await house.write(lambda conn: limiter.configure(conn, "street", 10, 5))
    assert (await look(house))["street"].rate == Rate(10.0, 5, 0)
    await house.write(lambda conn: limiter.hold(conn, "street", house.now + 30_000))
    held = (await look(house))["street"].rate
    assert held == Rate(10.0, 5, 30_000)
    at = house.now + 29_999
    assert await house.write(lambda conn: limiter.grant(conn, "street", 1, at)) == 0
    at += 1
    assert await house.write(lambda conn: limiter.grant(conn, "street", 1, at)) == 1


async def test_an_account_that_just_sent_all_it_may_is_held_for_one_send(house: House) -> None:
    await house.write(lambda conn: limiter.configure(conn, "street", 10, 5))
    await house.write(lambda conn: limiter.grant(conn, "street", 5, house.now))
    assert (await look(house))["street"].rate == Rate(10.0, 5, 100)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (health._WAITING_IN, "conversation_due_at"),
        (health._WAITING_OUT, "lane_due"),
        (health._DEAD_IN, "inbox_dead_at"),
        (health._TROUBLE_OUT, "outbox_trouble"),
    ],
    ids=["in", "out", "dead", "trouble"],
)
async def test_only_what_waits_is_read(house: House, statement: object, index: str) -> None:
    """The plan of the query begins with the partial index, however much was ever sent."""
    dialect = "sqlite" if house.database.is_embedded else "postgresql"

    def plan(conn):  # type: ignore[no-untyped-def]
        shown = statement.compile(conn, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
        if dialect == "sqlite":
            return [row[-1] for row in conn.execute(text(f"EXPLAIN QUERY PLAN {shown}"))]
        _fill_lanes(conn)
        conn.execute(text("SET LOCAL enable_seqscan = off"))
        return [row[0] for row in conn.execute(text(f"EXPLAIN {shown}"))]

    lines = await house.database.write(plan)
    assert any(index in line for line in lines), lines
    big = [line for line in lines if line.startswith("SCAN ") and "USING" not in line]
    assert big == []


def _fill_lanes(conn: Connection) -> None:
    """Many lanes with nothing to do: of an empty table the planner knows nothing, and guesses."""
    conn.execute(text("SET LOCAL session_replication_role = replica"))  # lanes without a chat
    conn.execute(
        text(
            "INSERT INTO lane (chat_id, channel, class)"
            " SELECT chat, 'street', 1 FROM generate_series(1000000, 1005000) AS chat"
        )
    )
    conn.execute(text("ANALYZE lane"))
