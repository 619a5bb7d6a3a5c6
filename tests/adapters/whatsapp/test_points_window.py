"""Points 3, 4 and 13 of the checklist: who may be written to unasked, through the whole house.

Each runs the real twilio library against the local Twilio.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.whole import (
    ANN,
    ANSWER,
    BEN,
    HOURS,
    NADIA,
    Whole,
    add_templates,
    whole,
)
from wijkbot.storage.outbox import Status

MANY = {"unsolicited_per_day": 9, "unsolicited_per_week": 30}
STOPPED = "je krijgt geen berichten meer"
NEWS = "Nieuws van Buurthuis De Brug"
WAITS = "Er is een antwoord op je vraag"
PEOPLE = [f"whatsapp:+324730000{number:02}" for number in range(12)]


async def test_point_03_outside_the_window_the_template_is_chosen_before_sending(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """Inside it goes as text, and five minutes before its end no more."""
    add_templates(twilio)
    async with whole(tmp_path, twilio, policy=MANY) as bot:
        await bot.subscribes(ANN, NADIA)
        await bot.announces("Z3")
        await bot.rests()
        open_ = [twilio.sent(who)[-1] for who in (ANN, NADIA)]
        assert [(each.kind, each.content_sid) for each in open_] == [("text", "")] * 2
        bot.passes(hours=23, minutes=56)
        (number,) = await bot.announces("Z1")
        await bot.rests()
        shut = [twilio.sent(who)[-1] for who in (ANN, NADIA)]
        assert all(each.content_sid and NEWS in each.body for each in shut)
        assert [each.status for each in shut] == ["delivered"] * 2
        assert await bot.report(number) == {"DELIVERED": 2}
        assert "63016" not in str([each.code for each in twilio.messages])


async def test_point_03_without_an_approved_template_a_human_is_told_and_nothing_is_lost(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio, status="pending")
    async with whole(tmp_path, twilio, policy=MANY) as bot:
        await bot.subscribes(ANN)
        bot.passes(hours=25)
        before = len(twilio.creations())
        (number,) = await bot.announces()
        await bot.rests()
        assert await bot.report(number) == {"DEAD needs_template": 1}
        assert len(twilio.creations()) == before, "nothing was asked of Twilio"


async def test_point_03_an_answer_that_met_a_shut_window_waits_behind_a_template(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """63016 in the receipt, even doubled: one template, and the answer itself on the next word."""
    add_templates(twilio)
    twilio.receipts.doubled = True
    async with whole(tmp_path, twilio) as bot:
        await twilio.resident_says(ANN, HOURS)
        twilio.shut_early(ANN)
        await twilio.wait_sent(ANN, 2, 30)
        await bot.rests()
        first, second = twilio.sent(ANN)
        assert (first.code, ANSWER in first.body) == (63016, True)
        assert second.content_sid and WAITS in second.body and second.status == "delivered"
        assert ANSWER not in second.body, "an answer is nobody else's business"
        await twilio.resident_says(ANN, "ja")
        await twilio.until(lambda: any(ANSWER in m.body for m in twilio.sent(ANN)[2:]), 30)
        await bot.rests()


async def test_point_03_news_that_met_a_shut_window_goes_by_template_once(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio)
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(ANN, BEN)
        twilio.shut_early(ANN)
        (number,) = await bot.announces()
        await twilio.until(lambda: NEWS in twilio.sent(ANN)[-1].body, 30)
        await bot.rests()
        assert NEWS not in twilio.sent(BEN)[-1].body
        assert [message.code for message in twilio.sent(ANN)[-2:]] == [63016, None]
        assert await bot.report(number) == {"DELIVERED": 2}


async def test_point_03_a_template_that_fails_with_63016_too_ends(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio)
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(ANN)
        twilio.fail_delivery(ANN, 63016, times=5)
        count = len(twilio.sent(ANN))
        (number,) = await bot.announces()
        await twilio.wait_sent(ANN, count + 2, 30)
        await asyncio.sleep(2)
        await bot.rests()
        assert len(twilio.sent(ANN)) == count + 2
        assert await bot.report(number) == {"DEAD needs_template": 1}


@pytest.mark.parametrize(
    "word",
    ["stop", "STOP", "Stop!", "afmelden", "AFMELDEN", "uitschrijven", "arrêt", "unsubscribe",
     "stop met die berichten"],
)  # fmt: skip
async def test_point_04_who_stops_gets_one_line_and_then_nothing(
    twilio: LocalTwilio, tmp_path: Path, word: str
) -> None:
    add_templates(twilio)
    async with whole(tmp_path, twilio, policy=MANY) as bot:
        await bot.subscribes(ANN, BEN)
        said = await bot.asks(ANN, word)
        assert "112" in said.body, "the confirmation carries what to do in danger"
        count = len(twilio.sent(ANN))
        for hours in (0, 26):
            bot.passes(hours=hours)
            (number,) = await bot.announces("Z3" if hours else "Z1")
            await bot.rests()
            assert await bot.report(number) == {"DELIVERED": 1}
        assert len(twilio.sent(ANN)) == count


async def test_point_04_start_restores_and_a_crisis_is_answered_in_between(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio, policy=MANY) as bot:
        await bot.subscribes(ANN)
        await bot.asks(ANN, "stop")
        assert "1813" in (await bot.asks(ANN, "ik wil niet meer leven")).body
        await bot.asks(ANN, "start")
        (number,) = await bot.announces()
        await bot.rests()
        assert await bot.report(number) == {"DELIVERED": 1}


async def test_point_04_stop_is_sticky_over_a_new_address_of_the_same_person(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(ANN)
        await bot.asks(ANN, "stop")
        twilio.becomes_known(ANN, "whatsapp:BE.77", is_hidden=False)
        await bot.asks(ANN, HOURS)
        before = len(twilio.sent(ANN))
        await bot.announces()
        await bot.rests()
        assert len(twilio.sent(ANN)) == before


async def test_point_04_what_twilio_confirmed_itself_is_obeyed_in_silence(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """No request of ours at all: each would be refused with 21610. START gives it back."""
    add_templates(twilio)
    twilio.advanced_opt_out = True
    async with whole(tmp_path, twilio, policy=MANY) as bot:
        await bot.subscribes(ANN, BEN)
        before = len(twilio.creations())
        await twilio.resident_says(ANN, "STOP")
        await twilio.resident_says(BEN, "help")
        await bot.rests()
        assert twilio.own_replies == [(ANN, "STOP"), (BEN, "HELP")]
        (number,) = await bot.announces("Z1")
        await bot.rests()
        assert await bot.report(number) == {"DELIVERED": 1}
        assert len(twilio.creations()) == before + 1 and not twilio.refused
        await twilio.resident_says(ANN, "START")
        await bot.rests()
        (number,) = await bot.announces("Z3")
        await bot.rests()
        assert await bot.report(number) == {"DELIVERED": 2}


async def test_point_04_who_stopped_at_twilio_only_is_taken_off_when_it_says_so(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """21610 in the answer to a create: nothing more is asked for them."""
    async with whole(tmp_path, twilio, policy=MANY) as bot:
        await bot.subscribes(ANN)
        twilio.fail_next(400, 21610)
        await bot.announces("Z1")
        await bot.rests()
        before = len(twilio.creations())
        await bot.announces("Z3")
        await bot.rests()
        assert len(twilio.creations()) == before


async def test_point_13_the_tier_is_kept_and_the_rest_comes_the_next_day(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio)
    twilio.limits.tier = 5
    async with whole(tmp_path, twilio, tier=5) as bot:
        await bot.subscribes(*PEOPLE)
        bot.passes(hours=25)
        (number,) = await bot.announces()
        await twilio.until(lambda: _got_news(twilio) == 5, 30)
        await asyncio.sleep(2)
        assert _got_news(twilio) == 5
        await _wait_a_day(bot.passes)
        await twilio.until(partial(_has_news, twilio, 10), 30)
        assert (await bot.report(number))["WAITING tier"] == 2
        await _wait_a_day(bot.passes)
        await bot.rests()
        assert await bot.report(number) == {"DELIVERED": 12}, "also on the third day"
        assert twilio.limits.over_tier == 0


async def test_point_13_without_a_tier_of_ours_whatsapp_says_when_it_is_enough(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """All go at once; who was too many waits, is never lost, and comes when there is room."""
    add_templates(twilio)
    twilio.limits.tier = 5
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(*PEOPLE)
        bot.passes(hours=25)
        (number,) = await bot.announces()
        await twilio.until(lambda: twilio.limits.over_tier == 7, 30)
        await twilio.receipts_rest()
        await _until_report(bot, number, {"DELIVERED": 5, "WAITING tier": 7})
        for _ in range(5):
            bot.passes(seconds=61)
            await asyncio.sleep(1)
            await twilio.receipts_rest()
            await _until_report(bot, number, {"DELIVERED": 5, "WAITING tier": 7})
        assert twilio.limits.over_tier - 7 in range(1, 5), "it is tried with one, ever less often"
        waiting = next(m.to for m in reversed(twilio.messages) if m.code == 63018)
        await twilio.resident_says(waiting, "stop")
        twilio.limits.tier = 50
        await _until_more(bot.passes, lambda: _arrived(twilio) == 11)
        await bot.rests()
        report = await bot.report(number)
        assert report["DELIVERED"] == 11 and report.total() == 12


async def test_point_13_an_hour_that_began_is_announced_to_nobody_more(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio)
    async with whole(tmp_path, twilio, tier=1) as bot:
        await bot.subscribes(ANN, BEN)
        bot.passes(hours=25)
        (number,) = await bot.announces("Z4")
        await _until_report(bot, number, {"DELIVERED": 1, "WAITING tier": 1})
        bot.passes(hours=96)
        await bot.rests()
        assert {name.split()[0] for name in await bot.report(number)} == {"DELIVERED", "EXPIRED"}


async def test_point_13_failures_stand_in_the_report_which_adds_up(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio)
    async with whole(tmp_path, twilio, tier=0) as bot:
        await bot.subscribes(*PEOPLE)
        bot.passes(hours=25)
        codes = (63014, 63024, 63013, 99999)
        for who, code in zip(PEOPLE, codes, strict=False):
            twilio.fail_delivery(who, code)
        (number,) = await bot.announces()
        await twilio.until(lambda: _got_news(twilio) == len(PEOPLE), 30)
        await bot.rests()
        await asyncio.sleep(1)
        report = await bot.report(number)
        assert report.total() == len(PEOPLE)
        assert report["DELIVERED"] == len(PEOPLE) - len(codes)
        assert report["REFUSED blocked"] == report["REFUSED gone"] == 1
        assert sum(n for name, n in report.items() if name.startswith(Status.DEAD.name)) == 2


async def _until_report(bot: Whole, number: int, wanted: dict[str, int]) -> None:
    async with asyncio.timeout(30):
        while await bot.report(number) != wanted:
            await asyncio.sleep(0.1)


async def _until_more(passes: Callable[..., None], is_so: Callable[[], bool]) -> None:
    """Let hours pass until it is so."""
    async with asyncio.timeout(60):
        while not is_so():
            passes(minutes=10)
            await asyncio.sleep(0.6)


def _arrived(twilio: LocalTwilio) -> int:
    news = [m for m in twilio.messages if NEWS in m.body]
    return sum(m.status == "delivered" for m in news)


def _got_news(twilio: LocalTwilio) -> int:
    return sum(NEWS in message.body for message in twilio.messages)


def _has_news(twilio: LocalTwilio, count: int) -> bool:
    return _got_news(twilio) == count


async def _wait_a_day(passes: object) -> None:
    """In steps, as a clock goes: what waits looks again each hour."""
    assert callable(passes)
    for _ in range(25):
        passes(hours=1)
        await asyncio.sleep(0.6)
