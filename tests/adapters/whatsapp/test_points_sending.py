"""Points 7, 9, 10, 15 and 16 of the checklist: how an answer goes out, through the whole house.

Each runs the real twilio library against the local Twilio.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

import pytest

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.twilio_rules import MAX_BODY, MAX_CONTENT, units
from tests.adapters.whatsapp.whole import ANN, ANSWER, BEN, HELP, HOURS, whole
from wijkbot.storage.outbox import Status
from wijkbot_whatsapp import client

QUICK, LIST = "quick-reply", "list-picker"
LONGEST_VALIDITY = 14_400
PRINT = "waar kan ik printen?"


@pytest.mark.parametrize("takes", [True, False])
async def test_point_07_after_a_lost_answer_it_arrives_once(
    twilio: LocalTwilio, tmp_path: Path, takes: bool
) -> None:
    """Taken before the connection broke: it is looked up. Not taken: it is sent again."""
    async with whole(tmp_path, twilio) as bot:
        twilio.lose_answer(takes=takes)
        await twilio.resident_says(ANN, HOURS)
        await twilio.wait_sent(ANN, 1, 60)
        await bot.rests(60)
        assert [True] == [ANSWER in text for text in bot.texts(ANN)]
        asked = [call for call in twilio.calls if call.path.endswith("/Messages.json")]
        methods = [call.method for call in asked if call.fields.get("To") == ANN]
        assert methods[:2] == ["POST", "GET"], "looked up before anything else"


async def test_point_07_a_busy_service_gets_one_request(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """And the next one only after a pause."""
    async with whole(tmp_path, twilio) as bot:
        twilio.fail_next(503, 20503)
        await twilio.resident_says(ANN, HOURS)
        await twilio.until(lambda: bool(twilio.refused))
        await asyncio.sleep(3)
        assert len(twilio.creations()) == 1
        bot.passes(seconds=20)
        await twilio.wait_sent(ANN, 1)
        await bot.rests()
        assert len(twilio.creations()) == 2


async def test_point_07_too_many_requests_hold_the_account_and_lose_nothing(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        twilio.fail_next(429, 20429)
        await twilio.resident_says(ANN, HOURS)
        await twilio.until(lambda: bool(twilio.refused))
        await twilio.resident_says(BEN, HOURS)
        await asyncio.sleep(3)
        assert len(twilio.creations()) == 1, "nobody else's either"
        bot.passes(seconds=70)
        await twilio.wait_sent(ANN, 1)
        await twilio.wait_sent(BEN, 1)
        await bot.rests()
        assert len(twilio.creations()) == 3


async def test_point_09_two_choices_are_buttons_and_a_tap_counts(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        asked = await bot.asks(ANN, "klusje")
        assert asked.kind == QUICK
        titles = [title for _, title in asked.choices]
        assert titles == ["Ik zoek hulp", "Ik wil helpen"]
        assert "1." not in asked.body
        assert "18 of ouder" in (await bot.picks(ANN, titles[0])).body
        assert "Wat voor klusje" in (await bot.picks(ANN, "Ja")).body


async def test_point_09_four_choices_are_a_list_and_more_are_numbers(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        for text in ("klusje", "ik zoek hulp", "ja"):
            many = await bot.asks(ANN, text)
        is_list = many.kind == LIST
        assert is_list or "\n1. " in many.body
        for text in ("lamp of plank", "een lamp", "Noord"):
            four = await bot.asks(ANN, text)
        assert four.kind == LIST and len(four.choices) == 4
        assert all(units(title) <= 24 for _, title in four.choices)
        assert "Klopt dit?" in (await bot.picks(ANN, "Volgende week")).body


async def test_point_09_the_payload_wins_over_the_words_and_a_typed_number_works(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        asked = await bot.asks(ANN, "klusje")
        payload = next(one for one, title in asked.choices if title == "Ik zoek hulp")
        said = await bot.asks(ANN, "Ik wil helpen", ButtonPayload=payload, MessageType="button")
        assert "18 of ouder" in said.body
        await bot.asks(BEN, "klusje")
        assert "18 of ouder" in (await bot.asks(BEN, "2")).body
        assert "Wat voor klusje" in (await bot.asks(BEN, "1")).body
        assert "in één zin" in (await bot.asks(BEN, "1")).body


async def test_point_09_an_old_button_changes_nothing(twilio: LocalTwilio, tmp_path: Path) -> None:
    async with whole(tmp_path, twilio) as bot:
        first = await bot.asks(ANN, "klusje")
        await bot.picks(ANN, "Ik zoek hulp")
        old = first.choices[1]
        fields = {"ButtonPayload": old[0], "ButtonText": old[1], "MessageType": "button"}
        for forged in (fields, fields | {"ButtonPayload": "~nonsense"}):
            assert "in één zin" not in (await bot.asks(ANN, old[1], **forged)).body
        assert "Wat voor klusje" in (await bot.asks(ANN, "ja")).body


async def test_point_10_each_answer_is_one_message_that_fits(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """Every question of the starter pack, each by a resident of its own, in three languages."""
    async with whole(tmp_path, twilio) as bot:
        shelf = bot.living.bot.house.library.shelf("")
        asked: dict[str, str] = {}
        for item in shelf.items.values():
            examples = getattr(item, "examples", None) or {}
            for language, words in examples.items() if isinstance(examples, dict) else ():
                if language in {"nl", "fr", "en"} and words:
                    asked[f"whatsapp:+3247{len(asked):07}"] = str(words[0])
        assert len(asked) > 60
        for who, text in asked.items():
            assert (await twilio.resident_says(who, text)).status_code == 200
        await bot.rests(120)
        for who, text in asked.items():
            sent = twilio.sent(who)
            assert len(sent) == 1, (text, [message.body for message in sent])
            most = MAX_BODY if sent[0].kind == "text" else MAX_CONTENT
            assert 0 < units(sent[0].body) <= most
        assert [message.status for message in twilio.messages] == ["delivered"] * len(asked)


async def test_point_10_a_flood_of_questions_keeps_the_pair_rate(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """Twelve questions at once of one person; what is too fast would be a violation."""
    async with whole(tmp_path, twilio) as bot:
        for number in range(12):
            await twilio.resident_says(ANN, f"{PRINT} {number}")
        async with asyncio.timeout(60):
            while len(twilio.sent(ANN)) < 8:
                await asyncio.sleep(0.2)
                bot.passes(seconds=6)
        await bot.rests(60)


async def test_point_15_every_message_says_how_long_it_is_good_for(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """So that an answer does not come the next morning."""
    async with whole(tmp_path, twilio) as bot:
        for text in (HOURS, HELP, "klusje", "ik wil niet meer leven"):
            await bot.asks(ANN, text)
        periods = [int(asked["ValidityPeriod"]) for asked in twilio.creations()]
        assert len(periods) >= 4 and all(0 < one <= LONGEST_VALIDITY for one in periods)


@pytest.mark.parametrize("takes", [True, False])
async def test_point_16_a_call_ends_in_time_and_its_message_comes_once(
    twilio: LocalTwilio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    """While one call hangs the others go on."""
    monkeypatch.setattr(client, "CALL_SECONDS", 0.7)
    async with whole(tmp_path, twilio) as bot:
        twilio.stall_next(6.0, takes=takes)
        began = monotonic()
        await twilio.resident_says(ANN, HOURS)
        await twilio.until(lambda: len(twilio.creations()) == 1)
        await twilio.resident_says(BEN, HOURS)
        await twilio.wait_sent(BEN, 1)
        assert monotonic() - began < 5
        await twilio.wait_sent(ANN, 1, 60)
        await bot.rests(60)
        assert [True] == [ANSWER in text for text in bot.texts(ANN)]
        assert Status.WAITING not in await bot.statuses()
