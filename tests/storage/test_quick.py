"""Does a statement that is given past SQLAlchemy say the same as through it?"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import DBAPIError, StatementError

from tests.storage.house import House
from wijkbot.storage import chats, outbox, quick
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.tables import chat, lane

_ALL = select(chat).where(chat.c.channel == bindparam("b_channel")).order_by(chat.c.id)
_KINDS = select(lane.c.kind, chat.c.id.label("number")).join_from(lane, chat).order_by(lane.c.kind)
_NAME = (
    update(chat)
    .where(chat.c.id == bindparam("b_id"))
    .values(language=bindparam("b_language"), is_active=False)
)
_NO_NAME = (
    update(chat)
    .where(chat.c.id == bindparam("b_id"))
    .values(channel=bindparam("b_channel"), language=bindparam("b_language"))
)
_FEW = select(chat.c.id).where(chat.c.id.in_([1, 2, 3]))
_NOTHING: dict[str, object] = {}


async def _two_chats(house: House) -> list[int]:
    def meet(conn: Connection) -> list[int]:
        new = [Newcomer("telegram", name, is_private=name == "anna") for name in ("anna", "groep")]
        return sorted(chats.meet(conn, house.sealer, new, House.START).values())

    return await house.database.write(meet)


async def test_rows_are_those_of_sqlalchemy_truths_and_bytes_included(house: House) -> None:
    await _two_chats(house)

    def both(conn: Connection) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        given = {"b_channel": "telegram"}
        slow = [dict(row) for row in conn.execute(_ALL, given).mappings()]
        return slow, [dict(row._asdict()) for row in quick.rows(conn, _ALL, given)]

    slow, fast = await house.database.read(both)
    assert len(slow) == 2
    assert slow == fast
    assert {row["is_private"] for row in fast} == {True, False}
    assert all(isinstance(row["is_private"], bool) for row in fast)
    assert all(isinstance(row["address_sealed"], bytes) for row in fast)


async def test_columns_are_named_as_in_the_tables_and_by_their_labels(house: House) -> None:
    first, _ = await _two_chats(house)
    assert await house.database.read(lambda c: quick.first(c, _KINDS, _NOTHING)) is None
    await house.database.write(lambda conn: outbox.suspend(conn, first, "left", House.START))
    rows = await house.database.read(lambda conn: quick.rows(conn, _KINDS, _NOTHING))
    assert [(row.kind, row.number) for row in rows] == [(0, first), (1, first), (2, first)]


async def test_a_change_says_how_many_rows_it_was_about_one_time_or_many(house: House) -> None:
    first, second = await _two_chats(house)
    one = {"b_id": first, "b_language": "fr"}
    assert await house.database.write(lambda conn: quick.change(conn, _NAME, one)) == 1

    def many(conn: Connection) -> list[Any]:
        rows = [{"b_id": number, "b_language": "en"} for number in (first, second)]
        quick.change(conn, _NAME, rows)
        return [chats.get(conn, number) for number in (first, second)]

    found = await house.database.write(many)
    assert [(each.language, each.is_active) for each in found] == [("en", False)] * 2


async def test_what_a_failed_transaction_changed_is_undone(house: House) -> None:
    first, _ = await _two_chats(house)

    def fail(conn: Connection) -> None:
        quick.change(conn, _NAME, {"b_id": first, "b_language": "fr"})
        raise KeyError

    with pytest.raises(KeyError):
        await house.database.write(fail)
    kept = await house.database.read(lambda conn: chats.get(conn, first))
    assert kept is not None
    assert kept.language == "nl"


async def test_a_parameter_that_is_missing_is_not_taken_for_nothing(house: House) -> None:
    with pytest.raises((KeyError, StatementError), match="b_channel"):
        await house.database.read(lambda conn: quick.rows(conn, _ALL, _NOTHING))


async def test_trouble_is_told_as_sqlalchemy_tells_it_and_without_values(house: House) -> None:
    secret = "31612345678"

    first, _ = await _two_chats(house)
    row: dict[str, object] = {"b_id": first, "b_channel": secret, "b_language": None}

    def refused(conn: Connection) -> str:
        try:
            quick.change(conn, _NO_NAME, row)
        except DBAPIError as error:
            return str(error)
        return ""

    told = await house.database.write(refused)
    assert told
    if house.database.is_embedded:  # PostgreSQL's own words hold the row, so nobody shows them
        assert secret not in told


async def test_a_statement_whose_text_depends_on_its_values_is_refused(house: House) -> None:
    def few(conn: Connection) -> int:
        return len(quick.rows(conn, _FEW, _NOTHING))

    numbers = await _two_chats(house)
    if not house.database.is_embedded:
        assert await house.database.read(few) == len(numbers)
        return
    with pytest.raises(TypeError, match="fixed text"):
        await house.database.read(few)
