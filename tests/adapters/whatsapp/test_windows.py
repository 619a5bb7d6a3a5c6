"""Is the 24-hour window known after a restart, without a number being kept?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import ANNA, BEN, HandClock
from wijkbot_whatsapp.windows import Windows


class AwayPort(RecordingPort):
    """A house whose database is away."""

    async def alter(self, name: str, change: Callable[[bytes | None], bytes]) -> None:
        raise ConnectionError("the database is away")


class SlowPort(RecordingPort):
    """A house in which others write between a reading and a writing."""

    async def kept(self, name: str) -> bytes | None:
        value = await super().kept(name)
        await asyncio.sleep(0)
        return value


def windows() -> Windows:
    return Windows("buurt", "plainly-pretend")


async def test_a_window_stays_open_over_a_restart(port: RecordingPort, clock: HandClock) -> None:
    before, after = windows(), windows()
    await before.recall(port)
    await before.heard(ANNA, clock.at)
    await after.recall(port)
    assert await after.is_open(ANNA, clock.at)
    assert not await after.is_open(BEN, clock.at)
    clock.move(hours=24)
    assert not await after.is_open(ANNA, clock.at)


async def test_what_another_process_heard_counts(port: RecordingPort, clock: HandClock) -> None:
    one, two = windows(), windows()
    await one.recall(port)
    await two.recall(port)
    await one.heard(ANNA, clock.at)
    await two.heard(BEN, clock.at)
    assert await two.is_open(ANNA, clock.at)
    assert await one.is_open(BEN, clock.at)


async def test_two_processes_that_write_at_once_keep_both(clock: HandClock) -> None:
    """Neither overwrites what the other heard between its reading and its writing."""
    port = SlowPort()
    one, two, sender = windows(), windows(), windows()
    for each in (one, two, sender):
        await each.recall(port)
    await asyncio.gather(one.heard(ANNA, clock.at), two.heard(BEN, clock.at))
    assert await sender.is_open(ANNA, clock.at)
    assert await sender.is_open(BEN, clock.at)


async def test_no_number_is_kept_and_old_ones_go(port: RecordingPort, clock: HandClock) -> None:
    known = windows()
    await known.recall(port)
    await known.heard(ANNA, clock.at)
    first = port.secrets["windows"]
    clock.move(hours=25)
    await known.heard(BEN, clock.at)
    assert b"32470" not in first
    assert len(port.secrets["windows"]) == len(first)


async def test_a_chatty_resident_is_not_written_down_each_time(
    port: RecordingPort, clock: HandClock
) -> None:
    known = windows()
    await known.recall(port)
    await known.heard(ANNA, clock.at)
    first = port.secrets["windows"]
    clock.move(minutes=5)
    await known.heard(ANNA, clock.at)
    assert port.secrets["windows"] == first
    clock.move(minutes=5)
    await known.heard(ANNA, clock.at)
    assert port.secrets["windows"] != first


async def test_a_house_that_is_away_does_not_shut_a_window(clock: HandClock) -> None:
    known = windows()
    await known.recall(AwayPort())
    await known.heard(ANNA, clock.at)
    assert await known.is_open(ANNA, clock.at)
