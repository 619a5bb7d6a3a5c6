"""Does the home ask what came in while nobody listened, once, and nothing older than that?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import ANNA, BEN, HandClock, config_for
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.twilio_world import Heard
from wijkbot.adapter_api import Adapter, EventKind, Health
from wijkbot_whatsapp import arrivals
from wijkbot_whatsapp.adapter import create


@pytest.fixture
async def down(living: Adapter, port: RecordingPort, clock: HandClock) -> Adapter:
    """An adapter that listened until an hour ago."""
    await until(lambda: port.stored_cursor is not None)
    await living.stop_receiving()
    clock.move(hours=1)
    return living


async def until(is_so: Callable[[], object]) -> None:
    """Until something is so."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


async def health_with(adapter: Adapter, words: str) -> Health:
    """The health as soon as it tells this."""
    async with asyncio.timeout(10):
        while words not in (health := await adapter.health()).detail:
            await asyncio.sleep(0.01)
    return health


async def asks(adapter: Adapter, port: RecordingPort, clock: HandClock) -> None:
    """Start, and wait until the first round is over."""
    await adapter.start(port)
    await until(lambda: port.stored_cursor == clock.at.isoformat())


def texts(port: RecordingPort) -> list[str]:
    return [event.text for event in port.events]


async def test_what_was_missed_comes_in_once_in_order(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    sid = twilio.resident_misses(ANNA, "waar kan ik printen?")
    clock.move(minutes=1)
    twilio.resident_misses(BEN, "hallo")
    clock.move(minutes=1)
    await asks(down, port, clock)
    assert texts(port) == ["waar kan ik printen?", "hallo"]
    first, second = port.events
    assert (first.kind, first.event_id, first.chat) == (EventKind.MESSAGE, sid, ANNA)
    assert first.received_at == clock.at - timedelta(minutes=2)
    assert first.is_private and first.addressed
    assert second.sender == BEN
    await down.stop_receiving()
    clock.move(minutes=5)
    await asks(down, port, clock)
    assert len(port.events) == 2


async def test_what_a_webhook_brought_has_the_same_name(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    await twilio.resident_taps(ANNA, "c1", "Ja")
    twilio.resident_misses(BEN, "hallo")
    await asks(down, port, clock)
    assert [event.kind for event in port.events] == [EventKind.CHOICE, EventKind.MESSAGE]


async def test_the_very_first_time_nothing_old_is_answered(
    idle: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    twilio.resident_misses(ANNA, "van voor onze tijd")
    clock.move(minutes=1)
    await asks(idle, port, clock)
    assert port.events == []
    assert not any(call.path.endswith("/Messages.json") for call in twilio.calls)


async def test_what_is_older_than_a_week_is_left_and_the_rest_tells_its_moment(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    twilio.resident_misses(ANNA, "te laat")
    clock.move(days=7)
    twilio.resident_misses(ANNA, "op tijd")
    clock.move(hours=25)
    await asks(down, port, clock)
    assert texts(port) == ["op tijd"]
    assert port.events[0].received_at == clock.at - timedelta(hours=25)


async def test_only_when_all_was_read_the_house_is_told_so_once_each_start(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    before = port.times_caught_up
    twilio.fail_next_list(503, 20503)
    await down.start(port)
    health = await health_with(down, "not asked")
    assert "news waits" in health.detail and port.times_caught_up == before
    await down.stop_receiving()
    twilio.resident_misses(ANNA, "hallo")
    await asks(down, port, clock)
    await until(lambda: port.times_caught_up == before + 1)
    assert texts(port) == ["hallo"]


async def test_when_twilio_cannot_be_asked_for_minutes_news_goes_again_and_health_says_so(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    before = port.times_caught_up
    for _ in range(3):
        twilio.fail_next_list(503, 20503)
    await down.start(port)
    await health_with(down, "news waits")
    clock.move(minutes=6)
    await until(lambda: port.times_caught_up == before + 1)
    assert "news goes out all the same" in (await down.health()).detail


async def test_many_pages_are_read_to_the_last(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    for number in range(450):
        twilio.resident_misses(f"whatsapp:+324710{number:05}", f"vraag {number}")
    clock.move(minutes=2)
    await asks(down, port, clock)
    assert sorted(texts(port)) == sorted(f"vraag {number}" for number in range(450))


async def test_help_that_twilio_answered_is_not_answered_again(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    twilio.advanced_opt_out = True
    await twilio.resident_says(ANNA, "help")
    clock.move(minutes=2)
    await asks(down, port, clock)
    assert twilio.own_replies == [(ANNA, "HELP")]
    assert port.events == []


async def test_words_beside_a_contact_are_not_read_and_its_file_is_taken_away(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    url = twilio.medium("card", b"BEGIN:VCARD", "text/vcard")
    sid = url.split("/")[-3]
    twilio.heard[sid] = Heard(sid, ANNA, twilio.sender, "Ben De Buur", clock.at, (url,))
    clock.move(minutes=2)
    await asks(down, port, clock)
    assert [(event.event_id, event.text) for event in port.events] == [(sid, "")]
    await until(lambda: twilio.media_deleted == ["card"])


async def test_words_beside_a_file_of_which_nothing_is_known_are_not_read(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    url = twilio.medium("card", b"BEGIN:VCARD", "text/vcard")
    sid = url.split("/")[-3]
    twilio.heard[sid] = Heard(sid, ANNA, twilio.sender, "Ben De Buur", clock.at, (url,))
    twilio.fail_next_call("ListMedia", 503, 20503)
    clock.move(minutes=2)
    await asks(down, port, clock)
    assert texts(port) == [""]


async def test_while_it_cannot_be_asked_health_tells_and_it_is_tried_again(
    down: Adapter,
    twilio: LocalTwilio,
    port: RecordingPort,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrivals, "_FIRST_PAUSE", 1.0)
    twilio.resident_misses(ANNA, "hallo")
    twilio.fail_next_list(503, 20503)
    await down.start(port)
    health = await health_with(down, "not asked what came in")
    assert not health.ok and health.remedy
    await until(lambda: texts(port) == ["hallo"])
    await until(lambda: port.stored_cursor == clock.at.isoformat())
    assert (await down.health()).ok


async def test_when_the_house_is_away_nothing_is_marked_as_read(
    down: Adapter,
    twilio: LocalTwilio,
    port: RecordingPort,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrivals, "_FIRST_PAUSE", 0.2)
    twilio.resident_misses(ANNA, "hallo")
    before, tries = port.stored_cursor, port.attempts
    port.is_away = True
    await down.start(port)
    await port.wait_attempts(tries + 2)
    assert port.stored_cursor == before
    port.is_away = False
    await until(lambda: texts(port) == ["hallo"])
    await until(lambda: port.stored_cursor == clock.at.isoformat())


async def test_later_rounds_leave_the_last_minute_to_the_webhook(
    idle: Adapter,
    twilio: LocalTwilio,
    port: RecordingPort,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrivals, "EVERY_SECONDS", 0.2)
    await asks(idle, port, clock)
    twilio.resident_misses(ANNA, "net nu")
    await asyncio.sleep(0.7)
    assert port.events == []
    clock.move(seconds=90)
    await until(lambda: texts(port) == ["net nu"])


async def test_after_the_home_was_given_up_nothing_is_asked(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    await asks(down, port, clock)
    await down.stop_receiving()
    twilio.resident_misses(ANNA, "hallo")
    calls = len(twilio.calls)
    await asyncio.sleep(0.3)
    assert (port.events, len(twilio.calls)) == ([], calls)


async def test_another_process_goes_on_where_the_first_stopped(
    down: Adapter, twilio: LocalTwilio, port: RecordingPort, clock: HandClock
) -> None:
    twilio.resident_misses(ANNA, "hallo")
    clock.move(minutes=2)
    other = create(config_for(twilio.options(), clock))
    await asks(other, port, clock)
    await other.stop()
    assert texts(port) == ["hallo"]
