"""Do planned announcements fire, and do long ones go on, without anybody asking?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.living import living_bot
from tests.prepared import prepared
from wijkbot.app.announce import AnnouncementRule, draft_of, plan, say_of
from wijkbot.app.assemble import assemble, ensure_key, ensure_schema, make_adapters, open_house
from wijkbot.app.house import House
from wijkbot.app.plan_ahead import plan_ahead, wish_of
from wijkbot.app.tick import fire_schedules, tick, ticking
from wijkbot.clock import Clock
from wijkbot.settings import SettingsError, settings_from
from wijkbot.storage import broadcasts, chats, schedules
from wijkbot.storage.audience import Audience
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.outbox import Status
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP

CHANNELS = {"wijk": {"adapter": "sandbox"}}
SATURDAY_TEN = datetime(2026, 11, 21, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Still:
    """A bot with one group, of which nothing runs by itself."""

    house: House
    folder: Path
    area: str

    async def plan(self, at: str, every: str = "", *, everywhere: bool = False) -> int:
        """Plan Z4 as the command does."""
        wish = wish_of(at, every)
        assert wish is not None
        house = self.house
        adapters = make_adapters(house.settings, self.folder, house.clock)
        made = await plan(house, adapters, "Z4", await house.database.read(chats.groups))
        (number,) = await plan_ahead(house, made, wish, everywhere=everywhere, author="worker")
        return number

    async def meet(self, *names: str) -> None:
        """Groups of the neighbourhood that the bot is in from now on."""
        house = self.house
        new = [Newcomer("wijk", name, False, neighbourhood=self.area) for name in names]
        await house.database.write(
            lambda c: chats.meet(c, house.sealer, new, house.clock.now_ms())
        )

    def move_to(self, moment: datetime) -> None:
        """Make it that moment."""
        clock = self.house.clock
        clock.shift((moment - clock.now()).total_seconds())


@asynccontextmanager
async def _still(folder: Path) -> AsyncIterator[Still]:
    settings = settings_from(
        {
            "organisation": {"name": "Buurthuis De Brug", "country": "BE"},
            "secure_chat": {"url": "https://veilige-chat.example/"},
            "policy": {"pointer": ""},
            "channels": CHANNELS,
        }
    )
    clock = Clock()
    clock.shift((SATURDAY_TEN - clock.now()).total_seconds())
    ensure_key(folder, clock)
    ensure_schema(settings, folder)
    house = await open_house(settings, folder, clock)
    bot = assemble(house, make_adapters(settings, folder, clock), folder)
    await prepared(bot)
    still = Still(house, folder, next(iter(settings.areas())))
    await still.meet("first-group")
    try:
        yield still
    finally:
        await house.database.close()


def _nobody() -> None:
    """Wakes nobody."""


async def test_planned_announcement_fires_at_its_hour_and_once(tmp_path: Path) -> None:
    """Planned for Tuesday nine o'clock, every week: a moment before nothing, then once."""
    async with _still(tmp_path) as still:
        house = still.house
        await still.plan("2026-11-24 09:00", "FREQ=WEEKLY;BYDAY=TU")
        still.move_to(datetime(2026, 11, 24, 7, 59, 50, tzinfo=UTC))
        assert 0 == await tick(house, _nobody)
        still.move_to(datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC))
        woken: list[bool] = []
        assert 1 == await tick(house, lambda: woken.append(True))
        assert [True] == woken
        assert 0 == await tick(house, _nobody)
        (left,) = await house.database.read(schedules.listing)
        assert datetime(2026, 12, 1, 8, tzinfo=UTC).timestamp() * 1000 == left.next_at
        told = await house.database.read(lambda c: broadcasts.progress(c, 1))
        assert {Status.WAITING: 1} == told


async def test_running_bot_sends_what_was_planned(tmp_path: Path) -> None:
    """Nobody does anything: at its hour it stands in the group, once."""
    async with living_bot(tmp_path, CHANNELS, at=SATURDAY_TEN) as living:
        house, adapter = living.bot.house, living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        for _ in range(100):
            if await house.database.read(chats.groups) and adapter.world.lines(GROUP):
                break
            await asyncio.sleep(0.05)
        still = Still(house, tmp_path, next(iter(house.settings.areas())))
        await still.plan("2026-11-24 09:00")
        still.move_to(datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC))
        for _ in range(100):
            if len(adapter.world.lines(GROUP)) > 1:
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.2)
        assert 2 == len(adapter.world.lines(GROUP)), "the greeting, and the announcement"


async def test_missed_announcement_is_not_made_up_for(tmp_path: Path) -> None:
    """Away from Monday to Thursday noon: nothing of before, and Friday comes."""
    async with _still(tmp_path) as still:
        house = still.house
        await still.plan("2026-11-23 09:00", "FREQ=DAILY")
        still.move_to(datetime(2026, 11, 26, 12, tzinfo=UTC))
        assert 0 == await tick(house, _nobody)
        still.move_to(datetime(2026, 11, 27, 9, tzinfo=UTC))
        assert 1 == await fire_schedules(house), "an hour late is not too late"


async def test_group_that_came_later_is_part_of_all(tmp_path: Path) -> None:
    """Planned for everywhere: what counts is which groups there are when it fires."""
    async with _still(tmp_path) as still:
        house = still.house
        number = await still.plan("2026-11-24 09:00", everywhere=True)
        (planned,) = await house.database.read(schedules.listing)
        assert (number, None) == (planned.id, planned.audience.chats)
        await still.meet("new-group")
        still.move_to(datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC))
        assert 2 == await tick(house, _nobody)


async def test_rest_of_a_long_announcement_is_made_by_the_bot(tmp_path: Path) -> None:
    """A command makes its first rows and stops; the loop makes the rest, and lives on."""
    async with _still(tmp_path) as still:
        house = still.house
        await still.meet(*(f"group-{number}" for number in range(2100)))
        now_ms = house.clock.now_ms()
        shelf = house.library.shelf(still.area)
        say = say_of(shelf.items["Z4"], shelf.book.version_of("Z4"))
        draft = draft_of(say, now_ms, "long", "worker")
        made = await house.database.write(
            lambda c: broadcasts.create(c, house.sealer, draft, Audience(), now_ms)
        )
        first = await house.database.write(
            lambda c: broadcasts.expand(c, made, AnnouncementRule(house), now_ms, limit=40)
        )
        assert (False, 40) == (first.done, first.queued)
        loop = asyncio.create_task(ticking(house, _nobody))
        for _ in range(200):
            tally = await house.database.read(lambda c: broadcasts.tally(c, made))
            if tally.ended:
                break
            await asyncio.sleep(0.05)
        assert not loop.done()
        loop.cancel()
        groups = len(await house.database.read(chats.groups))
        assert (groups, 0, True) == (tally.queued, tally.skipped, tally.ended)
        assert groups == sum(tally.rows.values())


REFUSED = [
    ("", "FREQ=DAILY", "--at", "first time"),
    ("tomorrow", "", "--at", "2026-11-25 09:00"),
    ("2026-11-25", "", "--at", "local time"),
    ("2026-11-25 09:00+01:00", "", "--at", "without a zone"),
    ("2026-11-20 09:00", "", "--at", "past"),
    ("2026-11-24 22:00", "", "--at", "quiet hours"),
    ("2026-12-25 12:00", "", "--at", "holiday"),
    ("2026-11-24 09:00", "every week", "--every", "FREQ=WEEKLY"),
    ("2026-11-24 09:00", "FREQ=DAILY;UNTIL=20261101T000000", "--every", "never"),
]


async def test_wish_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """The message names the option and what to write, and nothing is planned."""
    async with _still(tmp_path) as still:
        for at, every, key, word in REFUSED:
            with pytest.raises(SettingsError, match=word) as refused:
                await still.plan(at, every)
            assert key == refused.value.key
        assert [] == await still.house.database.read(schedules.listing)


async def test_withdrawn_text_is_passed_over(tmp_path: Path) -> None:
    """Nothing goes out, the loop lives on, and the next time stands."""
    async with _still(tmp_path) as still:
        house = still.house
        for item in ("gone", "T11"):
            draft = schedules.ScheduleDraft(
                key=item,
                rule="",
                zone="Europe/Brussels",
                item_id=item,
                audience=Audience(),
                next_at=house.clock.now_ms() + 1000,
            )
            await house.database.write(lambda c, d=draft: schedules.put(c, d))  # type: ignore[misc]
        house.clock.shift(timedelta(minutes=1).total_seconds())
        assert 0 == await tick(house, _nobody)
        assert [] == await house.database.read(schedules.listing)
