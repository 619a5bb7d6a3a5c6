"""Is who asked for silence left alone, everywhere, and brought back when they want to be?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.engine.pack import facts, group, heard, names, private, shelf
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import decide
from wijkbot.engine.effects import OptIn
from wijkbot.engine.events import ChatStarted, ChoiceMade
from wijkbot.engine.words import Label


def test_who_was_ignored_and_presses_start_is_heard_again() -> None:
    started = ChatStarted(facts(is_ignored=True))
    effects = decide(shelf().book, private(), Conversation(), started).effects
    assert OptIn() in effects
    assert ["T68"] == names(effects)


def test_old_buttons_of_the_muted_and_the_ignored_are_not_answered() -> None:
    muted = Conversation(muted_until=facts().local_now + timedelta(hours=1))
    for conversation, known in ((muted, facts()), (Conversation(), facts(is_ignored=True))):
        for choice in ("faq.F30", "menu.job", "gone"):
            event = ChoiceMade(choice, known)
            assert [] == names(decide(shelf().book, private(), conversation, event).effects)
    assert [] == names(decide(shelf().book, private(), muted, ChatStarted(facts())).effects)


def test_buttons_and_pictures_are_no_noise_in_an_alarm_group() -> None:
    place = group(mode="alarm")
    for event in (ChoiceMade("menu.job", facts()), heard(Label.UNCLEAR, "")):
        assert [] == names(decide(shelf().book, place, Conversation(), event).effects)


def test_group_does_not_read_that_somebody_had_stopped() -> None:
    event = replace(heard(Label.UNCLEAR, "start"), facts=facts(has_stopped=True))
    effects = decide(shelf().book, group(), Conversation(), event).effects
    assert OptIn() in effects
    plain = decide(shelf().book, group(), Conversation(), heard(Label.UNCLEAR, "start")).effects
    assert names(plain) == names(effects)


def test_my_data_in_an_open_dialog_leaves_it_open() -> None:
    book = shelf().book
    asked = ChatStarted(facts(), dialog="klus")
    begun = decide(book, private(), Conversation(), asked).conversation
    decision = decide(book, private(), begun, heard(Label.ERASE_ME, "mijn gegevens"))
    assert ["T55"] == names(decision.effects)
    assert (begun.dialog, begun.step) == (decision.conversation.dialog, decision.conversation.step)


def test_thirty_riddles_in_a_group_get_six_answers_and_one_line() -> None:
    """Failure story 2 holds for what is not understood too."""
    said: list[str] = []
    place = group()
    for count in range(30):
        place = replace(place, answers_this_hour=min(count, 6), hour_started_at=facts().local_now)
        effects = decide(shelf().book, place, Conversation(), heard(Label.UNCLEAR)).effects
        said += names(effects)
        if "T31" in said:
            place = replace(place, limit_shown_at=facts().local_now)
    assert 6 * ["T21"] + ["T31"] == said


def test_clock_that_was_set_back_withholds_no_card() -> None:
    shown = Conversation(card="T11", carded_at=facts(minutes=60).local_now)
    event = heard(Label.CRISIS_SUICIDE)
    assert ["T11"] == names(decide(shelf().book, private(), shown, event).effects)
