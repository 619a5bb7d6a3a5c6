"""From the command to the group on Telegram: photo, calendar file, pin, edit, deletion, refusals.

Through the real python-telegram-bot and a local Bot API that refuses what the real one refuses.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Connection, select, update

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.whole import Whole, whole
from wijkbot.adapter_api import Photo
from wijkbot.announcements.extras import Extras, Sound
from wijkbot.announcements.photo import photo_of
from wijkbot.app import announce_change
from wijkbot.app.announce import announce, plan
from wijkbot.app.announce_change import Changed
from wijkbot.storage import chats, limiter
from wijkbot.storage.changes import Outcome
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import lane, outbox
from wijkbot.storage.tables import limiter as limiter_table

ALL = Extras(has_calendar=True, is_pinned=True, sound=Sound.SILENT)
FOREVER_MS = 9_000_000_000_000
TWO_DAYS = 48 * 3600 + 60


def _photo() -> Photo:
    written = io.BytesIO()
    Image.new("RGB", (320, 240), (20, 110, 90)).save(written, "PNG")
    return photo_of(written.getvalue(), "Een groene deur")


@asynccontextmanager
async def _group(tmp_path: Path) -> AsyncIterator[tuple[Whole, int]]:
    async with LocalBotApi() as api, whole(tmp_path, api) as house:
        yield house, await house.joined()


async def _announce(house: Whole, extras: Extras = ALL, item: str = "Z4") -> int:
    inner = house.living.bot.house
    groups = await inner.database.read(chats.groups)
    made = await plan(inner, dict(house.living.bot.adapters), item, groups)
    found = await announce(inner, made, "one-press", "worker", extras, _photo())
    await house.rests()
    return found.ids[0]


async def _edit(house: Whole, number: int, item: str = "Z1") -> tuple[Changed, str]:
    inner = house.living.bot.house
    family = await announce_change.found(inner, number)
    new = await announce_change.plan_edit(inner, dict(house.living.bot.adapters), family, item)
    made = await announce_change.edit(inner, family, new, "edit", "worker")
    await house.rests()
    return made, new.previews[0].text


async def _delete(house: Whole, number: int) -> Changed:
    inner = house.living.bot.house
    family = await announce_change.found(inner, number)
    made = await announce_change.withdraw(inner, family, "delete", "worker")
    await house.rests()
    return made


async def _outcome(house: Whole, *numbers: int) -> Outcome:
    (found,) = await announce_change.outcomes(house.living.bot.house, numbers)
    return found


def _shown(house: Whole, group: int) -> list[dict[str, Any]]:
    """What stands there after the hello."""
    return house.api.sent(group)[1:]


async def test_photo_with_caption_is_pinned_edited_and_deleted(tmp_path: Path) -> None:
    async with _group(tmp_path) as (house, group):
        house.api.world.chat(group).may_pin = True
        number = await _announce(house)
        photo, file = _shown(house, group)
        assert photo["photo"]
        assert "maandag 23 november van 9 tot 12 uur" in photo["caption"]
        (sent,) = house.api.calls_of("sendPhoto")
        assert Image.open(io.BytesIO(sent["photo"])).size == (320, 240)
        assert sent["disable_notification"] is True
        (document,) = house.api.calls_of("sendDocument")
        assert document["document"].startswith(b"BEGIN:VCALENDAR\r\n")
        assert file["document"]
        assert [photo["message_id"]] == house.api.world.chat(group).pinned
        found = await _outcome(house, number)
        assert (Status.SENT, Status.SENT) == (found.status, found.pin)

        made, text = await _edit(house, number)
        photo, file = _shown(house, group)
        assert text == photo["caption"]
        assert photo["photo"], "the picture stays"
        assert "new document" == file["document"]["file_id"], "no old hour stays in a calendar"
        assert Status.SENT is (await _outcome(house, *made.ids)).status

        made = await _delete(house, number)
        assert [] == _shown(house, group)
        assert Status.SENT is (await _outcome(house, *made.ids)).status
        assert [] == house.api.violations


async def test_without_the_right_to_pin_it_is_sent_and_told_as_not_pinned(tmp_path: Path) -> None:
    async with _group(tmp_path) as (house, group):
        house.api.world.chat(group).may_pin = False
        number = await _announce(house)
        assert 2 == len(_shown(house, group))
        found = await _outcome(house, number)
        assert (Status.SENT, Status.REFUSED) == (found.status, found.pin)


async def test_lost_answer_is_told_as_unknown_and_the_photo_not_sent_again(
    tmp_path: Path,
) -> None:
    async with _group(tmp_path) as (house, _):
        house.api.lose_answer("sendPhoto")
        number = await _announce(house)
        await asyncio.sleep(1)
        assert 1 == len(house.api.calls_of("sendPhoto"))
        assert Status.UNKNOWN is (await _outcome(house, number)).status
        made, _ = await _edit(house, number)
        found = await _outcome(house, *made.ids)
        assert (Status.REFUSED, "not-known") == (found.status, found.error)


async def test_photo_that_arrived_without_its_file_can_still_be_deleted(tmp_path: Path) -> None:
    async with _group(tmp_path) as (house, group):
        house.api.lose_answer("sendDocument")
        number = await _announce(house)
        assert Status.UNKNOWN is (await _outcome(house, number)).status
        made = await _delete(house, number)
        assert Status.SENT is (await _outcome(house, *made.ids)).status
        assert not any("photo" in one for one in _shown(house, group))


async def test_edit_of_what_an_admin_deleted_is_told_and_a_deletion_is_fine(
    tmp_path: Path,
) -> None:
    async with _group(tmp_path) as (house, group):
        number = await _announce(house, Extras())
        del house.api.world.chat(group).messages[_shown(house, group)[0]["message_id"]]
        made, _ = await _edit(house, number)
        found = await _outcome(house, *made.ids)
        assert (Status.REFUSED, "missing") == (found.status, found.error)
        made = await _delete(house, number)
        assert Status.SENT is (await _outcome(house, *made.ids)).status


async def test_what_is_older_than_two_days_is_edited_but_not_deleted(tmp_path: Path) -> None:
    async with _group(tmp_path) as (house, group):
        number = await _announce(house, Extras())
        house.api.world.shift(TWO_DAYS)
        house.living.bot.house.clock.shift(TWO_DAYS)
        made, text = await _edit(house, number)
        assert text == _shown(house, group)[0]["caption"]
        made = await _delete(house, number)
        found = await _outcome(house, *made.ids)
        assert (Status.REFUSED, "expired") == (found.status, found.error)
        assert 1 == len(_shown(house, group))
        groups = await house.living.bot.house.database.read(chats.groups)
        assert 1 == len(groups), "the group goes on"


async def test_group_that_became_a_supergroup_has_no_message_to_change(tmp_path: Path) -> None:
    async with _group(tmp_path) as (house, group):
        number = await _announce(house, Extras())
        (old,) = _shown(house, group)
        new = house.api.group_migrates(group)
        await house.rests()
        # numbers begin anew there: another message of ours has the old one's now
        chat = house.api.world.chat(new)
        other = house.api.world.new_message(chat, house.api.world.bot(), caption="iets anders")
        chat.messages[old["message_id"]] = {**other, "message_id": old["message_id"], "photo": []}
        for made in ((await _edit(house, number))[0], await _delete(house, number)):
            found = await _outcome(house, *made.ids)
            assert (Status.REFUSED, "not-known") == (found.status, found.error)
        assert "iets anders" == chat.messages[old["message_id"]]["caption"]
        assert [] == house.api.calls_of("deleteMessage")
        assert [] == house.api.calls_of("editMessageCaption")


async def test_group_that_threw_the_bot_out_is_told_and_gets_nothing(tmp_path: Path) -> None:
    async with _group(tmp_path) as (house, group):
        number = await _announce(house, Extras())
        house.api.bot_is("kicked", group, by=42)
        await house.rests()
        await asyncio.sleep(1)
        family = await announce_change.found(house.living.bot.house, number)
        made = await announce_change.withdraw(house.living.bot.house, family, "delete", "worker")
        assert 0 == made.queued
        await house.rests()
        assert [] == house.api.calls_of("deleteMessage")


async def test_edit_whose_answer_was_lost_is_done_again_without_harm(tmp_path: Path) -> None:
    async with _group(tmp_path) as (house, group):
        number = await _announce(house, Extras())
        house.api.lose_answer("editMessageCaption")
        made, text = await _edit(house, number)
        assert text == _shown(house, group)[0]["caption"]
        assert Status.SENT is (await _outcome(house, *made.ids)).status


@pytest.mark.parametrize("sound", [Sound.LOUD, Sound.BY_THE_CLOCK])
async def test_by_day_it_rings_unless_asked_otherwise(tmp_path: Path, sound: Sound) -> None:
    async with _group(tmp_path) as (house, _):
        await _announce(house, Extras(sound=sound))
        (sent,) = house.api.calls_of("sendPhoto")
        assert "disable_notification" not in sent


def _killed(conn: Connection, number: int) -> None:
    """As a sender leaves a message that is killed between asking Telegram and noting it."""
    flies = {"status": int(Status.SENDING), "attempts": 1}
    mine = outbox.c.broadcast_id == number
    conn.execute(update(outbox).where(mine).values(flies))
    held = lane.c.id.in_(select(outbox.c.lane_id).where(mine))
    conn.execute(update(lane).where(held).values(due_at=FOREVER_MS))
    conn.execute(update(limiter_table).values(tat=0))


async def test_edit_goes_on_after_a_kill_and_an_announcement_is_never_sent_twice(
    tmp_path: Path,
) -> None:
    async with LocalBotApi() as api:
        async with whole(tmp_path, api) as house:
            group = await house.joined()
            number = await _announce(house, Extras())
            inner = house.living.bot.house
            await inner.database.write(lambda c: limiter.hold(c, "buurt", FOREVER_MS))
            family = await announce_change.found(inner, number)
            adapters = dict(house.living.bot.adapters)
            new = await announce_change.plan_edit(inner, adapters, family, "Z1")
            made = await announce_change.edit(inner, family, new, "edit", "worker")
            await inner.database.write(lambda c: _killed(c, made.ids[0]))
        async with whole(tmp_path, api) as house:
            await house.rests()
            assert new.previews[0].text == _shown(house, group)[0]["caption"]
            assert Status.SENT is (await _outcome(house, *made.ids)).status
            inner = house.living.bot.house
            await inner.database.write(lambda c: _killed(c, number))
            await inner.database.write(lambda c: c.execute(update(lane).values(sent_seq=0)))
        async with whole(tmp_path, api) as house:
            await house.rests()
            assert Status.UNKNOWN is (await _outcome(house, number)).status
            assert 1 == len(api.calls_of("sendPhoto"))
