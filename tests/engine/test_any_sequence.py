"""What holds for every sequence of events, whatever people type, press and decide?

Two residents write to the bot in one group and each in private, while the clock moves, groups
open, close and fall silent, and announcements want to leave; with books from which optional
items were removed, and with any limits. On a machine of the CI 10,000 sequences are played.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from datetime import time, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.engine.neighbourhood import GROUP, Neighbourhood
from tests.engine.sequences import (
    BOOKS,
    CHOICES,
    HOW,
    LONG_AGO,
    MOMENTS,
    PASSED,
    PLACES,
    POLICIES,
    READINGS,
    RESIDENTS,
    TYPED,
    WAITED,
    Moment,
    items_of,
    said_in,
    since,
    stranger,
)
from wijkbot.engine.book import DialogBook
from wijkbot.engine.commands import find
from wijkbot.engine.conversation import ALARM_MODE, FORGET_AFTER, Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import (
    BindToken,
    ChangePlace,
    Effect,
    Erase,
    NoteOddJob,
    Say,
    StaffNotice,
    Withheld,
)
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    Event,
    Facts,
    MemberLeft,
    MessageArrived,
    NotOpened,
    TimePassed,
)
from wijkbot.engine.policy import (
    CRISIS_PAUSE,
    REFERRAL_PAUSE,
    SAME_CARD_PAUSE,
    TIP_PAUSE,
    PolicySettings,
)
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.engine.reading import Reading
from wijkbot.engine.table import PERSONAL_DATA, REPLIES, TOO_LATE
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose

IS_CI = bool(os.environ.get("CI"))
SEQUENCES, STEPS = (10_000, 12) if IS_CI else (300, 30)
"""Measured on two cores: 10,000 sequences take 120 seconds, 300 longer ones 9."""

ALWAYS = frozenset(Purpose) - {Purpose.ANNOUNCEMENT, Purpose.STAFF}
"""Why an answer may leave for a group or a private chat; announcements are no answers."""
TO_IGNORED = frozenset({Purpose.CRISIS, Purpose.SERVICE})
"""To who asked to be ignored: in a crisis, and that what they tell the bot is done."""
NEVER_NAMED = {"chat", "chat_id", "address", "member", "resident", "to", "answer_to", "thread"}
QUIET_EFFECTS = frozenset({Say, StaffNotice, Withheld, ChangePlace})
"""What a sensitive message in a group can lead to: a text, a count, and the pause after it."""
EFFECTS = frozenset(
    kind for kind in get_args(Effect) if not NEVER_NAMED & {one.name for one in fields(kind)}
)
"""Effects without any field for an address: with these alone no chat can be opened."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message, with what was so before it."""

    chat: str
    event: MessageArrived
    place: PlaceState
    before: Conversation

    @property
    def label(self) -> Label:
        """How it was read."""
        return self.event.reading.label

    @property
    def is_for_the_bot(self) -> bool:
        """Was it said to the bot, and is it no change of an older message?"""
        return (self.event.is_addressed or self.chat != GROUP) and not self.event.is_edit

    @property
    def is_unheard(self) -> bool:
        """Did this resident ask to be ignored, or were they muted for abuse?"""
        muted, now = self.before.muted_until, self.event.facts.local_now
        return self.event.facts.is_ignored or (muted is not None and now < muted)


class Talk(RuleBasedStateMachine):
    """Two residents in three chats, with every kind of event."""

    @initialize(
        book=BOOKS, policy=POLICIES, mode=st.sampled_from(["mention", "mention", ALARM_MODE])
    )
    def begin(self, book: DialogBook, policy: PolicySettings, mode: str) -> None:
        self.street = Neighbourhood(book, policy)
        self.street.configure(GROUP, mode=mode)
        self.last = (Place.GROUP, Reading(Label.INFO, faq="F30"), "waar kan ik printen?")

    def _chat(self, place: Place, resident: str) -> str:
        return GROUP if place is Place.GROUP else resident

    def _facts(self, resident: str, waited: float = 0, **more: object) -> Facts:
        received = self.street.now - timedelta(minutes=waited)
        return self.street.facts(resident, received_at=received, **more)

    def _happens(self, chat: str, resident: str, event: Event) -> tuple[Decision, list[Say]]:
        street = self.street
        before, place = street.talk(chat, resident), street.place(chat)
        decision, gone = street.happens(chat, resident, event)
        if place.is_active:
            again = decide(street.book, place, before, event, street.policy)
            assert again == decision, "replay differs"
        for effect in decision.effects:
            assert type(effect) in EFFECTS
        _told_late(before, event, decision)
        is_alarm = chat == GROUP and place.mode == ALARM_MODE
        for say in gone:
            _may_be_said(chat, say, street)
            assert not event.facts.is_ignored or say.purpose in TO_IGNORED
            assert not is_alarm or say.purpose not in {Purpose.INFO, Purpose.ODD_JOB}
            is_urgent = say.purpose in {Purpose.CONTACT, Purpose.CRISIS}
            assert place.is_active or chat != GROUP or is_urgent
        return decision, gone

    @rule(
        place=PLACES,
        resident=RESIDENTS,
        reading=READINGS,
        text=TYPED,
        moment=MOMENTS,
        how=HOW,
    )
    def message(
        self,
        place: Place,
        resident: str,
        reading: Reading,
        text: str,
        moment: Moment,
        how: tuple[bool, bool],
    ) -> None:
        """Somebody writes something, to the bot or not, or changes what they wrote."""
        self._hear(place, resident, reading, text, moment, how)

    def _hear(
        self,
        place: Place,
        resident: str,
        reading: Reading,
        text: str,
        moment: Moment,
        how: tuple[bool, bool],
    ) -> None:
        street, chat = self.street, self._chat(place, resident)
        self.last = (place, reading, text)
        street.now += timedelta(minutes=moment.passed)
        if reading.faq not in street.book.items:
            reading = replace(reading, faq=None)  # what was removed is not found either
        is_addressed, is_edit = how
        facts = self._facts(
            resident, moment.waited, is_admin=moment.is_admin, is_holiday=moment.is_holiday
        )
        event = MessageArrived(text, reading, facts, is_addressed, is_edit)
        if chat != GROUP:
            street.configure(chat, is_active=True)
        before = street.talk(chat, resident).fresh(street.now)
        one = Heard(chat, event, street.place(chat), before)
        decision, gone = self._happens(chat, resident, event)
        if chat == GROUP and not is_addressed:
            assert () == decision.effects
        self._crisis(one, gone)
        self._discreet(one, decision, gone)
        self._never_too_quiet(one, decision)
        self._is_answered(one, gone)

    @rule(resident=RESIDENTS, passed=st.sampled_from([0.0, 0.1, 1.0, 3.0, 12.0]))
    def again(self, resident: str, passed: float) -> None:
        """Somebody says just what was said a moment ago."""
        place, reading, text = self.last
        self._hear(place, resident, reading, text, Moment(passed, 0, False, False), (True, False))

    def _crisis(self, one: Heard, gone: list[Say]) -> None:
        """In private the card comes in the same decision, and alone: whatever was before."""
        if one.label not in CRISIS_LABELS or one.chat == GROUP:
            return
        card, now = REPLIES[one.label, Place.PRIVATE].item, self.street.now
        shown = one.before.carded_at if one.before.card == card else None
        if shown is not None and now - shown < SAME_CARD_PAUSE:
            assert [] == gone, "the same card is on the screen"
        else:
            assert [card] == [say.item for say in gone], "the card, and only it"

    def _discreet(self, one: Heard, decision: Decision, gone: list[Say]) -> None:
        """A sensitive message in the group: nothing of it, nor of who wrote it, comes back."""
        if one.label not in SENSITIVE_LABELS or not one.event.text.strip():
            return
        assert TOO_LATE not in [say.item for say in gone], "nobody in need is too late"
        if one.chat != GROUP:
            return
        assert all((() == say.values and () == say.offers) for say in gone)
        assert {type(effect) for effect in decision.effects} <= QUIET_EFFECTS
        if one.is_unheard or not one.is_for_the_bot:
            return
        other = replace(one.event, text="heel iets anders", facts=stranger(one.event.facts))
        street = self.street
        theirs = decide(street.book, one.place, Conversation(), other, street.policy)
        assert said_in(theirs) == said_in(decision), "the class and the chat alone decide"

    def _never_too_quiet(self, one: Heard, decision: Decision) -> None:
        """Night, holiday, silence and what was announced take away nothing that was asked."""
        now = self.street.now
        spent = replace(
            one.place, silent_until=now + LONG_AGO, unasked_today=99, unasked_this_week=99
        )
        night = replace(
            self.street.policy,
            quiet=QuietHours(time(0), time(23, 59, 59, 999999)),
            unasked_per_day=0,
            unasked_per_week=0,
        )
        event = replace(one.event, facts=replace(one.event.facts, is_holiday=True))
        then = decide(self.street.book, spent, one.before, event, night)
        assert items_of(then) == items_of(decision)

    def _is_answered(self, one: Heard, gone: list[Say]) -> None:
        """Who asks the bot for information or help gets something, but for the named pauses."""
        if one.label not in SENSITIVE_LABELS | {Label.INFO} or not one.is_for_the_bot:
            return
        if one.is_unheard or not one.place.is_active or one.label in CRISIS_LABELS:
            return
        if one.before.dialog or one.event.facts.is_late or not one.event.text.strip():
            return
        if find(self.street.book, one.event.text) and one.label is Label.INFO:
            return  # a command; "mens" has the pause of a referral
        if one.chat != GROUP:
            assert gone or len(one.before.referred_at) >= 3, "three referrals a day, then none"
        elif one.label is Label.INFO:
            spent = one.place.limit_shown_at is not None or one.place.is_voting
            assert gone or spent or one.place.mode == ALARM_MODE
        else:
            assert gone or since(one.place.last_referral_at, self.street.now) < REFERRAL_PAUSE

    @rule(resident=RESIDENTS, dialog=st.sampled_from(["klus", "wis", "gone", ""]), waited=WAITED)
    def bound_start(self, resident: str, dialog: str, waited: float) -> None:
        """Somebody follows a link that was made for a dialog."""
        self._happens(resident, resident, ChatStarted(self._facts(resident, waited), dialog))

    @rule(place=PLACES, resident=RESIDENTS, choice=CHOICES, waited=WAITED)
    def choice(self, place: Place, resident: str, choice: str, waited: float) -> None:
        """Somebody presses something, old or forged buttons too."""
        facts = self._facts(resident, waited)
        if choice.removeprefix("faq.") not in self.street.book.items and "faq" in choice:
            choice = "faq.gone"
        self._happens(self._chat(place, resident), resident, ChoiceMade(choice, facts))

    @rule(
        place=PLACES,
        resident=RESIDENTS,
        event=st.sampled_from(
            [BotJoined, BotLeft, ChatStarted, MemberLeft, NotOpened, TimePassed]
        ),
    )
    def other(self, place: Place, resident: str, event: type[BotJoined]) -> None:
        """Somebody comes or goes, or time passes."""
        self._happens(self._chat(place, resident), resident, event(self._facts(resident)))

    @rule(is_voting=st.booleans())
    def vote(self, is_voting: bool) -> None:
        """A vote on whether the group keeps the bot opens or closes."""
        self.street.configure(GROUP, is_voting=is_voting)

    @rule(
        chat=st.sampled_from([GROUP, "momo", "vera"]),
        purpose=st.sampled_from([*Purpose, *[Purpose.ANNOUNCEMENT] * 8]),
        is_holiday=st.booleans(),
        passed=PASSED,
    )
    def announcement(self, chat: str, purpose: Purpose, is_holiday: bool, passed: float) -> None:
        """Something that nobody asked for wants to leave."""
        street = self.street
        street.now += timedelta(minutes=passed)
        place = street.place(chat)
        if not street.announce(chat, purpose, is_holiday=is_holiday):
            return
        assert purpose in {Purpose.ANNOUNCEMENT, Purpose.CONTACT}
        if purpose is Purpose.CONTACT:
            return
        assert not is_holiday and not street.policy.quiet.holds(street.now)
        assert place.is_active and place.mode != ALARM_MODE
        assert place.silent_until is None or street.now >= place.silent_until
        assert Purpose.ANNOUNCEMENT not in street.stopped.get(chat, ())

    @invariant()
    def one_question_at_most(self) -> None:
        """A dialog is open with a step, or not at all; never in the group."""
        for (chat, _), talk in self.street.talks.items():
            assert bool(talk.dialog) == bool(talk.step)
            assert chat != GROUP or "" == talk.dialog

    @invariant()
    def budgets_hold(self) -> None:
        """Counted from what left, and not by the rule."""
        street = self.street
        unasked = [
            one.at
            for one in street.left
            if one.chat == GROUP and one.say.purpose is Purpose.ANNOUNCEMENT
        ]
        today = [at for at in unasked if at.date() == street.now.date()]
        week = [at for at in unasked if at.isocalendar()[:2] == street.now.isocalendar()[:2]]
        assert len(today) <= street.policy.unasked_per_day
        assert len(week) <= street.policy.unasked_per_week

    @invariant()
    def group_is_left_in_peace(self) -> None:
        """No wall of cards, referrals or answers."""
        in_group = [one for one in self.street.left if one.chat == GROUP and one.is_answer]
        for purpose, pause in ((Purpose.CRISIS, CRISIS_PAUSE), (Purpose.REFERRAL, REFERRAL_PAUSE)):
            moments = [one.at for one in in_group if one.say.purpose is purpose]
            assert all(later - at >= pause for at, later in pairwise(moments))
        tips = [one.at for one in in_group if one.say.item == PERSONAL_DATA]
        assert all(later - at >= TIP_PAUSE for at, later in pairwise(tips))
        place = self.street.place(GROUP)
        if place.hour_started_at is not None:
            answers = [
                one
                for one in in_group
                if one.say.purpose is Purpose.INFO and one.at >= place.hour_started_at
            ]
            assert len(answers) <= self.street.policy.answers_per_hour


def test_no_effect_has_room_for_an_address() -> None:
    """So nothing that the engine asks for can open a chat, or answer to a message."""
    assert EFFECTS == set(get_args(Effect))


def _may_be_said(chat: str, say: Say, street: Neighbourhood) -> None:
    """Every text is published, has a purpose that may go there, and carries no own words."""
    assert say.purpose in ALWAYS
    assert say.version == street.book.version_of(say.item)
    assert set(say.footers) <= set(street.book.items)
    if any(isinstance(value, OwnWords) for _, value in say.values):
        assert Purpose.ODD_JOB is say.purpose and chat != GROUP
    if chat == GROUP:
        assert "klus" != say.item, "a private question in the group"


def _told_late(before: Conversation, event: Event, decision: Decision) -> None:
    """The polite line comes once for each time that the bot was away, and opens nothing."""
    lines = [say for say in said_in(decision) if say.item == TOO_LATE]
    if not lines:
        return
    assert event.facts.is_late and 1 == len(lines)
    told, received = before.late_told_at, event.facts.received_at
    is_told = told is not None and event.facts.local_now - told < FORGET_AFTER
    assert not is_told or (told and received and told < received), "told twice"
    opened = [e for e in decision.effects if isinstance(e, BindToken | NoteOddJob | Erase)]
    assert [] == opened


TestTalk = Talk.TestCase
TestTalk.settings = settings(max_examples=SEQUENCES, stateful_step_count=STEPS, deadline=None)
TestTalk.pytestmark = pytest.mark.timeout(900)  # type: ignore[attr-defined]
