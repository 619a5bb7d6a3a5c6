"""Does what goes with an announcement survive being written down, and when is it silent?"""

from __future__ import annotations

from datetime import datetime

import pytest

from wijkbot.announcements.extras import Act, Change, Extras, Sound
from wijkbot.app.announce_payload import announcement_bytes, change_from, extras_from
from wijkbot.app.payload import say_bytes, say_from
from wijkbot.engine.effects import Say
from wijkbot.engine.words import Purpose

SAY = Say(Purpose.ANNOUNCEMENT, "Z4", 3, "card")


@pytest.mark.parametrize(
    "extras",
    [
        Extras(),
        Extras(photo=7, has_calendar=True, is_pinned=True, sound=Sound.LOUD),
        Extras(sound=Sound.SILENT),
    ],
)
def test_extras_come_back_as_they_were(extras: Extras) -> None:
    written = announcement_bytes(SAY, extras)
    assert extras == extras_from(written)
    assert SAY == say_from(written, SAY.purpose, SAY.item, SAY.version)
    assert change_from(written) is None


@pytest.mark.parametrize("act", list(Act))
def test_change_comes_back_as_it_was(act: Act) -> None:
    written = announcement_bytes(SAY, change=Change(act, 12))
    assert Change(act, 12) == change_from(written)
    assert Extras() == extras_from(written)


def test_announcement_without_extras_is_written_as_any_text() -> None:
    """What waits from before photos is read as well."""
    assert announcement_bytes(SAY) == say_bytes(SAY)


@pytest.mark.parametrize(
    ("hour", "minute", "sound", "is_silent"),
    [
        (7, 59, Sound.BY_THE_CLOCK, True),
        (8, 0, Sound.BY_THE_CLOCK, False),
        (20, 59, Sound.BY_THE_CLOCK, False),
        (21, 0, Sound.BY_THE_CLOCK, True),
        (12, 0, Sound.SILENT, True),
        (22, 0, Sound.LOUD, False),
    ],
)
def test_bells_rest_outside_the_day(hour: int, minute: int, sound: Sound, is_silent: bool) -> None:
    assert is_silent == Extras(sound=sound).is_silent(datetime(2026, 11, 24, hour, minute))
