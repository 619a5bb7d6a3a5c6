"""Is what came in long ago left alone, but for a STOP?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wijkbot.adapter_api import PLATFORM_OPT_OUT, EventKind, IncomingEvent
from wijkbot.app.too_late import in_time
from wijkbot.content.book import to_book
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ITEMS = load(content_dir("dialogs")).items
BOOK = to_book(ITEMS, 1, dict.fromkeys(ITEMS, 1))


def _said(text: str, hours: float, kind: EventKind = EventKind.MESSAGE) -> IncomingEvent:
    at = NOW - timedelta(hours=hours)
    return IncomingEvent(kind, "e1", "c", True, "c", at, text=text, addressed=True)


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop!", "afmelden", "Arrêt", "stop met die berichten", "unsubscribe", "negeer mij"],
)
def test_an_old_stop_is_obeyed_in_silence(text: str) -> None:
    (found,) = in_time([_said(text, 30)], BOOK, NOW, 24)
    assert (found.text, found.payload) == ("stop", PLATFORM_OPT_OUT)


@pytest.mark.parametrize("text", ["hallo", "wanneer is het spreekuur?", "", "x " * 60 + "stop"])
def test_anything_else_that_is_old_is_dropped(text: str) -> None:
    assert in_time([_said(text, 25)], BOOK, NOW, 24) == []
    assert in_time([_said(text, 25, EventKind.CHOICE)], BOOK, NOW, 24) == []


def test_what_is_in_time_or_no_word_or_of_another_platform_stays_as_it_is() -> None:
    fresh, receipt = _said("stop", 23), _said("", 90, EventKind.DELIVERY)
    assert in_time([fresh, receipt], BOOK, NOW, 24) == [fresh, receipt]
    old = _said("hallo", 90)
    assert in_time([old], BOOK, NOW, 0) == [old]


def test_a_stop_in_a_group_is_not_taken_for_one() -> None:
    assert in_time([replace(_said("stop", 30), is_private=False)], BOOK, NOW, 24) == []
