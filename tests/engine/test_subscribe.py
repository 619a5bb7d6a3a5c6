"""Does somebody get news only after a yes to the question, and none after any kind of STOP?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.engine.neighbourhood import GROUP, Neighbourhood
from tests.engine.pack import facts, group, heard, names, private, said, shelf
from wijkbot.engine.book import DialogBook
from wijkbot.engine.commands import Asked, Command, area_of, find
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import Agree, MoveTo, OptIn, OptOut
from wijkbot.engine.events import ChatStarted, ChoiceMade, Facts, MessageArrived
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.engine.values import Day
from wijkbot.engine.words import Label, Purpose

NEWS, JOBS, SERVICE = Purpose.ANNOUNCEMENT, Purpose.ODD_JOB, Purpose.SERVICE
AREAS = {"zonnewijk": "zonnewijk", "haven": "havenkwartier"}
BOTH = OptOut((NEWS, JOBS))


def _book() -> DialogBook:
    return replace(shelf().book, areas=AREAS)


def _tell(
    text: str,
    before: Conversation | None = None,
    *,
    label: Label = Label.UNCLEAR,
    place: PlaceState | None = None,
    known: Facts | None = None,
    is_platform_stop: bool = False,
) -> Decision:
    event = replace(heard(label, text), facts=known or facts(), is_platform_stop=is_platform_stop)
    return decide(_book(), place or private(), before or Conversation(), event)


def _asked() -> Conversation:
    return _tell("aanmeld").conversation


# ── the words ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("AANMELD", None),
        ("aanmeld zonnewijk", "zonnewijk"),
        ("Aanmelden Haven!", "havenkwartier"),
        ("inscription haven", "havenkwartier"),
        ("s'inscrire zonnewijk", "zonnewijk"),
        ("/subscribe zonnewijk", "zonnewijk"),
        ("aanmeld zonewijk", "zonnewijk"),
        ("meld me aan haven", "havenkwartier"),
    ],
)
def test_joining_is_understood_with_the_word_of_a_neighbourhood(text: str, area: str) -> None:
    assert Asked(Command.SUBSCRIBE, area=area) == find(_book(), text)


@pytest.mark.parametrize(
    "text", ["aanmelden voor de taalles", "inschrijven school", "aanmeld x", "join us"]
)
def test_joining_something_else_is_no_subscription(text: str) -> None:
    assert find(_book(), text) is None


def test_word_of_a_link_is_found_as_platforms_write_it() -> None:
    assert "zonnewijk" == area_of(_book(), "Zonnewijk")
    assert "havenkwartier" == area_of(_book(), "haven_")
    assert area_of(_book(), "kPz8-token") is None


# ── the question ──────────────────────────────────────────────────────────────────────────────
def test_nobody_is_subscribed_before_they_said_yes() -> None:
    decision = _tell("aanmeld zonnewijk")
    assert ["aanmeld"] == names(decision.effects)
    assert MoveTo("zonnewijk") == decision.effects[0]
    assert not [one for one in decision.effects if isinstance(one, Agree)]


@pytest.mark.parametrize("word", ["ja", "Oui", "1", "yes"])
def test_yes_is_noted_with_the_words_it_was_said_to(word: str) -> None:
    version = _book().version_of("aanmeld")
    decision = _tell(word, _asked())
    assert Agree(NEWS, "aanmeld", version) == decision.effects[0]
    assert "" == decision.conversation.dialog


def test_yes_by_a_button_is_a_yes() -> None:
    pressed = decide(_book(), private(), _asked(), ChoiceMade("yes", facts()))
    assert isinstance(pressed.effects[0], Agree)


def test_no_is_no_subscription_and_no_stop() -> None:
    decision = _tell("nee", _asked())
    assert ["aanmeld"] == names(decision.effects)
    assert not [one for one in decision.effects if isinstance(one, Agree | OptOut)]


def test_no_of_a_subscriber_ends_the_subscription() -> None:
    decision = _tell("nee", _asked(), known=facts(agreed=frozenset({NEWS, SERVICE})))
    assert [OptOut((NEWS,))] == [one for one in decision.effects if isinstance(one, OptOut)]


def test_another_answer_is_asked_again_and_agrees_to_nothing() -> None:
    decision = _tell("misschien later eens", _asked())
    assert "news" == decision.conversation.step
    assert not [one for one in decision.effects if isinstance(one, Agree)]


def test_a_link_in_the_middle_of_another_dialog_begins_this_one() -> None:
    job = _tell("klus", label=Label.ODD_JOB_REQUEST).conversation
    assert "klus" == job.dialog
    assert "aanmeld" == _tell("aanmeld haven", job).conversation.dialog


def test_in_a_group_nobody_is_asked_about_themselves() -> None:
    decision = _tell("aanmeld zonnewijk", place=group())
    assert ["T63"] == names(decision.effects)
    assert not [one for one in decision.effects if isinstance(one, MoveTo | Agree)]


def test_who_asked_to_be_ignored_may_join_after_all() -> None:
    decision = _tell("aanmeld", known=facts(is_ignored=True))
    assert ["aanmeld"] == names(decision.effects)


# ── start links ───────────────────────────────────────────────────────────────────────────────
def test_start_link_that_says_join_asks_the_question() -> None:
    started = ChatStarted(facts(), word="aanmeld_zonnewijk")
    decision = decide(_book(), private(), Conversation(), started)
    assert ["aanmeld"] == names(decision.effects)
    assert MoveTo("zonnewijk") in decision.effects


def test_start_link_of_a_neighbourhood_brings_the_chat_there_and_asks_nothing() -> None:
    started = ChatStarted(facts(), word="haven")
    decision = decide(_book(), private(), Conversation(), started)
    assert ["T01"] == names(decision.effects)
    assert MoveTo("havenkwartier") == decision.effects[0]


def test_start_link_with_a_token_moves_nothing() -> None:
    started = ChatStarted(facts(), word="aB3_dE-token")
    decision = decide(_book(), private(), Conversation(), started)
    assert not [one for one in decision.effects if isinstance(one, MoveTo)]


# ── STOP ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "text", ["afmelden", "UITSCHRIJVEN zonnewijk", "désinscription", "arrêt", "stopall"]
)
@pytest.mark.parametrize("place", [private(), group()], ids=["private", "group"])
def test_leaving_is_at_once_and_needs_no_question(text: str, place: PlaceState) -> None:
    decision = _tell(text, place=place)
    assert BOTH == decision.effects[0]
    assert ["T22"] == names(decision.effects)


def test_leaving_is_heard_from_who_is_muted_or_ignored() -> None:
    muted = replace(Conversation(), muted_until=facts(minutes=60).local_now)
    assert BOTH in _tell("afmelden zonnewijk", muted).effects
    assert BOTH in _tell("afmelden zonnewijk", known=facts(is_ignored=True)).effects


def test_stop_on_the_question_is_a_stop() -> None:
    decision = _tell("STOP", _asked(), label=Label.STOP)
    assert BOTH in decision.effects
    assert ["T22"] == names(decision.effects)
    assert "" == decision.conversation.dialog


def test_stop_of_a_subscriber_in_any_dialog_is_a_stop() -> None:
    job = _tell("klus", label=Label.ODD_JOB_REQUEST).conversation
    subscriber = facts(agreed=frozenset({NEWS, SERVICE}))
    assert BOTH in _tell("stop", job, label=Label.STOP, known=subscriber).effects
    cancelled = _tell("annuleer", job, known=subscriber)
    assert ["T32"] == names(cancelled.effects), "that is about the dialog"


def test_stop_of_the_platform_is_a_stop_in_any_dialog() -> None:
    job = _tell("klus", label=Label.ODD_JOB_REQUEST).conversation
    decision = _tell("stop", job, label=Label.STOP, is_platform_stop=True)
    assert BOTH in decision.effects


@pytest.mark.parametrize(
    "known",
    [
        facts(has_stopped=True, lapsed=frozenset({NEWS, SERVICE})),
        facts(is_ignored=True, agreed=frozenset({NEWS})),
    ],
)
def test_start_of_who_had_said_yes_to_news_says_that_it_comes_again(known: Facts) -> None:
    decision = _tell("start", known=known)
    assert OptIn() == decision.effects[0]
    assert ["T58"] == names(decision.effects)


def test_start_of_the_platform_gives_back_what_its_stop_ended() -> None:
    known = facts(has_stopped=True, lapsed=frozenset({NEWS}))
    event = ChatStarted(known, is_platform_start=True)
    decision = decide(_book(), private(was_told=True), Conversation(), event)
    assert OptIn() == decision.effects[0]
    opened = decide(_book(), private(), Conversation(), ChatStarted(known))
    assert OptIn() not in opened.effects, "a link that is opened again is no START"


# ── my data ───────────────────────────────────────────────────────────────────────────────────
def test_my_data_tells_since_when_news_comes() -> None:
    since = facts().local_now.date()
    known = facts(agreed=frozenset({NEWS, SERVICE}), news_since=since)
    (say,) = said(_tell("mijn gegevens", known=known).effects)
    assert ("T67",) == say.footers
    assert Day(since) == dict(say.values)["day.news"]
    (say,) = said(_tell("mijn gegevens").effects)
    assert () == say.footers


# ── any order ─────────────────────────────────────────────────────────────────────────────────
WORDS = {
    "aanmeld": Label.UNCLEAR,
    "aanmeld zonnewijk": Label.UNCLEAR,
    "ja": Label.GREETING_THANKS,
    "nee": Label.GREETING_THANKS,
    "stop": Label.STOP,
    "afmelden": Label.STOP,
    "uitschrijven haven": Label.UNCLEAR,
    "stop nieuws": Label.UNCLEAR,
    "negeer mij": Label.UNCLEAR,
    "start": Label.UNCLEAR,
    "klusje": Label.ODD_JOB_REQUEST,
    "waar is het spreekuur?": Label.INFO,
}
STOPS = {"stop", "afmelden", "uitschrijven haven", "stop nieuws", "negeer mij"}
OPEN = PolicySettings(
    unasked_per_day=1000, unasked_per_week=1000, quiet=QuietHours.parse("00:00-00:00")
)


class AnyOrder(RuleBasedStateMachine):
    """One resident joins, stops, starts and asks; news wants to come in between."""

    @initialize()
    def begin(self) -> None:
        self.street = Neighbourhood(_book(), OPEN)
        self.wants = False
        self.had = False

    @rule(text=st.sampled_from(sorted(WORDS)), is_private=st.booleans())
    def says(self, text: str, is_private: bool) -> None:
        chat = "momo" if is_private else GROUP
        before = self.street.talk(chat, "momo")
        event = MessageArrived(text, heard(WORDS[text]).reading, self.street.facts("momo"))
        decision, _ = self.street.happens(chat, "momo", event)
        agreed = [one for one in decision.effects if isinstance(one, Agree)]
        if agreed:
            assert (text, before.dialog, is_private) == ("ja", "aanmeld", True)
            self.wants = self.had = True
        if any(isinstance(one, OptOut) and NEWS in one.purposes for one in decision.effects):
            self.wants = False
        if OptIn() in decision.effects and is_private:
            assert text == "start"
            self.wants = self.had
        was_asked = before.dialog == "aanmeld" or not before.dialog
        if text in STOPS - {"stop nieuws", "negeer mij"} and was_asked:
            assert not self.wants, "a STOP holds at once"

    @precondition(lambda self: self.wants)
    @rule()
    def subscriber_gets_news(self) -> None:
        assert self.street.announce("momo", NEWS, is_holiday=False)

    @precondition(lambda self: not self.wants)
    @rule()
    def nobody_else_gets_news(self) -> None:
        assert not self.street.announce("momo", NEWS, is_holiday=False)
        assert not self.street.announce("vera", NEWS, is_holiday=False)

    @invariant()
    def odd_jobs_are_never_sent_unasked(self) -> None:
        assert not self.street.announce("momo", JOBS, is_holiday=False)


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestAnyOrder = AnyOrder.TestCase
