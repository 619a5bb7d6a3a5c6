"""Where does listening end, and who is not listened to? Edits, workers, a change of mind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from tests.app.test_listen import CHANNELS, LISTENING, QUESTION, Bell
from tests.living import LivingBot, living_bot
from wijkbot.adapter_api import EventKind, IncomingEvent, SenderKind
from wijkbot.app.alarm_bell import ring
from wijkbot.app.peer_first import answer_due
from wijkbot.app.receive import ChannelPort
from wijkbot.storage import alerts, chats, retention, tables
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import BOT, GROUP

CRY = "ik wil niet meer leven"
DEBTS = "Heb je schulden? Kom naar het spreekuur, dinsdag van 14 tot 16 uur."
ADMIN, RESIDENT = "fien", "momo"
DAY_S = 24 * 3600


@dataclass
class Group:
    """A group that voted for listening, and the door through which its messages come."""

    living: LivingBot
    id: int
    port: ChannelPort
    count: int = field(default=0)

    @property
    def adapter(self) -> SandboxAdapter:
        adapter = self.living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        return adapter

    async def hears(self, text: str, sender: str = RESIDENT, **more: Any) -> IncomingEvent:
        """A message in the group as a platform brings it; it is stored when this returns."""
        self.count += 1
        now = self.living.bot.house.clock.now()
        event = IncomingEvent(
            EventKind.MESSAGE, f"m{self.count}", GROUP, False, sender, now, text=text
        )
        event = replace(event, **more)
        await self.port.accept([event])
        return event

    async def mode(self, mode: str) -> None:
        await self.living.bot.house.database.write(
            lambda c: chats.configure(c, self.id, mode=mode)
        )

    async def labels(self) -> list[str]:
        """The classes of the open alerts, newest first."""
        house = self.living.bot.house
        now_ms = house.clock.now_ms()
        found = await house.database.read(lambda c: alerts.open_ones(c, house.sealer, now_ms))
        return [one.label for one in found]

    async def rows(self, table: Any) -> int:
        count = select(func.count()).select_from(table)
        return await self.living.bot.house.database.read(lambda c: c.execute(count).scalar_one())

    def said(self) -> list[str]:
        return [line.text for line in self.adapter.world.lines(GROUP) if line.author == BOT]

    async def until_said(self, count: int) -> None:
        for _ in range(200):
            if len(self.said()) >= count:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"{count} messages were expected: {self.said()}")


@asynccontextmanager
async def listening(folder: Path, extra: dict[str, Any]) -> AsyncIterator[Group]:
    async with living_bot(folder, CHANNELS, extra={**LISTENING, **extra}) as living:
        house = living.bot.house
        port = ChannelPort("wijk", house, asyncio.Event(), living.bot.adapters["wijk"])
        group = Group(living, 0, port)
        await group.until_said(1)
        (found,) = await house.database.read(chats.groups)
        group.id = found.id
        await group.mode("listen")
        yield group


@pytest.fixture
async def group(tmp_path: Path) -> AsyncIterator[Group]:
    async with listening(tmp_path, {}) as found:
        yield found


async def test_group_that_changed_its_mind_is_not_read_one_message_longer(group: Group) -> None:
    """What is remembered of its mode does not count when something would be written."""
    await group.hears("dag buren")
    await group.mode("mention")
    await group.hears(CRY)
    await group.hears(QUESTION)
    assert [] == await group.labels()
    assert 0 == await group.rows(tables.waiting_answer)


async def test_question_heard_before_listening_was_switched_off_stays_unanswered(
    group: Group,
) -> None:
    await group.hears(QUESTION)
    assert 1 == await group.rows(tables.waiting_answer)
    await group.mode("mention")
    group.living.bot.house.clock.shift(660)
    assert 0 == await answer_due(group.living.bot.house)
    assert 0 == await group.rows(tables.waiting_answer)


async def test_answer_under_way_is_not_given_when_the_configuration_ends_listening(
    tmp_path: Path,
) -> None:
    """The group's vote alone is not enough: the next start decides."""
    async with listening(tmp_path, {}) as group:
        await group.hears(QUESTION)
    mention = {"policy": {**LISTENING["policy"], "mode": "mention"}}
    async with living_bot(tmp_path, CHANNELS, extra=mention) as living:
        living.bot.house.clock.shift(660)
        assert 0 == await answer_due(living.bot.house)


async def test_alert_is_gone_after_a_day_and_nobody_is_called_for_it(group: Group) -> None:
    """Not only hidden: the row goes with the next sweep."""
    house = group.living.bot.house
    await group.hears(CRY)
    house.clock.shift(DAY_S - 60)
    assert ["crisis_suicide"] == await group.labels()
    house.clock.shift(120)
    assert [] == await group.labels()
    async with httpx.AsyncClient() as client:
        assert 0 == await ring(house, client, "http://127.0.0.1:9/")
    now_ms = house.clock.now_ms()
    await house.database.write(lambda c: retention.sweep(c, now_ms))
    assert 0 == await group.rows(tables.alert)


async def test_edit_of_what_was_told_of_is_not_told_of_again(group: Group) -> None:
    first = await group.hears(CRY)
    await group.hears(f"{CRY}!", edited=True, edits=first.event_id)
    await group.hears(f"echt, {CRY}", edited=True, edits=first.event_id)
    assert ["crisis_suicide"] == await group.labels()


async def test_edit_that_makes_it_worse_is_told_of(group: Group) -> None:
    """Of a harmless message, and of one that a human knew as something less."""
    harmless = await group.hears("dag buren")
    await group.hears(CRY, edited=True, edits=harmless.event_id)
    less = await group.hears("ik heb zoveel schulden, ik weet het niet meer")
    await group.hears(CRY, edited=True, edits=less.event_id)
    assert ["crisis_suicide", "help_personal", "crisis_suicide"] == await group.labels()


async def test_news_of_who_runs_the_group_is_no_alert(group: Group) -> None:
    """A worker who is an admin, an admin without a name, a channel, another bot."""
    await group.hears(DEBTS, sender=ADMIN)
    for kind in (SenderKind.ANONYMOUS_ADMIN, SenderKind.CHANNEL, SenderKind.BOT):
        await group.hears(DEBTS, sender="x", sender_kind=kind)
    assert [] == await group.labels()
    await group.hears(DEBTS)
    assert ["help_personal"] == await group.labels()


async def test_admin_in_danger_is_a_person_in_danger(group: Group) -> None:
    await group.hears(CRY, sender=ADMIN)
    assert ["crisis_suicide"] == await group.labels()


async def test_admin_without_a_name_who_answers_comes_first_too(group: Group) -> None:
    await group.hears(QUESTION)
    await group.hears("kom dinsdag langs", sender="x", sender_kind=SenderKind.ANONYMOUS_ADMIN)
    assert 0 == await group.rows(tables.waiting_answer)


async def test_another_bot_that_writes_is_no_neighbour(group: Group) -> None:
    await group.hears(QUESTION)
    await group.hears("kom dinsdag langs", sender="x", sender_kind=SenderKind.BOT)
    assert 1 == await group.rows(tables.waiting_answer)


async def test_crisis_written_to_the_bot_gets_its_card_where_it_listens(tmp_path: Path) -> None:
    """And whoever is on call hears of it once: overheard and addressed are not two."""
    async with listening(tmp_path, {"crisis": {"on_call": "external"}}) as group:
        await group.adapter.say(RESIDENT, "group", f"@wijkbot {CRY}")
        await group.until_said(2)
        assert "112" in group.said()[-1]
        assert ["crisis_suicide"] == await group.labels()
        bell = Bell()
        server = await asyncio.start_server(bell.answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server, httpx.AsyncClient() as client:
            assert 1 == await ring(group.living.bot.house, client, url)


async def test_crisis_that_is_only_overheard_gets_no_card(group: Group) -> None:
    await group.adapter.say(RESIDENT, "group", CRY)
    await asyncio.sleep(1)
    assert 1 == len(group.said())
    assert ["crisis_suicide"] == await group.labels()


async def test_admin_who_lets_the_bot_speak_again_does_not_end_listening(group: Group) -> None:
    """The group voted for it: "praat" ends a silence, and an alarm group."""
    await group.adapter.say(ADMIN, "group", "@wijkbot praat")
    await group.until_said(2)
    (found,) = await group.living.bot.house.database.read(chats.groups)
    assert "listen" == found.mode
