"""Does a bot whose texts are edited every week keep only what it still reads with?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.prepared import starter_pack
from wijkbot.app.assemble import ensure_key, ensure_schema, open_house
from wijkbot.app.house import House
from wijkbot.app.publish import publish_drafts
from wijkbot.clock import Clock
from wijkbot.settings import settings_from
from wijkbot.storage.items import ItemDraft

SETTINGS = {
    "organisation": {"name": "Buurthuis De Brug", "country": "BE"},
    "channels": {"buurt": {"adapter": "sandbox"}},
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings, clock = settings_from(SETTINGS), Clock()
    ensure_key(tmp_path, clock)
    ensure_schema(settings, tmp_path)
    made = await open_house(settings, tmp_path, clock)
    yield made
    await made.database.close()


def edited(number: int) -> tuple[ItemDraft, ...]:
    """The starter pack without most of what it understands, and one question more each time."""
    kept = [draft for draft in starter_pack().drafts if draft.kind != "labels"]
    return tuple(_asked(draft, number) if draft.id == "F01" else draft for draft in kept)


def _asked(draft: ItemDraft, number: int) -> ItemDraft:
    body = json.loads(draft.body)
    body["examples"]["nl-NL"].append(f"wanneer is het open, en dat voor de {number}e keer")
    return replace(draft, body=json.dumps(body))


async def test_only_the_books_of_now_and_just_before_stay_in_memory(house: House) -> None:
    library, at = house.library, house.clock.now_ms()
    for number in range(1, 5):
        await publish_drafts(house.database, edited(number), at)
        assert await library.refresh()
        assert library.version == number
        assert len(library.readers.all()) == min(number, 2)
    assert [library.has(version) for version in (1, 2, 3, 4)] == [False, False, True, True]


async def test_a_dialog_that_began_on_an_older_book_gets_that_book(house: House) -> None:
    library, at = house.library, house.clock.now_ms()
    for number in range(1, 4):
        await publish_drafts(house.database, edited(number), at)
        await library.refresh()
    area = next(iter(house.settings.areas()))
    await library.open_version(1)
    older, current = library.shelf(area, 1), library.shelf(area)
    assert (1, 3) == (older.book.version, current.book.version)
    assert library.readers.all()[-1] is older.reader
    await publish_drafts(house.database, edited(4), at)
    await library.refresh()
    assert not library.has(1)
