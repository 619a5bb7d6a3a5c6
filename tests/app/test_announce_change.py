"""Does an announcement arrive with all that goes with it, and can it be put right and taken back?

Through the whole bot and its pretend group app, as ``wijkbot announce`` does it.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from PIL import Image
from sqlalchemy import Connection, func, select

from tests.living import LivingBot, living_bot
from wijkbot.adapter_api import Photo
from wijkbot.announcements.extras import Extras, Sound
from wijkbot.announcements.photo import photo_of
from wijkbot.app import announce_change
from wijkbot.app.announce import announce, plan
from wijkbot.app.announce_lint import told_in
from wijkbot.app.plan_ahead import Load, plan_ahead, wish_of
from wijkbot.app.tick import tick
from wijkbot.settings import SettingsError
from wijkbot.storage import chats, limiter
from wijkbot.storage.announce_tables import photo
from wijkbot.storage.changes import Outcome
from wijkbot.storage.chats import Chat
from wijkbot.storage.outbox import Status
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP, Line

CHANNELS = {"noord": {"adapter": "sandbox"}, "zuid": {"adapter": "sandbox"}}
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)
EVENING = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)


def _photo() -> Photo:
    written = io.BytesIO()
    Image.new("RGB", (320, 240), (20, 110, 90)).save(written, "PNG")
    return photo_of(written.getvalue(), "Een groene deur")


def _world(living: LivingBot, channel: str) -> SandboxAdapter:
    adapter = living.bot.adapters[channel]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


def _lines(living: LivingBot, channel: str = "noord") -> list[Line]:
    """What the bot put there after it said who it is."""
    return list(_world(living, channel).world.lines(GROUP))[1:]


async def _until(holds: Callable[[], object]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it did not come so far")


async def _outcomes(living: LivingBot, *numbers: int) -> list[Outcome]:
    """What became of these in each group, once all of it is over."""
    for _ in range(200):
        found = await announce_change.outcomes(living.bot.house, numbers)
        if all(one.status >= Status.SENT and one.pin not in _OPEN for one in found):
            return found
        await asyncio.sleep(0.05)
    pytest.fail("it did not come to an end")


_OPEN = (Status.WAITING, Status.SENDING)


async def _groups(living: LivingBot) -> list[Chat]:
    def greeted() -> bool:
        return all(_world(living, c).world.lines(GROUP) for c in CHANNELS)

    await _until(greeted)
    return await living.bot.house.database.read(chats.groups)


async def _announced(
    living: LivingBot, item: str = "Z4", extras: Extras | None = None, picture: Photo | None = None
) -> int:
    """Announce in both groups; the number."""
    house = living.bot.house
    made = await plan(house, dict(living.bot.adapters), item, await _groups(living))
    found = await announce(house, made, "one-press", "worker", extras, picture)
    assert 2 == found.queued
    return found.ids[0]


async def test_photo_file_pin_and_silence_arrive_together_in_each_group(tmp_path: Path) -> None:
    extras = Extras(has_calendar=True, is_pinned=True, sound=Sound.SILENT)
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        number = await _announced(living, extras=extras, picture=_photo())
        for channel in CHANNELS:
            await _until(lambda c=channel: _lines(living, c) and _lines(living, c)[0].is_pinned)  # type: ignore[misc]
            (line,) = _lines(living, channel)
            assert line.photo is not None
            assert (line.photo.alt, line.photo.width) == ("Een groene deur", 320)
            assert line.is_silent
            assert line.attachment is not None
            assert line.attachment.name == "spreekuur-2026-11-25.ics"
            assert b"DTSTART:20261125T" in line.attachment.data
        told = await _outcomes(living, number)
        assert [(Status.SENT, Status.SENT)] * 2 == [(one.status, one.pin) for one in told]
        assert await living.bot.house.database.read(_photo_count) == 1, "one copy for all groups"


async def test_page_shows_the_photo_and_gives_the_file(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        await _announced(living, extras=Extras(has_calendar=True), picture=_photo())
        await _until(lambda: _lines(living))
        (line,) = _lines(living)
        async with httpx.AsyncClient(base_url=f"{living.base_url}/sandbox/noord") as page:
            html = (await page.get("/?lang=nl")).text
            assert f'src="photo/{line.number}" alt="Een groene deur"' in html
            assert '<span class="tag">zonder geluid' not in html, "eleven in the morning"
            shown = await page.get(f"/photo/{line.number}")
            assert shown.headers["content-type"] == "image/jpeg"
            assert Image.open(io.BytesIO(shown.content)).size == (320, 240)
            file = await page.get(f"/file/{line.number}")
            assert file.headers["content-type"].startswith("text/calendar")
            assert 404 == (await page.get("/photo/1")).status_code
            assert 404 == (await page.get("/file/999")).status_code


async def test_edit_changes_the_words_everywhere_and_keeps_the_photo(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        extras = Extras(has_calendar=True)
        number = await _announced(living, extras=extras, picture=_photo())
        await _until(lambda: all(_lines(living, c) for c in CHANNELS))
        family = await announce_change.found(house, number)
        new = await announce_change.plan_edit(house, adapters, family, "Z2")
        for _ in range(2):
            made = await announce_change.edit(house, family, new, "press", "worker")
        assert (2, 0) == (made.queued, made.caught)
        for channel in CHANNELS:
            await _until(lambda c=channel: _lines(living, c)[0].text == new.previews[0].text)  # type: ignore[misc]
            (line,) = _lines(living, channel)
            assert line.photo is not None
            assert line.attachment is not None
            assert line.attachment.name == "spreekuur-2026-11-26.ics"
        told = await _outcomes(living, *made.ids)
        assert [Status.SENT] * 2 == [one.status for one in told]


async def test_what_is_put_right_at_night_is_put_right_at_once(tmp_path: Path) -> None:
    """An edit and a deletion ring no bell, so they wait for no morning and spend no budget."""
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        number = await _announced(living)
        await _until(lambda: all(_lines(living, c) for c in CHANNELS))
        house.clock.shift(13 * 3600)
        family = await announce_change.found(house, number)
        new = await announce_change.plan_edit(house, adapters, family, "Z1")
        await announce_change.edit(house, family, new, "edit", "worker")
        await _until(lambda: _lines(living)[0].text == new.previews[0].text)
        await announce_change.withdraw(house, family, "delete", "worker")
        await _until(lambda: not any(_lines(living, c) for c in CHANNELS))


async def test_what_waits_for_the_morning_is_changed_or_stopped_there(tmp_path: Path) -> None:
    """Held back before the quiet hours: the first edit changes it, the deletion stops it."""
    async with living_bot(tmp_path, CHANNELS, at=EVENING) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        until = house.clock.now_ms() + 40 * 60_000
        for channel in CHANNELS:
            await _groups(living)
            await house.database.write(lambda c, n=channel: limiter.hold(c, n, until))  # type: ignore[misc]
        number = await _announced(living, picture=_photo())
        family = await announce_change.found(house, number)
        new = await announce_change.plan_edit(house, adapters, family, "Z1")
        edited = await announce_change.edit(house, family, new, "edit", "worker")
        assert (0, 2) == (edited.queued, edited.caught)
        stopped = await announce_change.withdraw(house, family, "delete", "worker")
        assert (0, 2) == (stopped.queued, stopped.caught)
        assert 0 == await house.database.read(_photo_count), "its photo goes with it"
        house.clock.shift(13 * 3600)
        await asyncio.sleep(1.5)
        assert not any(_lines(living, c) for c in CHANNELS)


async def test_deleted_by_an_admin_is_told_for_an_edit_and_fine_for_a_deletion(
    tmp_path: Path,
) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        number = await _announced(living)
        await _until(lambda: all(_lines(living, c) for c in CHANNELS))
        north = _world(living, "noord")
        await north.withdraw(GROUP, str(_lines(living)[0].number))
        family = await announce_change.found(house, number)
        new = await announce_change.plan_edit(house, adapters, family, "Z1")
        made = await announce_change.edit(house, family, new, "edit", "worker")
        await _until(lambda: _lines(living, "zuid")[0].text == new.previews[0].text)
        told = await _outcomes(living, *made.ids)
        assert {(Status.REFUSED, "missing"), (Status.SENT, "")} == {
            (one.status, one.error) for one in told
        }
        made = await announce_change.withdraw(house, family, "delete", "worker")
        await _until(lambda: not _lines(living, "zuid"))
        told = await _outcomes(living, *made.ids)
        assert [Status.SENT] * 2 == [one.status for one in told]
        with pytest.raises(SettingsError, match="deleted already"):
            await announce_change.found(house, number)


async def test_group_that_the_bot_left_gets_no_change(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house = living.bot.house
        number = await _announced(living)
        await _until(lambda: all(_lines(living, c) for c in CHANNELS))
        (left, stays) = await _groups(living)
        await house.database.write(lambda c: chats.configure(c, left.id, is_active=False))
        family = await announce_change.found(house, number)
        made = await announce_change.withdraw(house, family, "delete", "worker")
        assert 1 == made.queued
        told = await _outcomes(living, *made.ids)
        assert [stays.id] == [one.chat_id for one in told]


async def test_hours_are_replaced_by_hours_only(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        number = await _announced(living)
        family = await announce_change.found(house, number)
        for item, told in (("T03", "hours replace hours"), ("T11", "not made"), ("no", "not pub")):
            with pytest.raises(SettingsError, match=told):
                await announce_change.plan_edit(house, adapters, family, item)
        with pytest.raises(SettingsError, match="no announcement 77"):
            await announce_change.found(house, 77)


async def test_words_about_the_photo_tell_nothing_about_a_person(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house = living.bot.house
        made = await plan(house, dict(living.bot.adapters), "Z4", await _groups(living))
        assert () == told_in(house, made, "De affiche van het onthaal")
        told = told_in(house, made, "De affiche. Bel Jan: 0470 12 34 56")
        assert [("--alt", 1, True)] == [(one.item, one.line, one.is_refused) for one in told]


async def test_photo_that_is_planned_comes_at_its_time(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house = living.bot.house
        made = await plan(house, dict(living.bot.adapters), "Z4", await _groups(living))
        wish = wish_of("2026-11-26 09:00", "")
        assert wish is not None
        load = Load(Extras(is_pinned=True), _photo())
        await plan_ahead(house, made, wish, everywhere=True, author="worker", load=load)
        morning = datetime(2026, 11, 26, 8, 1, tzinfo=UTC)
        house.clock.shift((morning - house.clock.now()).total_seconds())
        await tick(house, living.bot.wakes.queued.set)
        await _until(lambda: _lines(living) and _lines(living)[0].is_pinned)
        assert _lines(living)[0].photo is not None


@pytest.mark.parametrize(
    ("at", "every", "told"),
    [("2026-11-26 09:00", "FREQ=WEEKLY", "one announcement"), ("2027-01-26 09:00", "", "28 days")],
)
async def test_photo_for_every_week_or_far_away_is_refused(
    tmp_path: Path, at: str, every: str, told: str
) -> None:
    async with living_bot(tmp_path, CHANNELS, at=TUESDAY) as living:
        house = living.bot.house
        made = await plan(house, dict(living.bot.adapters), "Z4", await _groups(living))
        wish = wish_of(at, every)
        assert wish is not None
        load = Load(photo=_photo())
        with pytest.raises(SettingsError, match=told):
            await plan_ahead(house, made, wish, everywhere=True, author="worker", load=load)


def _photo_count(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(photo)).scalar_one())
