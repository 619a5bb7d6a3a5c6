"""What holds for every sequence of events, whatever people type and press?"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.engine.pack import facts, shelf
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import ChangePlace, PlaceChange, Say
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    Event,
    MemberLeft,
    MessageArrived,
    TimePassed,
)
from wijkbot.engine.reading import Reading
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose

TYPED = st.one_of(
    st.sampled_from(["ja", "nee", "1", "2", "15", "terug", "stop", "menu.job", "Noord", "klusje"]),
    st.text(max_size=150),
)
CHOICES = st.sampled_from(
    ["menu.job", "menu.hours", "yes", "no", "request", "K02", "faq.F07", "x"]
)
PLACES = st.sampled_from([Place.GROUP, Place.PRIVATE])


class Talk(RuleBasedStateMachine):
    """One resident in two places, with every kind of event."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = {Place.GROUP: Conversation(), Place.PRIVATE: Conversation()}
        self.told = {Place.GROUP: False, Place.PRIVATE: False}
        self.minutes = 0.0

    def _happens(self, place: Place, event: Event) -> Decision:
        state = PlaceState(place=place, country="BE", was_told=self.told[place])
        before = self.kept[place]
        decision = decide(shelf().book, state, before, event)
        assert decision == decide(shelf().book, state, before, event), "replay differs"
        self.kept[place] = decision.conversation
        if ChangePlace(PlaceChange.DISCLOSED) in decision.effects:
            self.told[place] = True
        self._rule(place, decision)
        return decision

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

    @rule(place=PLACES, label=st.sampled_from(list(Label)), text=TYPED, minutes=st.floats(0, 60))
    def message(self, place: Place, label: Label, text: str, minutes: float) -> None:
        """Somebody writes something."""
        self.minutes += minutes
        event = MessageArrived(text, Reading(label), facts(minutes=self.minutes))
        decision = self._happens(place, event)
        texts = [effect for effect in decision.effects if isinstance(effect, Say)]
        if label in CRISIS_LABELS and place is Place.PRIVATE:
            assert [Purpose.CRISIS] == [say.purpose for say in texts], "the card, and only it"
        if label in SENSITIVE_LABELS and place is Place.GROUP:
            assert all(() == say.values and () == say.offers for say in texts)
        assert text not in str(texts) or len(text) < 8 or place is Place.PRIVATE

    @rule(place=PLACES, choice=CHOICES)
    def choice(self, place: Place, choice: str) -> None:
        """Somebody presses something, old or forged buttons too."""
        self._happens(place, ChoiceMade(choice, facts(minutes=self.minutes)))

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
