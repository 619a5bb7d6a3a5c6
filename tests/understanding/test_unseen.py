"""Is wording that nobody built the lists and examples on understood well enough?

``unseen.jsonl`` was written by people who had not seen the pack. Its messages never become
examples or phrases: then this test would tell nothing. The floors stand a little under what was
reached, so that a change which costs quality is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from wijkbot.app.shelf import make_reader
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import CommandWords
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label
from wijkbot.understanding.matcher import Level
from wijkbot.understanding.normalise import clean, plain

UNSEEN = Path(__file__).parent / "unseen.jsonl"
CRISES = CRISIS_LABELS - {Label.HOMELESS_TONIGHT}
HELP = {Label.HELP_PERSONAL, Label.DISTRESS}
JOBS = {Label.ODD_JOB_REQUEST, Label.ODD_JOB_OFFER, Label.ODD_JOB_REFUSED}
CALM = {Label.INFO, Label.AGENDA, Label.SMALL_TALK, Label.GREETING_THANKS, *JOBS}


class Read(NamedTuple):
    """One message: what it is, and what it was taken for."""

    text: str
    is_common: bool
    """In one of the three languages that the pack knows best."""
    label: Label
    faq: str | None
    given: Reading


@cache
def messages() -> tuple[Read, ...]:
    """All messages, read by the whole pack."""
    pack = make_reader(load(content_dir("dialogs")).items)
    found = []
    for line in UNSEEN.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        language = told["lang"].split("-")[0]
        label = Label(told["label"])
        level: Level = "group" if label is Label.SMALL_TALK else "addressed"
        given = pack.read(told["text"], language, level)
        is_common = language in {"nl", "fr", "en"}
        found.append(Read(told["text"], is_common, label, told["faq"], given))
    return tuple(found)


def share(among: Callable[[Read], bool], holds: Callable[[Read], bool]) -> float:
    """Which share of some messages is read in some way."""
    chosen = [read for read in messages() if among(read)]
    assert len(chosen) >= 12
    return sum(map(holds, chosen)) / len(chosen)


@pytest.mark.parametrize("is_common", [True, False])
def test_somebody_in_danger_gets_a_card(is_common: bool) -> None:
    got = share(
        lambda read: read.label in CRISES and read.is_common is is_common,
        lambda read: read.given.label in CRISES,
    )
    assert got >= 0.90


def test_hardly_anybody_in_trouble_is_left_without_a_door() -> None:
    is_crisis = share(
        lambda read: read.label in CRISES, lambda read: read.given.label in SENSITIVE_LABELS
    )
    is_help = share(
        lambda read: read.label in HELP, lambda read: read.given.label in SENSITIVE_LABELS
    )
    assert is_crisis >= 0.95
    assert is_help >= 0.93


def test_a_card_is_not_shown_for_nothing() -> None:
    got = share(
        lambda read: read.label not in CRISIS_LABELS, lambda read: read.given.label in CRISES
    )
    assert got <= 0.02


def test_ordinary_talk_is_not_taken_for_trouble() -> None:
    got = share(lambda read: read.label in CALM, lambda read: read.given.label in SENSITIVE_LABELS)
    assert got <= 0.03


def test_odd_jobs_are_told_apart() -> None:
    got = share(lambda read: read.label in JOBS, lambda read: read.given.label is read.label)
    assert got >= 0.80


@pytest.mark.parametrize(("is_common", "floor"), [(True, 0.92), (False, 0.70)])
def test_a_question_gets_its_topic(is_common: bool, floor: float) -> None:
    got = share(
        lambda read: (
            read.label is Label.INFO and read.faq is not None and read.is_common is is_common
        ),
        lambda read: read.given.faq == read.faq,
    )
    assert got >= floor


def test_no_question_gets_another_topic() -> None:
    got = share(
        lambda read: read.label is Label.INFO,
        lambda read: read.given.faq not in {None, read.faq},
    )
    assert got <= 0.02


def test_nothing_of_it_stands_in_the_pack() -> None:
    unseen = {plain(clean(read.text)) for read in messages()}
    taught = {
        plain(clean(line.strip().removeprefix("- ").strip("\"'")))
        for folder in ("labels", "faq", "alarm")
        for path in (content_dir("dialogs") / folder).glob("*.yaml")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    # a greeting of one or two words stands in every pack
    assert not {text for text in unseen & taught if len(text.split()) > 2}


@pytest.mark.parametrize("word", ["klusje", "klus", "coup de main", "small job", "info", "nieuws"])
def test_word_of_the_menu_is_no_wish_to_stop(word: str) -> None:
    pack = make_reader(load(content_dir("dialogs")).items)
    assert Label.STOP is not pack.read(word, "nl", "addressed").label


def test_no_published_command_is_taken_for_need() -> None:
    """Need is answered before any command: such a word would never work."""
    items = load(content_dir("dialogs")).items
    pack = make_reader(items)
    words = items["commands"]
    assert isinstance(words, CommandWords)
    for languages in words.words.values():
        for language, forms in languages.items():
            for form in forms:
                assert pack.read(form, language, "addressed").label not in SENSITIVE_LABELS, form
