"""Is what was published kept as it was, version by version?"""

from __future__ import annotations

import asyncio

import pytest

from tests.storage.house import House
from wijkbot.storage import items
from wijkbot.storage.items import Book, ItemDraft

pytestmark = pytest.mark.storage


def draft(name: str, body: str, scope: str = "") -> ItemDraft:
    return ItemDraft(scope, name, "faq", body)


async def publish(house: House, *drafts: ItemDraft) -> Book:
    return await house.write(lambda conn: items.publish(conn, drafts, house.now))


async def test_before_the_first_publication_there_is_no_book(house: House) -> None:
    assert await house.database.read(items.current) is None
    assert await house.database.read(items.current_version) == 0


async def test_a_changed_item_gets_a_version_and_the_others_keep_theirs(house: House) -> None:
    first = await publish(house, draft("F01", "a"), draft("F02", "b"))
    second = await publish(house, draft("F01", "a2"), draft("F02", "b"))
    assert (first.version, first.items) == (1, {"": {"F01": 1, "F02": 1}})
    assert (second.version, second.items) == (2, {"": {"F01": 2, "F02": 1}})
    assert await house.database.read(items.current) == second
    assert await house.database.read(items.current_version) == 2
    assert await house.database.read(lambda conn: items.book(conn, 1)) == first


async def test_publishing_the_same_again_changes_nothing(house: House) -> None:
    first = await publish(house, draft("F01", "a"))
    house.now += 1
    assert await publish(house, draft("F01", "a")) == first


async def test_a_withdrawn_item_leaves_the_book_and_stays_readable(house: House) -> None:
    await publish(house, draft("F01", "a"), draft("F02", "b"))
    book = await publish(house, draft("F02", "b"))
    assert book.items == {"": {"F02": 1}}
    row = await house.database.read(lambda conn: items.body(conn, "F01", 1))
    assert row is not None and row.body == "a"


async def test_an_overlay_has_versions_of_its_own_of_the_same_item(house: House) -> None:
    book = await publish(house, draft("F01", "a"), draft("F01", "here", "zonnewijk"))
    rows = await house.database.read(lambda conn: items.rows_of(conn, book))
    assert {(row.scope, row.body) for row in rows} == {("", "a"), ("zonnewijk", "here")}
    assert len({row.version for row in rows}) == 2


async def test_processes_that_publish_the_same_at_once_make_one_book(house: House) -> None:
    books = await asyncio.gather(
        *(publish(house, draft("F01", "a"), draft("F02", "b")) for _ in range(6))
    )
    assert {book.version for book in books} == {1}
    second = await asyncio.gather(
        *(publish(house, draft("F01", "a2"), draft("F02", "b")) for _ in range(6))
    )
    assert {book.version for book in second} == {2}
