"""Does a code open one chat, five times, for a day, and does the database not show it?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.storage.house import House, arrival
from wijkbot.storage import card_codes, erase, rekey, replay, retention
from wijkbot.storage.card_codes import MOST_CARDS, Given
from wijkbot.storage.card_tables import card_code

pytestmark = pytest.mark.storage

DAY = 86_400_000
CODE, OTHER = "042195", "731960"


async def _given(house: House, code: str = CODE, member: str = "anna") -> Given:
    external = f"{code}-{member}"
    chat = f"private-{member}"
    (accepted,) = await house.accept(arrival(external, chat=chat, member=member, is_private=True))
    made = (await house.claim())[0]
    await house.finish(made)
    given = Given(made.chat_id, accepted.conversation_id, made.member_hmac, "nl-BE",
                  house.now + DAY)  # fmt: skip
    await house.write(lambda c: card_codes.give(c, house.sealer, code, given, house.now))
    return given


async def _look(house: House, code: str = CODE) -> Given | None:
    return await house.database.read(lambda c: card_codes.look(c, house.sealer, code, house.now))


async def _use(house: House, code: str = CODE) -> bool:
    return await house.write(lambda c: card_codes.use(c, house.sealer, code, house.now))


async def test_a_code_leads_to_the_chat_that_asked(house: House) -> None:
    given = await _given(house)
    assert given == await _look(house)
    assert await _look(house, OTHER) is None


async def test_the_table_does_not_show_the_code(house: House) -> None:
    await _given(house)
    rows = await house.database.read(lambda c: list(c.execute(select(card_code)).mappings()))
    assert 1 == len(rows)
    assert CODE not in repr(rows)


async def test_it_is_over_after_its_time(house: House) -> None:
    given = await _given(house)
    house.now = given.expires_at - 1
    assert await _look(house)
    house.now = given.expires_at
    assert await _look(house) is None
    assert not await _use(house)


async def test_it_sends_five_cards(house: House) -> None:
    await _given(house)
    assert [True] * MOST_CARDS == [await _use(house) for _ in range(MOST_CARDS)]
    assert not await _use(house)
    assert await _look(house) is None


async def test_a_new_code_takes_the_place_of_the_old_one_and_counts_anew(house: House) -> None:
    given = await _given(house)
    for _ in range(MOST_CARDS):
        await _use(house)
    await house.write(lambda c: card_codes.give(c, house.sealer, OTHER, given, house.now))
    assert await _look(house) is None
    assert given == await _look(house, OTHER)
    assert await _use(house, OTHER)


async def test_two_chats_never_have_one_code(house: House) -> None:
    await _given(house)
    assert await house.database.read(lambda c: card_codes.is_there(c, house.sealer, CODE))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await _given(house, member="bram")


async def test_an_erasure_takes_it_and_leaves_that_of_others(house: House) -> None:
    given = await _given(house)
    other = await _given(house, OTHER, "bram")
    await house.write(lambda c: erase.erase_member(c, given.member_hmac, house.now))
    assert await _look(house) is None
    assert other == await _look(house, OTHER)


async def test_an_erasure_that_is_replayed_takes_only_what_was_there_then(house: House) -> None:
    given = await _given(house)
    await house.write(lambda c: erase.erase_until(c, given.member_hmac, (), house.now - 1))
    assert await _look(house)
    await house.write(lambda c: erase.erase_until(c, given.member_hmac, (), house.now))
    assert await _look(house) is None


@pytest.mark.parametrize("is_newest", [True, False])
async def test_a_restored_copy_has_no_codes(house: House, *, is_newest: bool) -> None:
    await _given(house)
    await house.write(
        lambda c: replay.put_right(
            c, (), house.now, is_newest=is_newest, following=lambda *_: None
        )
    )
    assert await _look(house) is None


async def test_who_blocks_the_bot_ends_it(house: House) -> None:
    given = await _given(house)
    await house.write(lambda c: rekey.leave(c, given.chat_id, house.now))
    assert await _look(house) is None


async def test_the_sweeper_takes_what_is_over_and_nothing_else(house: House) -> None:
    given = await _given(house)
    later = replace(await _given(house, OTHER, "bram"), expires_at=given.expires_at + 1)
    await house.write(lambda c: card_codes.give(c, house.sealer, OTHER, later, house.now))
    swept = await house.write(lambda c: retention.sweep(c, given.expires_at))
    assert 1 == swept["card_codes"]
    assert await _look(house) is None
    assert later == await _look(house, OTHER)
