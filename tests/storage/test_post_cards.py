"""Does a card reach its groups once, and does a tick count for what was seen, and only that?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from tests.storage.house import House
from wijkbot.adapter_api import Photo
from wijkbot.storage import broadcasts, hand_groups, photos, post_cards, retention
from wijkbot.storage.announce_tables import photo as photo_table
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.hand_groups import GroupFacts
from wijkbot.storage.post_cards import CardDraft, Press, State, Tick
from wijkbot.storage.postkit_tables import hand_group, post, post_card

pytestmark = pytest.mark.storage
DAY = 86_400_000
FACTS = GroupFacts(
    "Buren Zonnewijk", "whatsapp", "zonnewijk", ("nl", "fr"), "25-100",
    is_open=False, has_consent=True, checked_on="2026-11-20",
)  # fmt: skip
DRAFT = CardDraft("b1", "announcement", "T08", 1, b"said", "zonnewijk")


async def _group(house: House, **changes: object) -> int:
    facts = replace(FACTS, **changes)  # type: ignore[arg-type]
    return await house.write(lambda c: hand_groups.add(c, facts, house.now))


async def _card(house: House, *groups: int, draft: CardDraft = DRAFT) -> int:
    made = await house.write(lambda c: post_cards.make(c, house.sealer, draft, groups, house.now))
    assert made is not None
    return made


async def _ticks(house: House, card: int) -> list[Tick]:
    return await house.database.read(lambda c: post_cards.ticks(c, [card]))


async def _states(house: House, card: int) -> list[State]:
    return [one.state for one in await _ticks(house, card)]


async def _press(house: House, card: int, group: int, edition: int = 1) -> bool:
    pressed = Press(card, group, edition)
    return await house.write(lambda c: post_cards.tick(c, pressed, house.now))


async def _undo(house: House, card: int, group: int) -> bool:
    pressed = Press(card, group, 1)
    return await house.write(lambda c: post_cards.undo(c, pressed, house.now))


async def _edit(house: House, version: int = 2) -> bool:
    draft = replace(DRAFT, item_version=version, said=b"other")
    return await house.write(lambda c: post_cards.edit(c, house.sealer, draft, house.now))


async def _withdraw(house: House) -> int:
    return await house.write(lambda c: post_cards.withdraw(c, "b1", house.now))


async def test_card_of_one_announcement_is_made_once(house: House) -> None:
    first, second = await _group(house), await _group(house)
    card = await _card(house, first, second)
    again = await house.write(
        lambda c: post_cards.make(c, house.sealer, DRAFT, [first], house.now)
    )
    assert again is None
    assert await _states(house, card) == [State.WAITS, State.WAITS]


async def test_press_counts_once_and_can_be_undone(house: House) -> None:
    group = await _group(house)
    card = await _card(house, group)
    house.now += 1000
    assert await _press(house, card, group)
    first = (await _ticks(house, card))[0].done_at
    house.now += 1000
    assert await _press(house, card, group)
    assert (await _ticks(house, card))[0].done_at == first == House.START + 1000
    assert await _states(house, card) == [State.POSTED]
    for _ in range(2):
        assert await _undo(house, card, group)
        assert await _states(house, card) == [State.WAITS]
    assert (await _ticks(house, card))[0].done_at is None


async def test_a_press_of_another_group_or_card_does_nothing(house: House) -> None:
    group, other = await _group(house), await _group(house)
    card = await _card(house, group)
    assert not await _press(house, card, other)
    assert not await _press(house, card + 1, group)
    assert not await _undo(house, card, other)
    assert await _states(house, card) == [State.WAITS]


async def test_press_that_crosses_a_change_counts_for_the_words_that_were_seen(
    house: House,
) -> None:
    group = await _group(house)
    card = await _card(house, group)
    assert await _edit(house)
    assert await _press(house, card, group, edition=1)
    assert await _states(house, card) == [State.CHANGED]
    assert await _press(house, card, group, edition=2)
    assert await _states(house, card) == [State.POSTED]
    assert await _undo(house, card, group)
    assert await _states(house, card) == [State.CHANGED]


async def test_nobody_ticks_off_an_edition_that_does_not_exist(house: House) -> None:
    group = await _group(house)
    card = await _card(house, group)
    assert await _press(house, card, group, edition=99)
    assert await _edit(house)
    assert await _states(house, card) == [State.CHANGED]


async def test_the_same_words_again_are_no_change(house: House) -> None:
    group = await _group(house)
    card = await _card(house, group)
    await _press(house, card, group)
    assert not await _edit(house, version=1)
    assert await _states(house, card) == [State.POSTED]


async def test_what_was_taken_back_is_asked_of_those_who_posted_it_alone(house: House) -> None:
    posted, waiting = await _group(house), await _group(house)
    card = await _card(house, posted, waiting)
    await _press(house, card, posted)
    assert await _withdraw(house) == 1
    assert await _withdraw(house) == 0
    assert await _states(house, card) == [State.TO_REMOVE, State.VOID]
    assert not await _edit(house)
    await _press(house, card, waiting)
    await _press(house, card, posted)
    assert (await _states(house, card))[0] is State.REMOVED
    await _undo(house, card, posted)
    assert (await _states(house, card))[0] is State.TO_REMOVE


async def test_page_shows_what_lives_the_newest_first(house: House) -> None:
    group = await _group(house)
    first = await _card(house, group)
    house.now += DAY
    second = await _card(house, group, draft=replace(DRAFT, key="b2"))

    async def shown() -> list[int]:
        ticks = await house.database.read(lambda c: post_cards.board(c, group, house.now))
        return [one.card.id for one in ticks]

    assert await shown() == [second, first]
    house.now = House.START + post_cards.LIVES_MS
    assert await shown() == [second]
    assert not await _press(house, first, group)


async def test_link_opens_one_group_until_it_is_renewed_or_withdrawn(house: House) -> None:
    first, second = await _group(house), await _group(house)
    for group, token in ((first, "one"), (second, "two"), (first, "three")):
        await house.write(
            lambda c, g=group, t=token: hand_groups.link(c, house.sealer, g, t, house.now)  # type: ignore[misc]
        )

    async def opened(token: str) -> int:
        found = await house.database.read(lambda c: hand_groups.of_token(c, house.sealer, token))
        return found.id if found else 0

    assert [await opened(word) for word in ("one", "two", "three", "", "none")] == [
        0, second, first, 0, 0,
    ]  # fmt: skip
    kept = await house.database.read(
        lambda c: list(c.execute(select(hand_group.c.link_hmac)).scalars())
    )
    assert all(len(one) == 64 and one not in {"one", "two", "three"} for one in kept)
    assert await house.write(lambda c: hand_groups.unlink(c, first))
    assert not await house.write(lambda c: hand_groups.unlink(c, first))
    assert await opened("three") == 0


async def test_without_consent_no_link_opens_and_nothing_is_dealt(house: House) -> None:
    group = await _group(house)
    await house.write(lambda c: hand_groups.link(c, house.sealer, group, "one", house.now))
    await house.write(lambda c: hand_groups.edit(c, group, replace(FACTS, has_consent=False)))
    found = await house.write(lambda c: hand_groups.lock_consenting(c, "zonnewijk", None))
    assert found == []
    await house.write(lambda c: hand_groups.edit(c, group, FACTS))
    assert (
        await house.database.read(lambda c: hand_groups.of_token(c, house.sealer, "one")) is None
    ), "an old link does not come back"


async def test_removed_group_takes_its_ticks_along(house: House) -> None:
    group, other = await _group(house), await _group(house)
    card = await _card(house, group, other)
    await house.write(lambda c: hand_groups.remove(c, group))
    assert [one.group_id for one in await _ticks(house, card)] == [other]
    assert [one.id for one in await house.database.read(hand_groups.listing)] == [other]


async def test_photo_stays_as_long_as_its_card_and_goes_when_it_is_taken_back(
    house: House,
) -> None:
    group = await _group(house)
    picture = Photo(b"jpeg", "De affiche", 4, 3)
    number = await house.write(
        lambda c: photos.put(c, house.sealer, picture, house.now, expires_at=house.now + 1000)
    )
    await _card(house, group, draft=replace(DRAFT, photo_id=number))
    house.now += 3 * DAY
    await house.write(lambda c: retention.sweep(c, house.now))
    assert await house.database.read(lambda c: photos.get(c, house.sealer, number)) == picture
    await _withdraw(house)
    left = select(func.count()).select_from(photo_table)
    assert await house.database.read(lambda c: c.execute(left).scalar()) == 0


async def test_what_a_card_says_is_sealed_and_its_key_kept_while_it_lives(house: House) -> None:
    group = await _group(house)
    await _card(house, group)
    (card,) = await house.database.read(lambda c: post_cards.recent(c, 0))
    assert b"said" not in card.said_sealed
    assert await house.database.read(lambda c: post_cards.said(c, house.sealer, card)) == b"said"
    house.now += 5 * DAY
    await house.write(lambda c: retention.destroy_keys(c, house.now))
    house.sealer.forget(10**6)
    assert await house.database.read(lambda c: post_cards.said(c, house.sealer, card)) == b"said"


async def test_cards_and_ticks_go_after_a_month(house: House) -> None:
    group = await _group(house)
    await _card(house, group)
    house.now += post_cards.KEPT_MS
    await house.write(lambda c: retention.sweep(c, house.now))
    assert len(await house.database.read(lambda c: post_cards.recent(c, 0))) == 1
    house.now += 1000
    await house.write(lambda c: retention.sweep(c, house.now))
    for table in (post_card, post):
        rows = select(func.count()).select_from(table)
        assert await house.database.read(lambda c, q=rows: c.execute(q).scalar()) == 0  # type: ignore[misc]
    assert len(await house.database.read(hand_groups.listing)) == 1


async def test_counts_of_a_group_leave_out_what_was_taken_back(house: House) -> None:
    group, other = await _group(house), await _group(house)
    await _card(house, group)
    await _card(house, group, draft=replace(DRAFT, key="b2"))

    async def counted(since: int) -> dict[int, int]:
        return await house.database.read(
            lambda c: post_cards.counts_since(c, [group, other], since)
        )

    assert await counted(House.START) == {group: 2}
    await _withdraw(house)
    assert await counted(House.START) == {group: 1}
    assert await counted(House.START + 1) == {}


async def test_audience_keeps_its_groups_by_hand(house: House) -> None:
    await house.publish()
    for audience in (
        Audience.of([1, 2], "zonnewijk", [7, 5]),
        Audience.of([], "zonnewijk", []),
        Audience(neighbourhood="zonnewijk"),
        Audience.of([3], "zonnewijk"),
    ):
        assert Audience.from_json(audience.to_json()) == audience
    draft = BroadcastDraft("k", "T08", 1, b"{}")
    audience = Audience.of([], "zonnewijk", [7, 5])
    number = await house.write(
        lambda c: broadcasts.create(c, house.sealer, draft, audience, house.now)
    )
    source = await house.write(lambda c: post_cards.source_of(c, number))
    assert Audience.from_json(source.audience).by_hand == (5, 7)
