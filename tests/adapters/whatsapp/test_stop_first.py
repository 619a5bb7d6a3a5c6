"""Who wrote STOP while the house was down: do they get nothing more, whatever waits for them?

Each runs the real twilio library against the local Twilio, through the whole house.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.whole import ANN, BEN, CAS, HOURS, Whole, add_templates, whole
from tests.living import SATURDAY

NEWS = "Nieuws van Buurthuis De Brug"
STOPPED = "je krijgt geen berichten meer"
PEOPLE = [ANN, BEN, CAS, *(f"whatsapp:+324730000{number:02}" for number in range(5))]
HALF = 4
SLOWLY = 3.0
"""Seconds in which a sender that does not wait would have sent all the rest."""


async def test_stop_of_while_it_was_down_is_read_before_the_fan_out_goes_on(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    late = await _half_done(twilio, tmp_path)
    stopped, silent = late[0], late[1]
    _writes(twilio, stopped, "STOP", SATURDAY + timedelta(hours=40))
    _writes(twilio, silent, "afmelden", SATURDAY + timedelta(hours=25, minutes=40))
    before = {who: len(twilio.sent(who)) for who in PEOPLE}
    twilio.list_late = SLOWLY
    async with whole(tmp_path, twilio, at=SATURDAY + timedelta(hours=51), tier=HALF) as bot:
        await twilio.until(lambda: len(twilio.sent(stopped)) > before[stopped], 30)
        await twilio.until(partial(_all_got_news, twilio, late[2:]), 30)
        await bot.rests()
        (confirmed,) = twilio.sent(stopped)[before[stopped] :]
        assert STOPPED in confirmed.body and not confirmed.is_template
        assert len(twilio.sent(silent)) == before[silent], "too old to answer, obeyed all the same"
        report = await bot.report(1)
        assert report.total() == len(PEOPLE)
        assert sum(n for name, n in report.items() if name.startswith("REFUSED")) == 2


async def test_news_waits_while_twilio_does_not_tell_what_was_missed(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """Answers go on; /health says that news waits; then all of it goes."""
    late = await _half_done(twilio, tmp_path)
    for _ in range(2):
        twilio.fail_next_list(503, 20503)
    before = len(twilio.messages)
    async with whole(tmp_path, twilio, at=SATURDAY + timedelta(hours=51), tier=HALF) as bot:
        asks = next(who for who in PEOPLE if who not in late)
        assert (await twilio.resident_says(asks, HOURS)).status_code == 200
        await twilio.until(lambda: len(twilio.messages) > before, 30)
        assert [message.to for message in twilio.messages[before:]] == [asks]
        health = await bot.living.bot.adapters["buurt"].health()
        assert "news waits" in health.detail
        await twilio.until(partial(_all_got_news, twilio, late), 30)
        await bot.rests()


async def test_stop_takes_back_the_answers_that_wait(twilio: LocalTwilio, tmp_path: Path) -> None:
    """WhatsApp takes one message in 6 seconds: the rest of what was asked is not wanted now."""
    async with whole(tmp_path, twilio) as bot:
        await bot.asks(ANN, HOURS)
        for text in ("waar kan ik printen?", "waar kan ik taalles volgen?", "stop"):
            await twilio.resident_says(ANN, text)
        await bot.has_read()  # before a first answer can be on its way
        for _ in range(6):
            bot.passes(seconds=10)
            await asyncio.sleep(0.7)
        await bot.rests()
        _, said = bot.texts(ANN)  # two more were to follow
        assert STOPPED in said


async def _half_done(twilio: LocalTwilio, folder: Path) -> list[str]:
    """Announced to all, when the day allows half of them; gives the others."""
    add_templates(twilio)
    async with whole(folder, twilio, tier=HALF) as bot:
        await bot.subscribes(*PEOPLE)
        bot.passes(hours=25)
        await bot.announces()
        await twilio.until(lambda: len(_with_news(twilio)) == HALF, 30)
        await _rows_wait(bot, len(PEOPLE) - HALF)
    return [who for who in PEOPLE if who not in _with_news(twilio)]


async def _rows_wait(bot: Whole, count: int) -> None:
    async with asyncio.timeout(30):
        while (await bot.report(1))["WAITING tier"] < count:
            await asyncio.sleep(0.05)


def _writes(twilio: LocalTwilio, who: str, text: str, at: object) -> None:
    twilio.now = lambda: at  # type: ignore[assignment, return-value]
    twilio.resident_misses(who, text)


def _with_news(twilio: LocalTwilio) -> set[str]:
    return {message.to for message in twilio.messages if NEWS in message.body}


def _all_got_news(twilio: LocalTwilio, people: list[str]) -> bool:
    return _with_news(twilio) >= set(people)
