"""What does the engine do on each event, in the corners that the table does not show?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.pack import facts, group, heard, names, private, said, shelf
from wijkbot.engine.book import DialogBook, ItemCard
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.dialog import Branch, Dialog, Step
from wijkbot.engine.effects import (
    BindToken,
    ChangePlace,
    Effect,
    NoteOddJob,
    OptOut,
    PlaceChange,
    StaffKind,
    StaffNotice,
    StopTimer,
)
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    DeliveryReported,
    Event,
    MemberLeft,
    MessageArrived,
    TimePassed,
)
from wijkbot.engine.reading import Reading
from wijkbot.engine.talk import DialogLoop
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose

CARDS = {
    Label.CRISIS_SUICIDE: "T11",
    Label.CRISIS_VIOLENCE: "T13",
    Label.CRISIS_MEDICAL: "T11m",
    Label.HOMELESS_TONIGHT: "T14",
}


def _decide(
    event: Event, conversation: Conversation | None = None, place: PlaceState | None = None
) -> Decision:
    return decide(shelf().book, place or private(), conversation or Conversation(), event)


def _opened(*texts: str) -> Conversation:
    """The odd job, asked for by somebody of 18 or over, after these answers."""
    conversation = _decide(heard(Label.ODD_JOB_REQUEST, "lamp?")).conversation
    for text in ("ja", *texts):
        conversation = _decide(heard(Label.SMALL_TALK, text), conversation).conversation
    return conversation


# ── crisis ────────────────────────────────────────────────────────────────────────────────────
def test_every_crisis_class_has_its_card_here() -> None:
    assert CRISIS_LABELS == set(CARDS)


@pytest.mark.parametrize("label", CARDS)
def test_card_comes_alone_in_every_step_of_a_dialog(label: Label) -> None:
    answers = ("2", "een lamp", "Noord", "1")
    for count in range(len(answers) + 1):
        opened = _opened(*answers[:count])
        decision = _decide(heard(label, "help"), opened)
        assert [CARDS[label]] == names(decision.effects)
        assert (opened.step, opened.slots) == (
            decision.conversation.step,
            decision.conversation.slots,
        )


@pytest.mark.parametrize("label", CARDS)
def test_card_comes_after_stop_and_after_abuse_and_on_a_holiday_night(label: Label) -> None:
    stopped = _decide(heard(Label.STOP, "stop")).conversation
    rude = _decide(heard(Label.ABUSE_SPAM), stopped).conversation
    late = facts(is_holiday=True, has_stopped=True, local_now=facts().local_now.replace(hour=3))
    decision = _decide(MessageArrived("…", Reading(label), late), rude)
    assert [CARDS[label]] == names(decision.effects)


@pytest.mark.parametrize("label", CARDS)
def test_card_tells_staff_a_kind_and_holds_nothing_of_the_message(label: Label) -> None:
    decision = _decide(heard(label, "mijn geheim"), place=private(was_told=False))
    (card,) = said(decision.effects)
    assert (Purpose.CRISIS, (), ()) == (card.purpose, card.values, card.footers)
    assert StaffNotice(StaffKind.CRISIS) in decision.effects
    assert "geheim" not in str(decision)


def test_many_cards_in_private_are_all_given() -> None:
    """No limit counts for somebody who says it again."""
    conversation = Conversation()
    for minute in range(20):
        place = private(last_crisis_at=facts(minutes=minute - 1).local_now)
        event = heard(Label.CRISIS_SUICIDE, minutes=minute)
        decision = _decide(event, conversation, place)
        conversation = decision.conversation
        assert ["T11"] == names(decision.effects)


@pytest.mark.parametrize("label", sorted(SENSITIVE_LABELS - {Label.HOMELESS_TONIGHT}))
def test_two_messages_of_one_class_get_identical_effects_in_a_group(label: Label) -> None:
    first = MessageArrived("a", Reading(label, language="fr", score=0.9, faq="F30"), facts())
    second = MessageArrived("mijn huur 0612345678", Reading(label), facts())
    assert _decide(first, place=group()).effects == _decide(second, place=group()).effects


# ── menu, suggestions, items ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("choice", "item"),
    [
        ("menu.hours", "Z4"),
        ("menu.job", "klus"),
        ("menu.info", "T39"),
        ("menu.personal", "T08"),
        ("faq.F30", "F30"),
        ("faq.F01", "Z4"),
        ("faq.F99", "T37"),
        ("menu.none", "T37"),
    ],
)
def test_button_leads_where_it_says(choice: str, item: str) -> None:
    assert [item] == names(_decide(ChoiceMade(choice, facts())).effects)


def test_menu_without_a_reading_asks_what_kind_of_odd_job_it_is() -> None:
    decision = _decide(ChoiceMade("menu.job", facts()))
    assert ("kind", "") == (decision.conversation.step, decision.conversation.slot("kind"))


def test_suggestions_are_offered_and_can_be_picked_by_number() -> None:
    reading = Reading(Label.INFO, suggestions=("F07", "F30", "F13"))
    asked = _decide(MessageArrived("iets met papier", reading, facts()))
    (say,) = said(asked.effects)
    assert ("T30", ["faq.F07", "faq.F30"]) == (say.item, [offer.id for offer in say.offers])
    picked = _decide(heard(Label.UNCLEAR, "2"), asked.conversation)
    assert ["F30"] == names(picked.effects)


def test_suggestion_that_was_withdrawn_is_not_offered() -> None:
    reading = Reading(Label.UNCLEAR, suggestions=("F98", "F30"))
    (say,) = said(_decide(MessageArrived("x", reading, facts())).effects)
    assert ["faq.F30"] == [offer.id for offer in say.offers]


def test_answer_from_the_schedule_is_the_card_of_that_hour() -> None:
    (say,) = said(_decide(heard(Label.INFO, faq="F01")).effects)
    assert ("Z4", "card", Purpose.INFO) == (say.item, say.key, say.purpose)


def test_menu_number_means_nothing_in_a_group() -> None:
    assert ["T21"] == names(_decide(heard(Label.UNCLEAR, "1"), place=group()).effects)


def test_other_language_is_told_which_ones_are_known() -> None:
    event = MessageArrived("…?", Reading(Label.UNCLEAR, language="other"), facts())
    assert ["T40"] == names(_decide(event).effects)


# ── limits ────────────────────────────────────────────────────────────────────────────────────
def test_limit_is_told_again_only_in_a_new_hour() -> None:
    event = heard(Label.INFO, faq="F30", minutes=70)
    later = facts(minutes=62).local_now
    spent = group(answers_this_hour=6, hour_started_at=later, limit_shown_at=facts().local_now)
    decision = _decide(event, place=spent)
    assert ["T31"] == names(decision.effects)
    assert ChangePlace(PlaceChange.LIMIT_SHOWN) in decision.effects
    over = group(answers_this_hour=6, hour_started_at=facts().local_now)
    assert ["F30"] == names(_decide(event, place=over).effects)


def test_private_answers_have_no_limit() -> None:
    spent = private(answers_this_hour=99, hour_started_at=facts().local_now)
    assert ["F30"] == names(_decide(heard(Label.INFO, faq="F30"), place=spent).effects)


def test_abuse_is_told_once_and_is_silent_in_a_group() -> None:
    first = _decide(heard(Label.ABUSE_SPAM))
    assert ["T17"] == names(first.effects)
    assert [] == names(_decide(heard(Label.ABUSE_SPAM), first.conversation).effects)
    assert [] == names(_decide(heard(Label.ABUSE_SPAM), place=group()).effects)


def test_closed_group_says_who_it_is_and_helps_in_danger_and_nothing_else() -> None:
    """Before a moderator let the bot serve the group: who is in danger cannot wait for that."""
    closed = group(is_active=False)
    assert ["T12"] == names(_decide(heard(Label.CRISIS_SUICIDE), place=closed).effects)
    assert [] == names(_decide(heard(Label.HELP_PERSONAL), place=closed).effects)
    assert [] == names(_decide(heard(Label.INFO, faq="F30"), place=closed).effects)
    assert ["T46"] == names(_decide(BotJoined(facts()), place=closed).effects)


# ── coming, going, time ───────────────────────────────────────────────────────────────────────
def test_private_chat_that_was_announced_goes_on_with_its_dialog() -> None:
    """On Matrix: who asked in the group opens the private room; the bot goes on there."""
    waiting = facts(pending_dialog="klus")
    assert ["klus"] == names(_decide(BotJoined(waiting)).effects)
    hello = MessageArrived("hoi", Reading(Label.GREETING_THANKS), waiting)
    assert ["klus"] == names(_decide(hello).effects)
    cry = MessageArrived("…", Reading(Label.CRISIS_SUICIDE), waiting)
    assert ["T11"] == names(_decide(cry).effects)


def test_joining_twice_tells_who_it_is_without_the_footer() -> None:
    decision = _decide(BotJoined(facts()), place=group(was_told=False))
    (say,) = said(decision.effects)
    assert ("T46", ()) == (say.item, say.footers)
    assert ChangePlace(PlaceChange.DISCLOSED) in decision.effects


@pytest.mark.parametrize("event", [BotLeft(facts()), MemberLeft(facts())])
def test_leaving_ends_the_dialog_without_a_word(event: Event) -> None:
    decision = _decide(event, _opened("2"))
    assert [] == names(decision.effects)
    assert StopTimer() in decision.effects
    assert ("", ()) == (decision.conversation.dialog, decision.conversation.slots)


@pytest.mark.parametrize(("place", "stops"), [(group(), ()), (private(), (OptOut(),))])
def test_leaving_a_private_chat_is_a_stop(place: PlaceState, stops: tuple[Effect, ...]) -> None:
    assert (*stops, StopTimer()) == _decide(MemberLeft(facts()), place=place).effects


def test_late_timer_and_a_report_of_delivery_say_nothing() -> None:
    assert [] == names(_decide(TimePassed(facts())).effects)
    report = DeliveryReported(facts(), is_delivered=False, reason="blocked")
    opened = _opened("2")
    decision = _decide(report, opened)
    assert ((), opened.step) == (decision.effects, decision.conversation.step)


def test_start_in_the_middle_of_a_dialog_shows_the_menu_and_ends_it() -> None:
    decision = _decide(ChatStarted(facts()), _opened("2"))
    assert (["T01"], "") == (names(decision.effects), decision.conversation.dialog)


def test_start_for_a_dialog_that_is_gone_shows_the_menu() -> None:
    assert ["T01"] == names(_decide(ChatStarted(facts(), dialog="verhuizen")).effects)


# ── dialog ────────────────────────────────────────────────────────────────────────────────────
def test_back_at_the_first_question_asks_it_again() -> None:
    opened = _decide(heard(Label.ODD_JOB_REQUEST)).conversation
    decision = _decide(heard(Label.SMALL_TALK, "terug"), opened)
    assert (["klus"], "adult") == (names(decision.effects), decision.conversation.step)


def test_stop_in_a_dialog_ends_the_dialog_and_is_no_opt_out() -> None:
    decision = _decide(heard(Label.STOP, "stop"), _opened("2", "een lamp"))
    assert ["T32"] == names(decision.effects)
    assert OptOut() not in decision.effects
    assert "lamp" not in str(decision.conversation)


def test_help_question_twice_in_a_dialog_goes_down_the_stairs() -> None:
    conversation = _opened("2")
    for item in (["T08"], ["T08b"], ["T08c"], []):
        decision = _decide(heard(Label.HELP_PERSONAL, "mijn huur"), conversation)
        conversation = decision.conversation
        assert item == names(decision.effects)
        assert ("words", "") == (conversation.step, conversation.slot("words"))


@pytest.mark.parametrize("also", [(), (Label.PERSONAL_DATA,)])
def test_personal_data_is_in_no_part_of_the_decision(also: tuple[Label, ...]) -> None:
    label = Label.ODD_JOB_REQUEST if also else Label.PERSONAL_DATA
    event = MessageArrived("lamp, Kerkstraat 12", Reading(label, also=also), facts())
    decision = _decide(event, _opened("2"))
    assert ["T18"] == names(decision.effects)
    assert "Kerkstraat" not in str(decision)


def test_personal_data_in_the_area_is_not_taken_either() -> None:
    event = MessageArrived("Kerkstraat 12", Reading(Label.PERSONAL_DATA), facts())
    decision = _decide(event, _opened("2", "een lamp"))
    assert (["T18"], "area") == (names(decision.effects), decision.conversation.step)
    assert "Kerkstraat" not in str(decision)


def test_below_eighteen_nothing_is_noted_and_nothing_kept() -> None:
    opened = _decide(heard(Label.ODD_JOB_OFFER)).conversation
    decision = _decide(heard(Label.SMALL_TALK, "nee"), opened)
    assert [("klus", "too_young.ask")] == [(s.item, s.key) for s in said(decision.effects)]
    assert not [effect for effect in decision.effects if isinstance(effect, NoteOddJob)]
    assert ("", ()) == (decision.conversation.dialog, decision.conversation.slots)


@pytest.mark.parametrize("length", [121, 5_000])
def test_own_words_that_are_too_long_are_asked_again_and_not_kept(length: int) -> None:
    decision = _decide(heard(Label.SMALL_TALK, "x" * length), _opened("2"))
    assert [("klus", "words.invalid")] == [(s.item, s.key) for s in said(decision.effects)]
    assert "xxx" not in str(decision)


def test_old_button_in_a_dialog_does_not_answer_its_question() -> None:
    opened = _opened("2", "een lamp")
    decision = _decide(ChoiceMade("K03", facts()), opened)
    assert (["T37"], "area") == (names(decision.effects), decision.conversation.step)


def test_step_that_was_taken_out_ends_the_dialog_politely() -> None:
    klus = shelf().book.dialogs["klus"]
    fewer = tuple(step for step in klus.steps if step.id != "words")
    book = replace(shelf().book, dialogs={"klus": replace(klus, steps=fewer)})
    decision = decide(book, private(), _opened("2"), heard(Label.SMALL_TALK, "een lamp"))
    assert (["T34"], "") == (names(decision.effects), decision.conversation.dialog)
    decision = decide(book, private(), _opened(), heard(Label.SMALL_TALK, "2"))
    assert (["T34"], "") == (names(decision.effects), decision.conversation.dialog)


def test_private_dialog_begun_in_a_group_gives_a_link_and_nothing_of_it() -> None:
    for label in (Label.ODD_JOB_OFFER, Label.ERASE_ME):
        decision = _decide(heard(label, "wis mij, ik ben Jan"), place=group())
        assert [Purpose.SERVICE] == [say.purpose for say in said(decision.effects)]
        assert [effect for effect in decision.effects if isinstance(effect, BindToken)]
        assert ("", ()) == (decision.conversation.dialog, decision.conversation.slots)
        assert "Jan" not in str(decision)


def test_dialog_that_only_speaks_in_a_circle_is_a_loud_bug() -> None:
    """The check of the content refuses it; if it comes here all the same, nobody is flooded."""
    steps = (Step("a", branches=(Branch("b"),)), Step("b", branches=(Branch("a"),)))
    dialog = Dialog("d", "a", steps)
    book = DialogBook(1, {"d": ItemCard("d", "dialog", 1)}, {"d": dialog})
    with pytest.raises(DialogLoop):
        decide(book, private(), Conversation(), ChatStarted(facts(), dialog="d"))


def test_nothing_is_ever_said_in_the_secure_chat() -> None:
    secure = PlaceState(place=Place.SECURE, country="BE", was_told=True)
    for label in set(Label) - {Label.ODD_JOB_REQUEST, Label.ODD_JOB_OFFER, Label.ERASE_ME}:
        assert [] == names(_decide(heard(label), place=secure).effects)
