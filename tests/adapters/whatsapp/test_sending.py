"""Does a message arrive once, or does the house hear why not? With the real library."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest
from starlette.responses import Response

from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import ANNA, HOOKS, HandClock, config_for
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import (
    Adapter,
    Choice,
    EventKind,
    Message,
    Queued,
    Reason,
    Refused,
    Unknown,
    Unsupported,
)
from wijkbot_whatsapp import client
from wijkbot_whatsapp.adapter import create

NOON = HandClock().at
HELLO = Message("1", "Dag Anna", heard_at=NOON)


async def test_an_answer_goes_out_with_all_that_twilio_needs(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    until = clock.at + timedelta(minutes=5)
    choices = (Choice("a", "Ja"), Choice("b", "Nee"))
    text = "Zal ik het adres van de ander ook geven?" * 30
    result = await living.send(
        ANNA, Message("1", text, choices, expires_at=until, heard_at=clock.at)
    )
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid)
    assert twilio.creations() == [
        {
            "To": ANNA,
            "From": twilio.sender,
            "Body": f"{text}\n\n1. Ja\n2. Nee",
            "StatusCallback": f"{HOOKS}/status#rc=5&rp=all",
            "ValidityPeriod": "300",
        }
    ]


async def test_receipts_come_back_signed(
    living: Adapter, twilio: LocalTwilio, port: RecordingPort
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    sent = await living.send(ANNA, HELLO)
    assert isinstance(sent, Queued)
    assert await twilio.wait_callback(sent.message_id, "delivered") == 200
    receipts = [event for event in port.events if event.kind is EventKind.DELIVERY]
    assert [event.delivery_status for event in receipts] == ["sent", "delivered"]
    assert {event.delivery_id for event in receipts} == {sent.message_id}


async def test_outside_the_window_nothing_is_asked_of_twilio(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    clock.move(hours=23, minutes=54)
    assert isinstance(await living.send(ANNA, HELLO), Queued)
    clock.move(minutes=1)
    shut = [
        await living.send(ANNA, HELLO),
        await living.send(ANNA, replace(HELLO, heard_at=None)),
        await living.send(ANNA, replace(HELLO, heard_at=clock.at, is_shut=True)),
    ]
    for each in shut:
        assert isinstance(each, Refused)
        assert (each.reason, each.permanent) == (Reason.NEEDS_TEMPLATE, True)
    assert len(twilio.creations()) == 1


async def test_twilio_s_own_clock_comes_back_as_a_shut_window(
    living: Adapter, twilio: LocalTwilio, port: RecordingPort
) -> None:
    """The house says when somebody wrote; Twilio may know better."""
    sent = await living.send(ANNA, HELLO)
    assert isinstance(sent, Queued)
    await twilio.wait_callback(sent.message_id, "failed")
    (receipt,) = (event for event in port.events if event.kind is EventKind.DELIVERY)
    assert (receipt.delivery_status, receipt.delivery_code) == ("failed", "63016")
    assert receipt.refused == Refused(Reason.WINDOW, permanent=True, detail="code 63016")


async def test_a_long_answer_is_two_messages_with_the_choices_last(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    text = "Kom gerust langs op dinsdag. " * 70
    message = Message("1", text, (Choice("a", "Ja"),), heard_at=NOON)
    result = await living.send(ANNA, message)
    first, last = twilio.sent(ANNA)
    assert result == Queued(last.sid)
    assert first.body.endswith("dinsdag.")
    assert last.body.endswith("1. Ja")


async def test_of_half_an_answer_only_the_other_half_goes_again(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.fail_next(400, 63014, after=1)
    message = Message("1", "Kom langs. " * 200, heard_at=NOON)
    assert isinstance(await living.send(ANNA, message), Unknown)
    assert len(twilio.sent(ANNA)) == 1
    assert isinstance(await living.send(ANNA, message), Queued)
    assert " ".join(sent.body for sent in twilio.sent(ANNA)) == message.text.strip()


async def test_a_refusal_is_told_and_not_repeated(living: Adapter, twilio: LocalTwilio) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.fail_next(400, 63014)
    twilio.fail_next(503, 20503)
    first, second = await living.send(ANNA, HELLO), await living.send(ANNA, HELLO)
    assert isinstance(first, Refused) and first.reason is Reason.BLOCKED
    assert isinstance(second, Refused) and second.reason is Reason.UNAVAILABLE
    assert len(twilio.creations()) == 2
    assert twilio.sent(ANNA) == []


async def test_a_lost_answer_is_looked_up_before_anything_is_said(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.lose_answer()
    result = await living.send(ANNA, HELLO)
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid)


async def test_the_same_text_of_before_is_not_taken_for_the_lost_one(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    assert isinstance(await living.send(ANNA, HELLO), Queued)
    twilio.lose_answer(takes=False)
    again = replace(HELLO, key="2")
    assert isinstance(await living.send(ANNA, again), Unknown)
    assert len(twilio.creations()) == 2


async def test_another_text_of_another_process_is_not_the_lost_one(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    other = create(config_for(twilio.options(), clock))
    await twilio.resident_says(ANNA, "hallo")
    elsewhere = Message("2", "Iets anders", heard_at=NOON)
    assert isinstance(await other.send(ANNA, elsewhere), Queued)
    await other.stop()
    twilio.lose_answer(takes=False)
    assert isinstance(await living.send(ANNA, HELLO), Unknown)


async def test_when_looking_up_fails_too_it_is_unknown(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.lose_answer()
    twilio.fail_next_list(503, 20503)
    assert isinstance(await living.send(ANNA, HELLO), Unknown)


async def test_what_was_taken_after_we_gave_up_is_not_sent_again(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.lose_answer()
    twilio.fail_next_list(503, 20503)
    twilio.fail_next_list(503, 20503)
    results = [await living.send(ANNA, HELLO) for _ in range(3)]
    (sent,) = twilio.sent(ANNA)
    assert [type(result) for result in results] == [Unknown, Unknown, Queued]
    assert results[2] == Queued(sent.sid)


async def test_what_was_not_taken_is_sent_when_it_is_tried_again(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.lose_answer(takes=False)
    results = [await living.send(ANNA, HELLO) for _ in range(2)]
    (sent,) = twilio.sent(ANNA)
    assert [type(result) for result in results] == [Unknown, Queued]
    assert results[1] == Queued(sent.sid)


async def test_after_the_stop_nothing_leaves_and_nothing_is_lost(
    twilio: LocalTwilio, clock: HandClock
) -> None:
    adapter = create(config_for(twilio.options(), clock))
    await adapter.stop()
    result, health = await adapter.send(ANNA, HELLO), await adapter.health()
    assert isinstance(result, Refused)
    assert (result.reason, result.permanent) == (Reason.UNAVAILABLE, False)
    assert not health.ok
    assert twilio.calls == []


@pytest.mark.parametrize("takes", [True, False])
async def test_a_call_ends_in_time_and_is_looked_up(
    living: Adapter, twilio: LocalTwilio, monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    monkeypatch.setattr(client, "CALL_SECONDS", 0.5)
    await twilio.resident_says(ANNA, "hallo")
    twilio.stall_next(2.0, takes=takes)
    began = monotonic()
    result = await living.send(ANNA, HELLO)
    assert monotonic() - began < 1.5
    assert isinstance(result, Queued if takes else Unknown)
    assert len(twilio.creations()) == 1


class SlowTwilio(LocalTwilio):
    """Takes a while over every message."""

    async def _create(self, fields: dict[str, str]) -> Response:
        await asyncio.sleep(0.2)
        return await super()._create(fields)


async def test_waiting_for_a_turn_is_no_lost_answer(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many messages at once: each has its whole time from when it really leaves."""
    monkeypatch.setattr(client, "CALL_SECONDS", 0.8)
    monkeypatch.setattr(client, "AT_ONCE", 2)
    monkeypatch.setattr(client, "_SPARE_THREADS", 0)
    async with SlowTwilio(now=clock) as twilio:
        adapter = create(config_for(twilio.options(), clock))
        people = [f"whatsapp:+3247100000{number}" for number in range(10)]
        sends = (adapter.send(who, replace(HELLO, key=who)) for who in people)
        results = await asyncio.gather(*sends)
        await adapter.stop()
        assert all(isinstance(result, Queued) for result in results)
        assert len(twilio.creations()) == 10


async def test_without_network_it_may_be_tried_again(clock: HandClock) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    options = LocalTwilio().options(api_base_url=nowhere)
    adapter = create(config_for(options, clock))
    result, health = await adapter.send(ANNA, HELLO), await adapter.health()
    await adapter.stop()
    assert isinstance(result, Refused)
    assert (result.reason, result.permanent) == (Reason.UNAVAILABLE, False)
    assert not health.ok


async def test_what_whatsapp_has_not_is_unsupported(idle: Adapter, twilio: LocalTwilio) -> None:
    answers = [
        await idle.edit(ANNA, "SM1", HELLO),
        await idle.withdraw(ANNA, "SM1"),
        await idle.pin(ANNA, "SM1"),
        await idle.leave(ANNA),
        await idle.set_commands({"nl": {"help": "hulp"}}),
        await idle.answer_choice("x", "y"),
    ]
    assert all(isinstance(answer, Unsupported) for answer in answers)
    assert not await idle.is_admin(ANNA, ANNA)
    assert (
        idle.private_link("any")
        == idle.private_link("")
        == (f"https://wa.me/{twilio.sender.removeprefix('whatsapp:+')}?text=Hallo")
    )
    assert twilio.calls == []


async def test_no_number_text_or_token_is_logged(
    living: Adapter,
    twilio: LocalTwilio,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await twilio.resident_says(ANNA, "hallo")
    await living.send(ANNA, HELLO)
    twilio.fail_next(500, 20500)
    await living.send(ANNA, HELLO)
    # These three are the other side: the local Twilio and the door of the test.
    others = ("httpx", "httpcore", "uvicorn")
    ours = [line for line in caplog.records if not line.name.startswith(others)]
    said = " ".join(line.getMessage() for line in ours)
    for secret in (twilio.auth_token, twilio.account_sid, ANNA[-9:], HELLO.text):
        assert secret not in said


async def test_what_another_process_sent_before_it_was_killed_is_found_and_not_sent_again(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    killed = create(config_for(twilio.options(), clock))
    await twilio.resident_says(ANNA, "hallo")
    assert isinstance(await killed.send(ANNA, HELLO), Queued)
    await killed.stop()
    result = await living.send(ANNA, replace(HELLO, unsure_since=clock.at))
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid)


async def test_what_is_not_there_after_a_kill_is_sent(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    result = await living.send(ANNA, replace(HELLO, unsure_since=clock.at))
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid)


async def test_while_nobody_can_say_whether_it_is_there_it_is_not_sent(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.fail_next_list(503, 20503)
    again = replace(HELLO, unsure_since=clock.at)
    assert isinstance(await living.send(ANNA, again), Unknown)
    assert twilio.sent(ANNA) == []
    assert isinstance(await living.send(ANNA, again), Queued)
    assert len(twilio.sent(ANNA)) == 1


async def test_the_same_words_of_long_before_are_not_taken_for_it(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    killed = create(config_for(twilio.options(), clock))
    await twilio.resident_says(ANNA, "hallo")
    assert isinstance(await killed.send(ANNA, HELLO), Queued)
    await killed.stop()
    clock.at += timedelta(hours=2)
    result = await living.send(ANNA, replace(HELLO, heard_at=clock.at, unsure_since=clock.at))
    assert isinstance(result, Queued)
    assert len(twilio.sent(ANNA)) == 2
