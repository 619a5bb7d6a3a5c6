"""Does news get into groups where no bot can be, by the same rule, as a card for a person?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.app.by_hand_house import (
    CHANNELS,
    MONDAY,
    OFTEN,
    add_group,
    all_groups,
    announced,
    planned,
    ticks_of,
)
from tests.living import LivingBot, living_bot
from wijkbot.adapter_api import Photo
from wijkbot.app import announce_change, by_hand
from wijkbot.app.announce import Plan, announce
from wijkbot.app.announce_lint import told_in
from wijkbot.app.plan_ahead import plan_ahead, wish_of
from wijkbot.app.pointer import plan_pointers
from wijkbot.app.post_kit import MOST, fit, picture, ready, seen
from wijkbot.settings import SettingsError
from wijkbot.storage import broadcasts, changes, post_cards
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.post_cards import Press, State
from wijkbot.understanding.personal_data import DataKind

NIGHT = datetime(2026, 11, 23, 22, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 25, 12, tzinfo=UTC)


async def _posted(living: LivingBot, card: int, group: int) -> None:
    house = living.bot.house
    pressed = Press(card, group, 1)
    assert await house.database.write(lambda c: post_cards.tick(c, pressed, house.clock.now_ms()))


async def test_announcement_without_any_bot_makes_one_card_for_each_group_that_agreed(
    tmp_path: Path,
) -> None:
    """One press of the button twice is once; who did not agree or lives elsewhere has nothing."""
    async with living_bot(tmp_path, CHANNELS, at=MONDAY) as living:
        first, second = await add_group(living), await add_group(living, platform="facebook")
        await add_group(living, has_consent=False)
        made = await planned(living, "Z4")
        for _ in range(2):
            done = await announce(living.bot.house, made, "press", "worker")
            assert (done.queued, len(done.ids)) == (0, 1)
        ticks = await ticks_of(living)
        assert [(one.group_id, one.state) for one in ticks] == [
            (first, State.WAITS),
            (second, State.WAITS),
        ]
        assert {one.card.broadcast_id for one in ticks} == set(done.ids)
        text = made.by_hand[0].text
        assert "maandag 23 november van 9 tot 12 uur" in text
        assert text.endswith(living.bot.adapters["wijk"].private_link(""))
        assert len(text) <= MOST


@pytest.mark.parametrize("at", [NIGHT, CHRISTMAS], ids=["night", "holiday"])
async def test_nobody_is_asked_to_disturb_a_group_at_night_or_on_a_holiday(
    tmp_path: Path, at: datetime
) -> None:
    async with living_bot(tmp_path, CHANNELS, at=at) as living:
        await add_group(living)
        made = await planned(living, "T07")
        assert [one.forbidden_by for one in made.by_hand] == ["quiet-hours"]
        await announce(living.bot.house, made, "press", "worker")
        assert await ticks_of(living) == []


async def test_second_news_of_the_day_waits_in_a_group_by_hand_too(tmp_path: Path) -> None:
    """Also when both were agreed to at once, and not in a group that had nothing yet."""
    async with living_bot(tmp_path, CHANNELS, at=MONDAY) as living:
        group = await add_group(living)
        first, at_once = await planned(living, "Z4"), await planned(living, "T07")
        await announce(living.bot.house, first, "first", "worker")
        await announce(living.bot.house, at_once, "second", "worker")
        assert [one.card.item_id for one in await ticks_of(living)] == ["Z4"]
        other = await add_group(living)
        later = await planned(living, "T07")
        assert {one.group.id: one.forbidden_by for one in later.by_hand} == {
            group: "unasked-is-spent",
            other: "",
        }
        living.bot.house.clock.shift(24 * 3600)
        tomorrow = await planned(living, "T07")
        assert [one.forbidden_by for one in tomorrow.by_hand] == ["", ""]


async def test_what_is_planned_for_all_and_the_weekly_pointer_make_cards(tmp_path: Path) -> None:
    pointer = {"policy": {**OFTEN["policy"], "pointer": "MO 14:00"}}
    async with living_bot(tmp_path, CHANNELS, at=MONDAY, extra=pointer) as living:
        house = living.bot.house
        chosen, _ = await add_group(living), await add_group(living)
        made = await planned(living, "Z4")
        wish = wish_of("2026-11-23 11:30", "")
        assert wish is not None
        await plan_ahead(house, made, wish, everywhere=True, author="worker")
        one = replace(made, by_hand=made.by_hand[:1])
        await plan_ahead(house, one, wish, everywhere=False, author="worker")
        await plan_pointers(house)
        for hours in (1, 3, 1, 1):  # the pointer comes up to two and a half hours later
            house.clock.shift(timedelta(hours=hours).total_seconds())
            await asyncio.sleep(2.5)
        ticks = await ticks_of(living)
        found = sorted((one.card.item_id, one.group_id == chosen) for one in ticks)
        assert found == [
            ("T07", False),
            ("T07", True),
            ("Z4", False),
            ("Z4", True),
            ("Z4", True),
        ]


async def test_changed_words_ask_who_posted_the_old_ones(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=MONDAY, extra=OFTEN) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        posted, _ = await add_group(living), await add_group(living)
        (number,) = (await announced(living, "Z4", "press")).ids
        (card,) = {one.card.id for one in await ticks_of(living)}
        await _posted(living, card, posted)
        family = await announce_change.found(house, number)
        plan = await announce_change.plan_edit(house, adapters, family, "Z1")
        assert len(plan.by_hand) == 2
        changed = await announce_change.edit(house, family, plan, "edit", "worker")
        assert (changed.queued, changed.by_hand) == (0, 1)
        ticks = await ticks_of(living)
        assert [one.state for one in ticks] == [State.CHANGED, State.WAITS]
        groups = await all_groups(living)
        shown = await ready(house, adapters, ticks[0].card, groups[0])
        assert shown is not None
        assert shown.versions[0].text == plan.by_hand[0].text
        assert "wijkteam" in shown.versions[0].text

        family = await announce_change.found(house, number)
        taken = await announce_change.withdraw(house, family, "delete", "worker")
        assert taken.by_hand == 1
        states = [one.state for one in await ticks_of(living)]
        assert states == [State.TO_REMOVE, State.VOID]


async def test_what_was_taken_back_first_makes_no_card_later(tmp_path: Path) -> None:
    """The group was added, and the announcement stopped, before its rows were made."""
    async with living_bot(tmp_path, CHANNELS, at=MONDAY, extra=OFTEN) as living:
        house, now_ms = living.bot.house, living.bot.house.clock.now_ms()
        values = b'{"key": "card", "values": [], "offers": [], "footers": []}'
        version = house.library.shelf("").book.version_of("Z4")
        draft = BroadcastDraft("late.", "Z4", version, values)
        number = await house.database.write(
            lambda c: broadcasts.create(c, house.sealer, draft, Audience(neighbourhood=""), now_ms)
        )
        await house.database.write(lambda c: changes.stop(c, number, now_ms))
        await add_group(living)
        await house.database.write(lambda c: by_hand.deal(c, house, number, now_ms))
        assert await ticks_of(living) == []


async def test_group_reads_its_own_languages_and_dutch_when_we_have_none(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=MONDAY) as living:
        for codes in (("nl", "fr"), ("tr", "fr"), ("ar",)):
            await add_group(living, languages=codes)
        made = await planned(living, "Z4")
        assert [one.language for one in made.by_hand] == ["nl-BE+fr", "fr", "nl-BE"]
        both = made.by_hand[0].text
        assert "Zitdag van het onthaal" in both
        assert "Permanence d'accueil" in both


async def test_photo_of_the_announcement_is_the_picture_and_else_its_words(
    tmp_path: Path,
) -> None:
    async with living_bot(tmp_path, CHANNELS, at=MONDAY, extra=OFTEN) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        await add_group(living)
        photo = Photo(b"jpeg", "De affiche van de wijk", 4, 3)
        await announce(house, await planned(living, "Z4"), "photo", "worker", None, photo)
        await announced(living, "Z1", "words")
        ticks = {one.card.item_id: one.card for one in await ticks_of(living)}
        (group,) = await all_groups(living)
        own, words = [await ready(house, adapters, ticks[k], group) for k in ("Z4", "Z1")]
        assert own is not None
        assert words is not None
        assert await picture(own, own.versions[0]) == photo
        made = await picture(words, words.versions[0])
        look = seen(words, words.versions[0])
        assert made is not None
        assert look is not None
        assert (look.alt, look.width, look.height) == (made.alt, made.width, made.height)
        assert "dinsdag 24 november. van 14 tot 16 uur. Voorbeeldkade 2" in made.alt


async def test_personal_data_in_a_card_are_found_before_it_is_made(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=MONDAY) as living:
        await add_group(living)
        made = await planned(living, "Z4")
        assert told_in(living.bot.house, made) == ()
        telling = replace(made.by_hand[0], text="Kom langs.\nOf bel 0470 12 34 56.")
        (told,) = told_in(living.bot.house, Plan((), (telling,)))
        assert (told.line, told.kind, told.is_refused) == (2, DataKind.PHONE, True)


async def test_without_any_group_there_is_nothing_to_announce(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=MONDAY) as living:
        with pytest.raises(SettingsError, match="no active group"):
            await planned(living, "Z4")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Kort.", "Kort."),
        ("Een zin. " * 3 + "En dan nog een veel langere zin.", "Een zin. Een zin. …"),
        ("a" * 40, f"{'a' * 23} …"),
        ("woorden zonder een einde erbij", "woorden zonder een …"),
    ],
)
def test_text_that_is_too_long_ends_after_a_sentence(text: str, told: str) -> None:
    assert fit(text, 25) == told
    assert len(fit(text, 25)) <= 25
