"""What holds for every sequence of events, whatever people type and press?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.engine.pack import facts, shelf
from wijkbot.engine.conversation import FORGET_AFTER, Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import BindToken, ChangePlace, Erase, NoteOddJob, PlaceChange, Say
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    Event,
    Facts,
    MemberLeft,
    MessageArrived,
    TimePassed,
)
from wijkbot.engine.reading import Reading
from wijkbot.engine.table import TOO_LATE
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose

TYPED = st.one_of(
    st.sampled_from(["ja", "nee", "1", "2", "15", "terug", "stop", "menu.job", "Noord", "klusje"]),
    st.text(max_size=150),
)
CHOICES = st.sampled_from(
    ["menu.job", "menu.hours", "yes", "no", "request", "K02", "faq.F07", "x"]
)
READINGS = st.builds(
    Reading,
    st.sampled_from(list(Label)),
    also=st.sampled_from([(), (Label.PERSONAL_DATA,)]),
    faq=st.sampled_from([None, None, "F01", "F30"]),
    language=st.sampled_from(["nl", "fr", "other"]),
    suggestions=st.sampled_from([(), ("F07", "F30")]),
)
HOW = st.sampled_from([(True, False), (True, False), (True, True), (False, False)])
"""Addressed or not, and an edit or not; most messages are plain ones to the bot."""
PLACES = st.sampled_from([Place.GROUP, Place.PRIVATE])
WAITED = st.sampled_from([0.0, 0.0, 0.0, -5.0, 11.0, 90.0, 3000.0])
"""Minutes between the platform and us; below zero is a clock that runs ahead."""


class Talk(RuleBasedStateMachine):
    """One resident in two places, with every kind of event."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = {Place.GROUP: Conversation(), Place.PRIVATE: Conversation()}
        self.told = {Place.GROUP: False, Place.PRIVATE: False}
        self.minutes = 0.0

    def _facts(self, waited: float) -> Facts:
        now = facts(minutes=self.minutes)
        return replace(now, received_at=now.local_now - timedelta(minutes=waited))

    def _happens(self, place: Place, event: Event) -> Decision:
        state = PlaceState(place=place, country="BE", was_told=self.told[place])
        before = self.kept[place]
        decision = decide(shelf().book, state, before, event)
        assert decision == decide(shelf().book, state, before, event), "replay differs"
        self._late(before, event, decision)
        self.kept[place] = decision.conversation
        if ChangePlace(PlaceChange.DISCLOSED) in decision.effects:
            self.told[place] = True
        self._rule(place, decision)
        return decision

    def _late(self, before: Conversation, event: Event, decision: Decision) -> None:
        lines = [e for e in decision.effects if isinstance(e, Say) and e.item == TOO_LATE]
        if not lines:
            return
        assert event.facts.is_late and 1 == len(lines)
        told, received = before.late_told_at, event.facts.received_at
        is_told = told is not None and event.facts.local_now - told < FORGET_AFTER
        assert not is_told or (told and received and told < received), "told twice"
        opened = [e for e in decision.effects if isinstance(e, BindToken | NoteOddJob | Erase)]
        assert [] == opened

    def _rule(self, place: Place, decision: Decision) -> None:
        for effect in decision.effects:
            if not isinstance(effect, Say):
                continue
            assert effect.purpose is not Purpose.STAFF
            assert effect.version == shelf().book.version_of(effect.item)
            if any(isinstance(value, OwnWords) for _, value in effect.values):
                assert (Place.PRIVATE, Purpose.ODD_JOB) == (place, effect.purpose)
            if place is Place.GROUP:
                assert "klus" != effect.item, "a private question in the group"

    @rule(
        place=PLACES,
        reading=READINGS,
        text=TYPED,
        minutes=st.floats(0, 60),
        how=HOW,
        waited=WAITED,
    )
    def message(
        self,
        place: Place,
        reading: Reading,
        text: str,
        minutes: float,
        how: tuple[bool, bool],
        waited: float,
    ) -> None:
        """Somebody writes something, to the bot or not, or changes what they wrote."""
        self.minutes += minutes
        is_addressed, is_edit = how
        now = self._facts(waited)
        decision = self._happens(place, MessageArrived(text, reading, now, is_addressed, is_edit))
        texts = [effect for effect in decision.effects if isinstance(effect, Say)]
        label = reading.label
        if place is Place.GROUP and not is_addressed:
            assert () == decision.effects
        elif label in CRISIS_LABELS and place is Place.PRIVATE:
            assert [Purpose.CRISIS] == [say.purpose for say in texts], "the card, and only it"
        elif is_edit:
            assert () == decision.effects or label in CRISIS_LABELS
        if label in SENSITIVE_LABELS:
            assert TOO_LATE not in [say.item for say in texts], "nobody in need is too late"
        if label in SENSITIVE_LABELS and place is Place.GROUP:
            assert all(() == say.values and () == say.offers for say in texts)
        assert text not in str(texts) or len(text) < 8 or place is Place.PRIVATE

    @rule(dialog=st.sampled_from(["klus", "wis", "gone", ""]), waited=WAITED)
    def bound_start(self, dialog: str, waited: float) -> None:
        """Somebody follows a link that was made for a dialog."""
        self._happens(Place.PRIVATE, ChatStarted(self._facts(waited), dialog))

    @rule(place=PLACES, choice=CHOICES, waited=WAITED)
    def choice(self, place: Place, choice: str, waited: float) -> None:
        """Somebody presses something, old or forged buttons too."""
        self._happens(place, ChoiceMade(choice, self._facts(waited)))

    @rule(
        place=PLACES,
        event=st.sampled_from([BotJoined, BotLeft, ChatStarted, MemberLeft, TimePassed]),
    )
    def other(self, place: Place, event: type[BotJoined]) -> None:
        """Somebody comes or goes, or time passes."""
        self._happens(place, event(facts(minutes=self.minutes)))

    @invariant()
    def one_question_at_most(self) -> None:
        """A dialog is open with a step, or not at all; never in the group."""
        for conversation in self.kept.values():
            assert bool(conversation.dialog) == bool(conversation.step)
        assert "" == self.kept[Place.GROUP].dialog


TestTalk = Talk.TestCase
TestTalk.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
