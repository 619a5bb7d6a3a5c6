"""Are the texts for workers whole, does none give new advice, and can the bot say none of them?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content.edits import change, problems
from tests.engine.pack import facts, group, names, private, shelf
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Ready
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.decide import decide
from wijkbot.engine.events import ChoiceMade

READY = [item for item in load(content_dir("dialogs")).items.values() if isinstance(item, Ready)]


def test_three_of_them_say_how_far_a_talk_goes() -> None:
    assert 8 == len([item for item in READY if not item.boundary])
    assert 3 == len([item for item in READY if item.boundary])


@pytest.mark.parametrize("place", [group(), private()], ids=["group", "private"])
@pytest.mark.parametrize("item", READY, ids=lambda item: item.id)
def test_no_tap_of_a_resident_leads_to_one(item: Ready, place: PlaceState) -> None:
    for choice in (item.id, f"faq.{item.id}"):
        event = ChoiceMade(choice, facts())
        decision = decide(shelf().book, place, Conversation(), event)
        assert item.id not in names(decision.effects)
    assert item.id not in shelf().book.items
    assert item.id in shelf().items, "the worker does find it"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Is er gevaar? Bel 112.", "Is er gevaar? Bel 112 en doe de deur dicht."),
        ("Is er gevaar? Bel 112.", "Twijfel je? Bel 1-1-2."),
        ("Is er gevaar? Bel 112.", "Denk je aan zelfmoord? Bel 1813."),
        ("Is er gevaar? Bel 112.", "Wil je praten? Bel {helpline.listen}."),
        ("Danger : 112.", "Danger de mort : 112."),
        ("Danger: 112.", "Danger: call 112 or hide."),
    ],
)
def test_danger_is_spoken_of_in_reviewed_words_only(pack: Path, old: str, new: str) -> None:
    path = change(pack, "R06-*.yaml", old, new)
    told = problems(pack)
    assert told
    assert {path} == {problem.path for problem in told}
    assert all("on no crisis card" in problem.what for problem in told)


def test_dutch_of_one_country_only_is_not_reviewed_for_both(pack: Path) -> None:
    """T13 says 101 in Belgium; in the Netherlands that number does not exist."""
    change(pack, "T13-*.yaml", "Nu gevaar? Bel 101 of 112.", "Nu gevaar? Bel 101 of 112.\n    ")
    change(pack, "R06-*.yaml", "Is er gevaar? Bel 112.", "Nu gevaar? Bel 101 of 112.")
    (told,) = problems(pack)
    assert "in nl-NL" in told.what


def test_a_line_of_a_card_may_be_inserted_with_its_helpline(pack: Path) -> None:
    change(pack, "R06-*.yaml", "Is er gevaar? Bel 112.", "Denk je aan zelfmoord?")
    assert () == problems(pack)


def test_a_number_of_the_organisation_is_no_helpline(pack: Path) -> None:
    change(pack, "R05-*.yaml", "Wil je liever bellen?", "Wij wonen op Voorbeeldplein 1812.")
    assert () == problems(pack)


@pytest.mark.parametrize("field", ["{chat.now}", "{link.private}", "{day.until}", "{item.title}"])
def test_a_field_without_a_value_in_the_chat_is_refused(pack: Path, field: str) -> None:
    path = change(pack, "R02-*.yaml", "Ik ben even weg.", f"Ik ben even weg {field}.")
    (told,) = problems(pack)
    assert path == told.path
    assert "no value in the secure chat" in told.what


@pytest.mark.parametrize("part", ["title", "text"])
def test_no_language_may_be_missing(pack: Path, part: str) -> None:
    old = ", fr: Absent un moment" if part == "title" else '  fr: "Je m'
    new = "" if part == "title" else '  de: "Je m'
    change(pack, "R02-*.yaml", old, new)
    (told,) = problems(pack)
    assert f"R02.{part} has no text in fr" == told.what


def test_a_card_that_cannot_be_read_is_the_only_trouble(pack: Path) -> None:
    path = change(pack, "T14-*.yaml", "purpose: crisis", "porpose: crisis")
    assert {path} == {problem.path for problem in problems(pack)}
