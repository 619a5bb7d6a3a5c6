"""Does who asks for a card get a code in private, and a group nothing of it?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.pack import facts, group, heard, names, private, shelf
from wijkbot.app.payload import say_bytes, say_from
from wijkbot.app.rehearse import PRACTICE_CODE, Rehearsal, Stage
from wijkbot.engine.conversation import ALARM_MODE, Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import Effect, GiveCardCode, Say
from wijkbot.engine.events import ChatStarted, Facts
from wijkbot.engine.values import CardCode
from wijkbot.engine.words import Label, Place, Purpose

WORDS = ("kaart", "infokaart", "KAART!", "/kaart", "carte", "fiche", "card", "Info card")


def _asked(place: PlaceState, text: str = "kaart", *, known: Facts | None = None) -> Decision:
    event = replace(heard(Label.UNCLEAR, text), facts=known or facts())
    return decide(shelf().book, place, Conversation(), event)


def _given(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.code for effect in effects if isinstance(effect, GiveCardCode)]


@pytest.mark.parametrize("text", WORDS)
def test_the_code_that_is_said_is_the_one_that_is_kept(text: str) -> None:
    effects = _asked(private(), text).effects
    assert ["042195"] == _given(effects)
    (said,) = [effect for effect in effects if isinstance(effect, Say)]
    assert (("number.code", CardCode("042195")),) == said.values
    assert Purpose.SERVICE == said.purpose


@pytest.mark.parametrize("language", ["nl-BE", "nl-NL", "fr", "en"])
def test_the_code_is_read_in_two_groups_of_three(language: str) -> None:
    stage = Stage(place=Place.PRIVATE, language=language[:2], country=language[-2:].upper())
    stage = replace(stage, country=stage.country if stage.country in {"BE", "NL"} else "BE")
    (uttered,) = Rehearsal(shelf(), stage).hear("kaart", hint=language[:2])[1]
    assert f"{PRACTICE_CODE[:3]} {PRACTICE_CODE[3:]}." in uttered.rendered.text
    assert "24" in uttered.rendered.text


def test_the_value_comes_back_from_the_outbox_as_it_was() -> None:
    say = next(e for e in _asked(private()).effects if isinstance(e, Say))
    assert say == say_from(say_bytes(say), say.purpose, say.item, say.version)


@pytest.mark.parametrize("place", [group(), group(mode=ALARM_MODE)])
def test_a_group_reads_only_that_this_is_private(place: PlaceState) -> None:
    told = _asked(place)
    assert ["T63"] == names(told.effects)
    assert [] == _given(told.effects)
    assert _asked(place, known=facts(random_code="999999")).effects == told.effects


def test_an_open_dialog_stays_open() -> None:
    book = shelf().book
    asked = ChatStarted(facts(), dialog="klus")
    begun = decide(book, private(), Conversation(), asked).conversation
    decision = decide(book, private(), begun, heard(Label.UNCLEAR, "kaart"))
    assert ["T66"] == names(decision.effects)
    assert (begun.dialog, begun.step) == (decision.conversation.dialog, decision.conversation.step)


def test_who_asked_to_be_ignored_gets_no_code() -> None:
    assert [] == _given(_asked(private(), known=facts(is_ignored=True)).effects)


def test_who_stopped_the_news_gets_a_code_when_they_ask() -> None:
    known = facts(has_stopped=True, has_stopped_jobs=True)
    assert ["042195"] == _given(_asked(private(), known=known).effects)


def test_a_longer_text_is_no_request() -> None:
    assert [] == _given(_asked(private(), "ik zoek een kaart voor de bus").effects)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12 345", "abcdef", "१२३४५६"])
def test_a_code_is_six_digits(code: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        CardCode(code)
