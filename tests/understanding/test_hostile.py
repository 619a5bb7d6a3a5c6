"""Can a text stop the reader, or take its time?"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.understanding.pack import reader
from wijkbot.understanding.normalise import TEXT_LIMIT, clean, plain

MOST_SECONDS = 0.15
"""Of computing. A text without bounds takes far longer."""

HOSTILE = [
    "a" * 100_000,
    "niet " * 20_000,
    "ik wil niet meer " * 6_000,
    "😂" * 50_000,
    "\u200b\u202e\u2066" * 40_000,
    "a" + "\u0301" * 100_000,
    "\x00" * 100_000,
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 3_000,
    "0" * 100_000,
    "1 " * 50_000,
    "BE68 " * 20_000,
    "code " * 20_000,
    "ﷺ" * 100_000,
    "@" * 100_000,
    "'" * 100_000,
    "",
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_takes_bounded_time(text: str) -> None:
    reader().read("eerst opwarmen")
    assert min(_work_of_reading(text) for _ in range(3)) < MOST_SECONDS


def _work_of_reading(text: str) -> float:
    """Seconds of this thread: neighbours on the machine do not count.

    The shortest of some is taken: clearing up after other tests may fall into one of them.
    """
    started = time.thread_time()
    reader().read(text)
    return time.thread_time() - started


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.text(max_size=5))
def test_any_text_is_read_without_an_exception(text: str, hint: str) -> None:
    reading = reader().read(text, hint)
    assert 0 <= len(reading.suggestions) <= 2


@given(st.text(max_size=3_000))
def test_plain_form_is_bounded_and_stable(text: str) -> None:
    once = plain(clean(text))
    assert len(once) <= TEXT_LIMIT
    assert plain(once) == once


def test_hidden_characters_do_not_hide_a_cry_for_help() -> None:
    hidden = "ik w\u200bil ni\u00adet me\u202eer le\ufeffven"
    assert reader().read(hidden).is_listed_crisis
