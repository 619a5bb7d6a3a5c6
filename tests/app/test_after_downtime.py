"""What do residents read when the bot comes back after an hour?"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.living import SATURDAY, LivingBot, living_bot
from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot.storage import limiter
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import private_chat

CHANNELS = {"wijk": {"adapter": "sandbox"}}
FIEN = private_chat("fien")
QUESTIONS = {
    "waar kan ik printen?": "bibliotheek",
    "wanneer is het spreekuur?": "23 november",
    "hallo": "Graag gedaan",
    "ben jij een robot?": "computer",
    "waar kan ik gratis printen?": "bibliotheek",
}
LINE = "Ik was even niet bereikbaar."


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


def _missed(
    number: int, *, text: str = "", choice: str = "", minutes: float = 60
) -> IncomingEvent:
    """What Fien sent so long before the bot came back."""
    return IncomingEvent(
        kind=EventKind.CHOICE if choice else EventKind.MESSAGE,
        event_id=f"missed-{number}",
        chat=FIEN,
        is_private=True,
        sender="fien",
        received_at=SATURDAY - timedelta(minutes=minutes) + timedelta(seconds=number),
        text=text,
        choice_id=choice,
        addressed=True,
    )


async def _come_in(living: LivingBot, *events: IncomingEvent) -> None:
    await living.bot.ports["wijk"].accept(events)


async def _said(living: LivingBot, count: int) -> list[str]:
    """All that the bot says to Fien, once it is that much and nothing follows."""
    world = _adapter(living).world
    for _ in range(200):
        said = [line.text for line in world.lines(FIEN) if line.author == "wijkbot"]
        if len(said) >= count:
            await asyncio.sleep(0.7)
            return [line.text for line in world.lines(FIEN) if line.author == "wijkbot"]
        await asyncio.sleep(0.05)
    pytest.fail(f"{count} texts were expected")


async def test_missed_questions_are_answered_once_in_order_and_choices_get_one_line(
    tmp_path: Path,
) -> None:
    texts = list(QUESTIONS)
    events = [
        _missed(1, text=texts[0]),
        _missed(2, choice="menu.job"),
        _missed(3, text=texts[1]),
        _missed(4, text=texts[2]),
        _missed(5, choice="menu.hours"),
        _missed(6, text=texts[3]),
        _missed(7, choice="faq.F30"),
        _missed(8, text=texts[4]),
    ]
    wanted = [QUESTIONS[texts[0]], LINE, *(QUESTIONS[text] for text in texts[1:])]
    async with living_bot(tmp_path, CHANNELS) as living:
        await _come_in(living, *events)
        said = await _said(living, len(wanted))
        assert len(wanted) == len(said)
        assert all(part in text for part, text in zip(wanted, said, strict=True)), said
        await _come_in(living, *events)
        assert len(wanted) == len(await _said(living, len(wanted))), "the platform repeats itself"
    # not at the same moment again: a clock that goes back holds up what it let out before
    async with living_bot(tmp_path, CHANNELS, at=SATURDAY + timedelta(minutes=2)) as living:
        await _come_in(living, *events, _missed(9, choice="menu.job"))
        await _adapter(living).say("fien", "private", "waar kan ik printen?")
        (answer,) = await _said(living, 1)
        assert "bibliotheek" in answer, "and nothing before it: the line was said"


async def test_bot_that_goes_away_again_says_so_again(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _come_in(living, _missed(1, choice="menu.job"))
        assert LINE in (await _said(living, 1))[0]
        living.bot.house.clock.shift(7200)
        await _come_in(living, _missed(2, choice="menu.job", minutes=-60))
        assert LINE in (await _said(living, 2))[1]


async def test_crisis_card_is_sent_whatever_its_age_and_an_old_answer_is_not(
    tmp_path: Path,
) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _come_in(living, _missed(1, text="ik wil niet meer leven", minutes=3 * 24 * 60))
        (card,) = await _said(living, 1)
        assert card.startswith("Dit is ernstig.")
    async with living_bot(tmp_path, CHANNELS, at=SATURDAY + timedelta(minutes=5)) as living:
        house, until = living.bot.house, living.bot.house.clock.now_ms() + 3_600_000
        await house.database.write(lambda c: limiter.hold(c, "wijk", until))
        question = _missed(2, text="waar kan ik printen?")
        await _come_in(living, question, _missed(3, text="ik wil niet meer leven"))
        await asyncio.sleep(1)
        assert [] == [n for n in _adapter(living).world.lines(FIEN) if n.author == "wijkbot"]
    async with living_bot(tmp_path, CHANNELS, at=SATURDAY + timedelta(hours=13)) as living:
        (card,) = await _said(living, 1)
        assert card.startswith("Dit is ernstig.")


async def test_waiting_link_of_a_late_start_still_works(tmp_path: Path) -> None:
    """The token is not used up by the tap that was not carried out."""
    async with living_bot(tmp_path, CHANNELS) as living:
        adapter = _adapter(living)
        await adapter.say("fien", "group", "@wijkbot wie kan mijn lamp ophangen?")
        link = ""
        for _ in range(100):
            lines = [n.text for n in adapter.world.lines("group") if "start=" in n.text]
            if lines:
                link = lines[0].partition("start=")[2].split()[0]
                break
            await asyncio.sleep(0.05)
        tapped = IncomingEvent(
            kind=EventKind.START,
            event_id="tap",
            chat=FIEN,
            is_private=True,
            sender="fien",
            received_at=SATURDAY,
            addressed=True,
            payload=link,
        )
        living.bot.house.clock.shift(15 * 60)
        await _come_in(living, tapped)
        assert LINE in (await _said(living, 1))[0]
        await adapter.open_private("fien", link)
        assert LINE not in (await _said(living, 2))[1]
