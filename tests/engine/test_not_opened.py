"""What is said when a message in an encrypted chat cannot be opened? One line a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.engine.pack import NOW, facts, group, names, private, said, shelf
from wijkbot.engine.conversation import ALARM_MODE, Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import Withheld
from wijkbot.engine.events import NotOpened
from wijkbot.engine.words import Place, Purpose

DAY = 24 * 60


def _shut(
    place: PlaceState, known: Conversation | None = None, *, minutes: float = 0, **more: object
) -> Decision:
    event = NotOpened(facts(minutes=minutes, **more))
    return decide(shelf().book, place, known or Conversation(), event)


def test_group_and_private_chat_each_have_their_words() -> None:
    for place, key in ((group(), "text"), (private(), "private_text")):
        (say,) = said(_shut(place).effects)
        assert ("T70", key, Purpose.SERVICE) == (say.item, say.key, say.purpose)
        assert () == say.values


def test_it_is_said_once_a_day() -> None:
    for place in (group(), private()):
        first = _shut(place)
        again = _shut(place, first.conversation, minutes=DAY - 1)
        assert (Withheld(Purpose.SERVICE, "not-opened-told"),) == again.effects
        assert ["T70"] == names(_shut(place, again.conversation, minutes=DAY).effects)


def test_clock_that_was_set_back_silences_nobody() -> None:
    told = replace(Conversation(), not_opened_at=NOW + timedelta(days=3))
    assert ["T70"] == names(_shut(private(), told).effects)


def test_open_dialog_stays_at_its_step() -> None:
    opened = replace(Conversation(), dialog="klus", step="kind", book_version=1)
    after = _shut(private(), opened).conversation
    assert ("klus", "kind", 1) == (after.dialog, after.step, after.book_version)


def test_who_is_not_to_be_answered_reads_nothing_and_may_read_it_later() -> None:
    muted = replace(Conversation(), muted_until=NOW + timedelta(hours=1))
    for decision in (
        _shut(private(), muted),
        _shut(private(), is_ignored=True),
        _shut(group(mode=ALARM_MODE)),
        _shut(group(is_active=False)),
    ):
        assert [] == names(decision.effects)
        assert decision.conversation.not_opened_at is None


def test_group_that_spent_its_answers_is_still_told() -> None:
    spent = group(answers_this_hour=6, hour_started_at=NOW)
    assert ["T70"] == names(_shut(spent).effects)


def test_first_words_ever_say_that_a_computer_speaks() -> None:
    new = PlaceState(place=Place.PRIVATE, country="BE")
    (say,) = said(_shut(new).effects)
    assert ("T00",) == say.footers
