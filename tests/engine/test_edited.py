"""Does a draft follow what somebody changes in their message? Failure story 23."""

from __future__ import annotations

from tests.engine.pack import facts, heard, names, private, said, shelf
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.events import ChatStarted, ChoiceMade, Event, MessageArrived
from wijkbot.engine.reading import Reading
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import Label

WORDS = "een lamp in de keuken"


def _then(conversation: Conversation, event: Event) -> Decision:
    return decide(shelf().book, private(), conversation, event)


def _says(text: str, message: str = "", edits: str = "", label: Label = Label.UNCLEAR) -> Event:
    reading = Reading(label)
    return MessageArrived(
        text, reading, facts(), is_edit=bool(edits), message=message, edits=edits
    )


def _drafted() -> Conversation:
    """An odd job that waits for its last "yes"."""
    conversation = _then(Conversation(), ChatStarted(facts(), dialog="klus")).conversation
    for answer in ("request", "yes", "K02"):
        conversation = _then(conversation, ChoiceMade(answer, facts())).conversation
    conversation = _then(conversation, _says(WORDS, message="m1")).conversation
    conversation = _then(conversation, _says("Noord", message="m2")).conversation
    return _then(conversation, ChoiceMade(conversation.offered[0], facts())).conversation


def _words_shown(decision: Decision) -> list[str]:
    shown = [value for say in said(decision.effects) for _, value in say.values]
    return [value.text for value in shown if isinstance(value, OwnWords)]


def test_changed_words_are_in_the_draft_and_shown_again() -> None:
    draft = _drafted()
    decision = _then(draft, _says("een lamp in de gang", edits="m1"))
    assert "een lamp in de gang" in _words_shown(decision)
    assert WORDS not in _words_shown(decision)
    assert draft.step == decision.conversation.step
    agreed = _then(decision.conversation, ChoiceMade("yes", facts()))
    assert "een lamp in de gang" in str(agreed.effects)


def test_edit_of_any_other_message_changes_nothing() -> None:
    draft = _drafted()
    for event in (_says("iets anders", edits="m9"), _says("iets anders", edits="")):
        decision = _then(draft, event)
        assert WORDS == decision.conversation.slot("words") or not event.edits  # type: ignore[union-attr]
    assert [] == names(_then(draft, _says("iets anders", edits="m9")).effects)
    assert [] == names(_then(Conversation(), _says("iets anders", edits="m1")).effects)


def test_edit_that_is_no_valid_answer_or_tells_who_keeps_the_old_words() -> None:
    draft = _drafted()
    for event in (
        _says("x" * 500, edits="m1"),
        _says("bij mij, code 4821", edits="m1", label=Label.PERSONAL_DATA),
    ):
        decision = _then(draft, event)
        assert WORDS == decision.conversation.slot("words")
        assert [] == names(decision.effects)


def test_edit_into_a_cry_for_help_gets_its_card() -> None:
    reading = heard(Label.CRISIS_SUICIDE).reading
    event = MessageArrived("…", reading, facts(), is_edit=True, edits="m1")
    assert ["T11"] == names(_then(_drafted(), event).effects)


def test_words_that_are_taken_back_are_forgotten_and_asked_anew() -> None:
    """What was said after them stays; the place is no sentence of theirs."""
    draft = _drafted()
    decision = _then(draft, _says("", edits="m1"))
    (asked,) = said(decision.effects)
    assert ("klus", "words.ask") == (asked.item, asked.key)
    assert "" == decision.conversation.slot("words")
    assert WORDS not in str(decision.conversation)
    assert "Noord" == decision.conversation.slot("area")
    again = _then(decision.conversation, _says("een plank in de gang", message="m3"))
    assert draft.step == again.conversation.step
    assert "een plank in de gang" in _words_shown(again)


def test_what_is_taken_back_and_filled_nothing_changes_nothing() -> None:
    draft = _drafted()
    assert WORDS == _then(draft, _says("", edits="m9")).conversation.slot("words")
    assert [] == names(_then(Conversation(), _says("", edits="m1")).effects)
