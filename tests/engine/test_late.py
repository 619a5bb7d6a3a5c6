"""Is a question that waited answered, and a command that waited let go with one polite line?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.pack import NOW, facts, group, names, private, said, shelf
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import BindToken, OptOut, StartTimer
from wijkbot.engine.events import (
    LATE_AFTER,
    BotJoined,
    ChatStarted,
    ChoiceMade,
    Event,
    Facts,
    MessageArrived,
)
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Purpose

HOUR = 60.0


def _waited(minutes: float = HOUR, *, at: float = 0, **more: object) -> Facts:
    """The facts of a message that is handled ``at`` and was sent so many minutes before."""
    now = facts(minutes=at)
    return replace(facts(minutes=at, **more), received_at=now.local_now - _min(minutes))


def _min(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def _typed(label: Label, text: str = "…", waits: Facts | None = None, faq: str = "") -> Event:
    return MessageArrived(text, Reading(label, faq=faq or None), waits or _waited())


def _decide(
    event: Event,
    conversation: Conversation = Conversation(),
    place: PlaceState | None = None,
) -> Decision:
    return decide(shelf().book, place or private(), conversation, event)


def _opened() -> Conversation:
    """An odd job, at the question what it is about."""
    asked = _decide(ChoiceMade("menu.job", facts())).conversation
    agrees = _decide(ChoiceMade("request", facts()), asked).conversation
    return _decide(ChoiceMade("yes", facts()), agrees).conversation


@pytest.mark.parametrize(
    ("seconds", "is_late"),
    [(600, False), (601, True), (0, False), (-30, False), (-7200, False), (90_000, True)],
)
def test_late_is_more_than_ten_minutes_and_never_the_future(seconds: int, is_late: bool) -> None:
    assert timedelta(minutes=10) == LATE_AFTER
    received = NOW - timedelta(seconds=seconds)
    assert is_late is facts(received_at=received).is_late


def test_what_nobody_sent_is_never_late() -> None:
    assert not facts().is_late


@pytest.mark.parametrize("place", [private(), group()], ids=["P", "G"])
@pytest.mark.parametrize(
    "label", sorted(set(Label) - {Label.ODD_JOB_REQUEST, Label.ODD_JOB_OFFER})
)
def test_late_text_that_opens_nothing_is_answered_as_ever(label: Label, place: PlaceState) -> None:
    """The questions, and crisis, help, STOP and erasure whatever they open."""
    prompt = _decide(_typed(label, waits=facts(), faq="F30"), place=place)
    late = _decide(_typed(label, faq="F30"), place=place)
    if label is Label.ERASE_ME or prompt.conversation.dialog == "":
        assert prompt == late


@pytest.mark.parametrize("label", [Label.ODD_JOB_REQUEST, Label.ODD_JOB_OFFER])
def test_late_odd_job_is_not_begun(label: Label) -> None:
    for place in (private(), group()):
        decision = _decide(_typed(label), place=place)
        assert ["T49"] == names(decision.effects)
        assert "" == decision.conversation.dialog
        assert not [e for e in decision.effects if isinstance(e, BindToken | StartTimer)]


@pytest.mark.parametrize("choice", ["menu.job", "menu.hours", "menu.info", "faq.F30", "x"])
def test_late_press_is_not_carried_out(choice: str) -> None:
    assert ["T49"] == names(_decide(ChoiceMade(choice, _waited())).effects)


def test_late_press_for_a_personal_question_gets_its_door() -> None:
    """It is a help question; in the menu of a platform without buttons it is a number."""
    assert ["T08"] == names(_decide(ChoiceMade("menu.personal", _waited())).effects)
    assert ["T08"] == names(_decide(_typed(Label.UNCLEAR, "4")).effects)


def test_late_number_is_a_press_and_late_words_are_a_question() -> None:
    """The number may be of another menu than the last one."""
    assert ["T49"] == names(_decide(_typed(Label.UNCLEAR, "1")).effects)
    assert ["Z4"] == names(_decide(_typed(Label.UNCLEAR, "spreekuren")).effects)
    assert ["T49"] == names(_decide(_typed(Label.UNCLEAR, "klusje")).effects)


def test_the_line_is_said_once_for_each_time_that_the_bot_was_away() -> None:
    conversation, lines = Conversation(), []
    for waited in (60.0, 50.0, 11.0):
        decision = _decide(ChoiceMade("menu.job", _waited(waited)), conversation)
        conversation = decision.conversation
        lines.append(names(decision.effects))
    assert [["T49"], [], []] == lines
    # one that was sent before that line, and is handled an hour after it, is of that same time
    straggler = ChoiceMade("menu.job", _waited(61, at=60))
    assert [] == names(_decide(straggler, conversation).effects)
    again = ChoiceMade("menu.job", _waited(59, at=60))
    assert ["T49"] == names(_decide(again, conversation).effects)


def test_the_line_is_a_service_text_with_nothing_of_the_message_in_it() -> None:
    decision = _decide(_typed(Label.ODD_JOB_REQUEST, "mijn lamp hangt scheef"), place=group())
    (line,) = said(decision.effects)
    assert (Purpose.SERVICE, (), ()) == (line.purpose, line.values, line.offers)
    assert "lamp" not in str(decision)


@pytest.mark.parametrize("label", sorted(SENSITIVE_LABELS | {Label.STOP, Label.ERASE_ME}))
def test_crisis_help_stop_and_erasure_are_never_too_late(label: Label) -> None:
    for opened in (Conversation(), _opened()):
        days = _waited(60 * 24 * 3)
        prompt = _decide(_typed(label, waits=facts()), opened)
        assert prompt == _decide(_typed(label, waits=days), opened)
        assert "T49" not in names(prompt.effects)
        assert [] != names(prompt.effects)
    if label in CRISIS_LABELS:
        assert {Purpose.CRISIS} == {say.purpose for say in said(prompt.effects)}


def test_late_stop_is_obeyed() -> None:
    assert OptOut() in _decide(_typed(Label.STOP, "stop")).effects


def test_open_dialog_goes_on_with_a_late_answer() -> None:
    """Typed or pressed: the dialog would hang."""
    for event in (
        _typed(Label.UNCLEAR, "2"),
        _typed(Label.ODD_JOB_REQUEST, "Lamp of plank"),
        ChoiceMade("K02", _waited()),
    ):
        decision = _decide(event, _opened())
        assert ("words", "klus") == (decision.conversation.step, decision.conversation.dialog)


def test_late_press_of_an_earlier_step_changes_nothing() -> None:
    opened = _opened()
    for choice in ("request", "menu.job", "faq.F30"):
        decision = _decide(ChoiceMade(choice, _waited()), opened)
        assert ["T49"] == names(decision.effects)
        assert (opened.step, opened.slots) == (
            decision.conversation.step,
            decision.conversation.slots,
        )


def test_late_edit_and_late_talk_of_the_group_stay_unanswered() -> None:
    edit = MessageArrived("1", Reading(Label.UNCLEAR), _waited(), is_edit=True)
    assert [] == names(_decide(edit).effects)
    talk = MessageArrived("klusje", Reading(Label.ODD_JOB_REQUEST), _waited(), is_addressed=False)
    assert [] == names(_decide(talk, place=group()).effects)


def test_first_start_of_a_chat_is_welcomed_however_late() -> None:
    """That text says who speaks; a start of a dialog and a second start are commands."""
    first = _decide(ChatStarted(_waited()), place=private(was_told=False))
    assert ["T01"] == names(first.effects)
    assert ["T49"] == names(_decide(ChatStarted(_waited())).effects)
    bound = _decide(ChatStarted(_waited(), "klus"), place=private(was_told=False))
    assert ["T49"] == names(bound.effects)


def test_group_is_greeted_however_late_and_a_waiting_dialog_is_not_begun() -> None:
    assert ["T46"] == names(_decide(BotJoined(_waited()), place=group()).effects)
    joined = _decide(BotJoined(_waited(pending_dialog="klus")))
    assert ["T49"] == names(joined.effects)
