"""How long does the bot stay in a group, and what is left of the group when it goes?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.living import SATURDAY, LivingBot, living_bot
from wijkbot.adapter_api import EventKind, IncomingEvent, SenderKind
from wijkbot.app.activation import activate, is_open, make_link
from wijkbot.app.stays import leave_due, tend_trials
from wijkbot.storage import chats, tables
from wijkbot.storage.chats import Chat
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP

CHANNELS = {"wijk": {"adapter": "sandbox"}}
BY_MODERATOR = {"policy": {"group_activation": "moderator", "pointer": ""}}


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


async def _until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail(what)


def _said(living: LivingBot) -> list[str]:
    return [n.text for n in _adapter(living).world.lines(GROUP) if n.author == "wijkbot"]


async def _group(living: LivingBot) -> Chat:
    house = living.bot.house
    (found,) = await house.database.read(
        lambda c: [Chat(**row) for row in c.execute(select(tables.chat)).mappings()]
    )
    return found


def _later(living: LivingBot, span: timedelta) -> None:
    living.bot.house.clock.shift(span.total_seconds())


async def _leave(living: LivingBot) -> int:
    return await leave_due(living.bot.house, "wijk", _adapter(living))


async def test_group_nobody_activates_is_greeted_once_and_left_after_a_day(
    tmp_path: Path,
) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=BY_MODERATOR) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        await _adapter(living).say("fien", "group", "@wijkbot waar kan ik printen?")
        await asyncio.sleep(1)
        assert 1 == len(_said(living)), "nothing but the introduction before activation"
        await _adapter(living).say("momo", "group", "@wijkbot ik wil niet meer leven")
        await _until(lambda: "Bel 112" in _said(living)[-1], "danger waits for no moderator")
        _later(living, timedelta(hours=23, minutes=50))
        assert 0 == await _leave(living)
        _later(living, timedelta(minutes=20))
        await _leave(living)
        group = await _group(living)
        assert group.left_at is not None
        assert not group.is_active


async def test_link_of_a_moderator_activates_once_and_looking_does_not(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=BY_MODERATOR) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        house = living.bot.house
        link = await make_link(house, (await _group(living)).id)
        code = link.rpartition("/")[2]
        assert await is_open(house, code)
        assert await is_open(house, code)
        assert not await activate(house, "forged" + code, "")
        assert await activate(house, code, "")
        assert not await activate(house, code, "")
        assert not await is_open(house, code)
        group = await _group(living)
        assert group.is_active
        assert group.leave_at is None
        assert group.trial_ends_at is not None
        await _adapter(living).say("fien", "group", "@wijkbot waar kan ik printen?")
        await _until(lambda: len(_said(living)) == 2, "an activated group is served")


async def test_link_is_over_after_a_day(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=BY_MODERATOR) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        house = living.bot.house
        code = (await make_link(house, (await _group(living)).id)).rpartition("/")[2]
        _later(living, timedelta(hours=24, minutes=1))
        assert not await is_open(house, code)
        assert not await activate(house, code, "")


async def _ask_for_the_vote(living: LivingBot) -> None:
    """Fourteen days on, by day; the pipeline runs on."""
    await _until(lambda: len(_said(living)) == 1, "it introduces itself")
    _later(living, timedelta(days=14, hours=1))
    await tend_trials(living.bot.house)
    living.bot.wakes.queued.set()
    await _until(lambda: any("Houden jullie mij?" in text for text in _said(living)), "the vote")


async def test_more_no_than_yes_makes_the_bot_leave_and_forget(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _ask_for_the_vote(living)
        adapter = _adapter(living)
        await adapter.choose("fien", "group", "vote.yes", "Ja")
        await adapter.choose("fien", "group", "vote.no", "Nee")
        await adapter.say("momo", "group", "@wijkbot nee")
        await adapter.choose("vera", "group", "vote.yes", "Ja")
        before = len(_said(living))
        await asyncio.sleep(1.5)
        assert before == len(_said(living)), "nobody reads who voted what"
        _later(living, timedelta(days=3, minutes=1))
        await tend_trials(living.bot.house)
        living.bot.wakes.queued.set()
        await _until(lambda: "Oké, ik ga weg." in _said(living)[-1], "the goodbye")
        _later(living, timedelta(minutes=2))
        await _leave(living)
        group = await _group(living)
        assert group.left_at is not None
        left = await living.bot.house.database.read(lambda c: list(c.execute(select(tables.vote))))
        assert [] == left
        await adapter.say("fien", "group", "@wijkbot waar kan ik printen?")
        await asyncio.sleep(1)
        assert "Oké, ik ga weg." in _said(living)[-1], "out is out"


async def test_group_that_keeps_the_bot_reads_so(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _ask_for_the_vote(living)
        await _adapter(living).say("momo", "group", "@wijkbot ja")
        await asyncio.sleep(1)
        _later(living, timedelta(days=3, minutes=1))
        await tend_trials(living.bot.house)
        living.bot.wakes.queued.set()
        await _until(lambda: "Ik blijf." in _said(living)[-1], "the result")
        group = await _group(living)
        assert group.is_active
        assert group.trial_ends_at is None


async def test_question_of_the_vote_waits_for_the_morning(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        _later(living, timedelta(days=14, hours=12))  # eleven in the evening
        await tend_trials(living.bot.house)
        await asyncio.sleep(1)
        assert 1 == len(_said(living))
        _later(living, timedelta(hours=12))
        await tend_trials(living.bot.house)
        living.bot.wakes.queued.set()
        await _until(lambda: any("Houden jullie" in text for text in _said(living)), "by day")


async def test_all_of_a_group_goes_when_the_bot_is_removed(tmp_path: Path) -> None:
    """Failure story 20: only the log line stays."""
    async with living_bot(tmp_path, CHANNELS) as living:
        await _adapter(living).say("fien", "group", "@wijkbot waar kan ik printen?")
        await _until(lambda: len(_said(living)) == 2, "an answer")
        gone = IncomingEvent(EventKind.BOT_LEFT, "gone", GROUP, False, "", SATURDAY)
        await living.bot.ports["wijk"].accept([gone])
        await asyncio.sleep(1)
        group = await _group(living)
        assert group.left_at is not None
        assert 0 == group.answers_this_hour
        assert not group.was_told
        assert group.erase_at is not None, "the address goes with the next sweep"
        states = await living.bot.house.database.read(
            lambda c: list(
                c.execute(
                    select(tables.conversation.c.id).where(
                        tables.conversation.c.state_sealed.is_not(None)
                    )
                )
            )
        )
        assert [] == states


async def test_admin_is_asked_of_the_platform_and_anybody_else_is_refused(
    tmp_path: Path,
) -> None:
    """The first resident of the sandbox is the admin of its group."""
    async with living_bot(tmp_path, CHANNELS) as living:
        adapter = _adapter(living)
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        await adapter.say("momo", "group", "@wijkbot /stil 7d")
        await _until(lambda: "alleen een beheerder" in _said(living)[-1], "not an admin")
        assert (await _group(living)).silent_until is None
        await adapter.say("fien", "group", "@wijkbot /stil 7d")
        await _until(lambda: "ik ben stil" in _said(living)[-1], "an admin")
        until = (await _group(living)).silent_until
        assert until is not None
        days = (until - living.bot.house.clock.now_ms()) / 86_400_000
        assert 6.9 < days <= 7.1
        await adapter.say("fien", "group", "@wijkbot praat")
        await _until(lambda: "niet meer stil" in _said(living)[-1], "speaks again")
        assert (await _group(living)).silent_until is None
        await adapter.say("fien", "group", "@wijkbot ga weg")
        await _until(lambda: "ik ga weg" in _said(living)[-1], "the goodbye")
        _later(living, timedelta(minutes=2))
        await _leave(living)
        assert (await _group(living)).left_at is not None


async def test_alarm_group_is_told_that_the_bot_is_quiet_there(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        # a group that it is in already would not be greeted again
        left = IncomingEvent(EventKind.BOT_LEFT, "left", GROUP, False, "", SATURDAY)
        joined = IncomingEvent(
            EventKind.BOT_JOINED, "alarm", GROUP, False, "", SATURDAY,
            chat_title="Buurtpreventie Zonnewijk",
        )  # fmt: skip
        await living.bot.ports["wijk"].accept([left])
        async with asyncio.timeout(10):
            while (await _group(living)).left_at is None:
                await asyncio.sleep(0.05)
        await living.bot.ports["wijk"].accept([joined])
        await _until(lambda: "groep voor alarm" in _said(living)[-1], "the other welcome")
        adapter = _adapter(living)
        await adapter.say("fien", "group", "@wijkbot waar kan ik printen?")
        await asyncio.sleep(1)
        assert "groep voor alarm" in _said(living)[-1]
        await adapter.say("momo", "group", "@wijkbot ik wil niet meer leven")
        await _until(lambda: "Bel 112" in _said(living)[-1], "the card comes there too")
        await adapter.say("fien", "group", "@wijkbot praat")
        await _until(lambda: "niet meer stil" in _said(living)[-1], "the admin decides")
        await adapter.say("fien", "group", "@wijkbot waar kan ik printen?")
        await _until(lambda: "print" in _said(living)[-1].lower(), "now it answers")


async def test_groups_that_wait_are_listed_only_when_asked(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=BY_MODERATOR) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        database = living.bot.house.database
        assert [] == await database.read(chats.groups)
        assert 1 == len(await database.read(lambda c: chats.groups(c, waiting=True)))


async def test_being_told_twice_that_it_joined_begins_no_second_trial(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        first = (await _group(living)).trial_ends_at
        _later(living, timedelta(days=2))
        again = IncomingEvent(EventKind.BOT_JOINED, "again", GROUP, False, "", SATURDAY)
        await living.bot.ports["wijk"].accept([again])
        await asyncio.sleep(1)
        assert first == (await _group(living)).trial_ends_at


async def test_vote_of_an_anonymous_admin_is_not_counted(tmp_path: Path) -> None:
    """They share one id: it would be the vote of all of them, or of none."""
    async with living_bot(tmp_path, CHANNELS) as living:
        await _ask_for_the_vote(living)
        voted = IncomingEvent(
            EventKind.MESSAGE, "anonymous", GROUP, False, GROUP, SATURDAY, text="nee",
            addressed=True, sender_kind=SenderKind.ANONYMOUS_ADMIN,
        )  # fmt: skip
        await living.bot.ports["wijk"].accept([voted])
        await asyncio.sleep(1)
        votes = await living.bot.house.database.read(
            lambda c: list(c.execute(select(tables.vote)))
        )
        assert [] == votes
