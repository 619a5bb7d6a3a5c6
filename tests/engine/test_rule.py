"""Does every class get exactly its reply in every place, and nothing of the person with it?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.pack import facts, group, heard, names, private, said, shelf
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import decide
from wijkbot.engine.effects import BindToken, ChangePlace, NoteOddJob, OptOut, PlaceChange
from wijkbot.engine.events import BotJoined, ChatStarted, ChoiceMade, MessageArrived, TimePassed
from wijkbot.engine.reading import Reading
from wijkbot.engine.talk import Turn
from wijkbot.engine.words import Label, Place, Purpose

TABLE = [
    ("crisis_suicide", "T12", "T11", "crisis"),
    ("crisis_violence", "T12", "T13", "crisis"),
    ("crisis_medical", "T12m", "T11m", "crisis"),
    ("homeless_tonight", "T14", "T14", "crisis"),
    ("help_personal", "T06", "T08", "referral"),
    ("distress", "T06", "T10", "referral"),
    ("minor", "T06", "T19", "referral"),
    ("third_person", "T15", "T15", "referral"),
    ("personal_data", "T18", "T18", "service"),
    ("complaint", "T16", "T16", "service"),
    ("abuse_spam", "", "T17", "service"),
    ("odd_job_request", "T04", "klus", ""),
    ("odd_job_offer", "T04", "klus", ""),
    ("odd_job_refused", "T42", "T42", "service"),
    ("info", "T21", "T21", "service"),
    ("agenda", "T41", "T41", "info"),
    ("asks_bot", "T46", "T20", "contact"),
    ("greeting_thanks", "T44", "T44", "contact"),
    ("small_talk", "T21", "T21", "service"),
    ("unclear", "T21", "T21", "service"),
    ("stop", "T22", "T22", "service"),
]
"""class, item in a group (addressed), item in private, purpose. Info: nothing in the pack fits."""


def test_table_names_every_class() -> None:
    """No class is forgotten; erase_me has a dialog of its own."""
    assert {label.value for label in Label} == {row[0] for row in TABLE} | {"erase_me"}


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("place", [group(), private()], ids=["group", "private"])
def test_each_class_gets_its_reply(row: tuple[str, str, str, str], place: object) -> None:
    """The decision table, cell by cell."""
    label, in_group, in_private, purpose = row
    where = group() if place == group() else private()
    expected = in_group if where.place is Place.GROUP else in_private
    decision = decide(shelf().book, where, Conversation(), heard(Label(label)))
    assert ([expected] if expected else []) == names(decision.effects)
    if purpose and expected:
        assert [purpose] == [say.purpose for say in said(decision.effects)]


@pytest.mark.parametrize("label", [Label.HELP_PERSONAL, Label.DISTRESS, Label.MINOR])
def test_group_referral_is_the_same_for_any_two_messages(label: Label) -> None:
    """T06 depends on the class alone: no value, no choice, nothing of the text."""
    first = decide(shelf().book, group(), Conversation(), heard(label, "mijn huur"))
    second = decide(shelf().book, group(), Conversation(), heard(label, "zo alleen"))
    assert first.effects == second.effects
    (say,) = said(first.effects)
    assert ((), ()) == (say.values, say.offers)
    assert "T06" == say.item


def test_crisis_comes_before_an_open_dialog_and_keeps_it_open() -> None:
    """In the middle of a dialog: the card alone, and the dialog can go on."""
    opened = decide(shelf().book, private(), Conversation(), heard(Label.ODD_JOB_REQUEST))
    cried = decide(
        shelf().book, private(), opened.conversation, heard(Label.CRISIS_SUICIDE, "ik wil dood")
    )
    assert ["T11"] == names(cried.effects)
    assert "klus" == cried.conversation.dialog
    assert "ik wil dood" not in str(cried.conversation)


def test_crisis_on_an_edit_is_answered_and_nothing_else_is() -> None:
    """An edit runs the alarm only."""
    card = heard(Label.CRISIS_SUICIDE, is_edit=True)
    assert ["T11"] == names(decide(shelf().book, private(), Conversation(), card).effects)
    info = heard(Label.INFO, is_edit=True, faq="F30")
    assert [] == names(decide(shelf().book, private(), Conversation(), info).effects)


def test_not_addressed_in_a_group_is_silence_crisis_included() -> None:
    """Mention mode: text that is not for the bot is not answered."""
    for label in Label:
        event = replace(heard(label), is_addressed=False)
        assert () == decide(shelf().book, group(), Conversation(), event).effects


def test_crisis_card_is_not_repeated_in_a_group_for_ten_minutes_and_always_in_private() -> None:
    """The pause protects a group from a wall of cards; a person alone always gets one."""
    for minutes, expected in ((9, []), (11, ["T12"])):
        place = group(last_crisis_at=facts().local_now)
        event = heard(Label.CRISIS_SUICIDE, minutes=minutes)
        assert expected == names(decide(shelf().book, place, Conversation(), event).effects)
    place = private(last_crisis_at=facts().local_now)
    event = heard(Label.CRISIS_SUICIDE, minutes=1)
    assert ["T11"] == names(decide(shelf().book, place, Conversation(), event).effects)


def test_referral_is_not_repeated_in_a_group_for_two_minutes() -> None:
    """Two people who ask at once get one door."""
    place = group(last_referral_at=facts().local_now)
    for minutes, expected in ((1, []), (3, ["T06"])):
        event = heard(Label.HELP_PERSONAL, minutes=minutes)
        assert expected == names(decide(shelf().book, place, Conversation(), event).effects)


def test_private_referrals_get_shorter_and_stop_but_a_crisis_never_does() -> None:
    """T08, T08b, T08c, silence; and after a day the first one again."""
    conversation = Conversation()
    seen = []
    for _ in range(4):
        decision = decide(shelf().book, private(), conversation, heard(Label.HELP_PERSONAL))
        conversation = decision.conversation
        seen.append(names(decision.effects))
    assert [["T08"], ["T08b"], ["T08c"], []] == seen
    card = decide(shelf().book, private(), conversation, heard(Label.CRISIS_VIOLENCE))
    assert ["T13"] == names(card.effects)
    later = heard(Label.HELP_PERSONAL, minutes=25 * 60)
    assert ["T08"] == names(decide(shelf().book, private(), conversation, later).effects)


def test_computer_line_ends_the_first_ordinary_answer_and_no_crisis_card() -> None:
    """The line is a footer of that same message, once."""
    fresh = private(was_told=False)
    card = decide(shelf().book, fresh, Conversation(), heard(Label.CRISIS_SUICIDE))
    assert () == said(card.effects)[0].footers
    assert ChangePlace(PlaceChange.DISCLOSED) not in card.effects
    answer = decide(shelf().book, fresh, Conversation(), heard(Label.INFO, faq="F30"))
    assert "T00" == said(answer.effects)[0].footers[-1]
    assert ChangePlace(PlaceChange.DISCLOSED) in answer.effects
    again = decide(shelf().book, private(), Conversation(), heard(Label.INFO, faq="F30"))
    assert "T00" not in said(again.effects)[0].footers


def test_joining_says_who_it_is_in_a_group_and_nothing_in_private() -> None:
    """Nothing may come before a crisis card in a chat that somebody just opened."""
    joined = BotJoined(facts())
    assert ["T46"] == names(decide(shelf().book, group(), Conversation(), joined).effects)
    assert [] == names(decide(shelf().book, private(), Conversation(), joined).effects)


def test_start_shows_the_menu_and_a_bound_start_the_dialog() -> None:
    """The token of an odd job leads straight to its first question."""
    plain = decide(shelf().book, private(), Conversation(), ChatStarted(facts()))
    assert ["T01"] == names(plain.effects)
    assert 4 == len(said(plain.effects)[0].offers)
    bound = decide(shelf().book, private(), Conversation(), ChatStarted(facts(), dialog="klus"))
    assert ["klus"] == names(bound.effects)


@pytest.mark.parametrize("text", ["1", "1.", "menu.hours", "Zitdagen", "zitdagne", "spreekuur"])
def test_menu_is_answered_by_number_id_title_or_near_miss(text: str) -> None:
    """Every form leads to the main consultation hour."""
    opened = decide(shelf().book, private(), Conversation(), ChatStarted(facts()))
    event = heard(Label.UNCLEAR, text)
    decision = decide(shelf().book, private(), opened.conversation, event)
    assert [shelf().book.main_hours] == names(decision.effects)


def test_odd_job_in_a_group_gives_a_link_bound_to_the_asker() -> None:
    """No question of the dialog is asked in the group."""
    decision = decide(shelf().book, group(), Conversation(), heard(Label.ODD_JOB_REQUEST))
    assert ["T04"] == names(decision.effects)
    assert BindToken("token", "klus") in decision.effects
    assert "" == decision.conversation.dialog


def _walk(*texts: str) -> Turn:
    conversation = Conversation()
    effects: tuple[object, ...] = ()
    for text in texts:
        label = Label.ODD_JOB_REQUEST if text == texts[0] else Label.SMALL_TALK
        decision = decide(shelf().book, private(), conversation, heard(label, text))
        conversation, effects = decision.conversation, decision.effects
    return Turn(conversation, effects)  # type: ignore[arg-type]


def test_odd_job_is_noted_with_what_was_agreed_to() -> None:
    """The whole dialog; the record holds exactly the answers."""
    end = _walk("lamp?", "ja", "2", "een lamp in de keuken", "Noord", "deze week", "ja")
    job = NoteOddJob("request", "K02", "een lamp in de keuken", "Noord", "soon")
    assert job in end.effects
    assert ("", ()) == (end.conversation.dialog, end.conversation.slots)


def test_nothing_is_noted_below_eighteen_or_after_stop() -> None:
    """Both end the dialog and keep nothing."""
    for texts in (("lamp?", "nee"), ("lamp?", "ja", "2", "stop")):
        end = _walk(*texts)
        assert not [effect for effect in end.effects if isinstance(effect, NoteOddJob)]
        assert "" == end.conversation.dialog


def test_no_to_the_summary_asks_the_words_again_and_loops_nowhere() -> None:
    """A step gone back to is asked again, with its new answer."""
    end = _walk("lamp?", "ja", "2", "een lampp", "Noord", "1", "nee")
    assert "words" == end.conversation.step


def test_back_asks_the_step_before() -> None:
    """Its old answer is gone."""
    end = _walk("lamp?", "ja", "2", "terug")
    assert ("category", "") == (end.conversation.step, end.conversation.slot("category"))


def test_answer_that_does_not_fit_is_asked_again() -> None:
    """The dialog stays where it is and says how an answer looks."""
    end = _walk("lamp?", "ja", "qwerty")
    assert "category" == end.conversation.step
    assert ["T35"] == names(end.effects)


def test_help_question_in_a_dialog_is_referred_and_not_kept() -> None:
    """Own words are never somebody's story."""
    opened = _walk("lamp?", "ja", "2").conversation
    event = heard(Label.HELP_PERSONAL, "ik kan mijn huur niet betalen")
    decision = decide(shelf().book, private(), opened, event)
    assert ["T08"] == names(decision.effects)
    assert "huur" not in str(decision.conversation)
    assert "words" == decision.conversation.step


def test_personal_data_in_own_words_is_not_taken() -> None:
    """A door code never becomes part of an odd job."""
    opened = _walk("lamp?", "ja", "2").conversation
    reading = Reading(Label.ODD_JOB_REQUEST, also=(Label.PERSONAL_DATA,))
    event = MessageArrived("lamp, de code is 4821", reading, facts())
    decision = decide(shelf().book, private(), opened, event)
    assert ["T18"] == names(decision.effects)
    assert "4821" not in str(decision.conversation)


def test_stop_outside_a_dialog_is_kept() -> None:
    """The opt-out is an effect, and the confirmation carries 112."""
    decision = decide(shelf().book, private(), Conversation(), heard(Label.STOP, "stop"))
    assert OptOut() in decision.effects


def test_dialog_times_out_and_withdraws_politely() -> None:
    """A quiet resident, and a dialog that was taken away."""
    opened = _walk("lamp?", "ja").conversation
    timed = decide(shelf().book, private(), opened, TimePassed(facts(minutes=5)))
    assert (["T33"], "") == (names(timed.effects), timed.conversation.dialog)
    without = replace(shelf().book, dialogs={})
    gone = decide(without, private(), opened, heard(Label.SMALL_TALK, "2"))
    assert (["T34"], "") == (names(gone.effects), gone.conversation.dialog)


def test_old_button_is_told_politely() -> None:
    """A forged or forgotten choice changes nothing."""
    event = ChoiceMade("something.else", facts())
    decision = decide(shelf().book, private(), Conversation(), event)
    assert ["T37"] == names(decision.effects)


def test_answers_are_limited_in_a_group_and_said_once() -> None:
    """The seventh gets one line with the private link; the eighth nothing."""
    now = facts().local_now
    event = heard(Label.INFO, faq="F30")
    spent = group(answers_this_hour=6, hour_started_at=now)
    assert ["T31"] == names(decide(shelf().book, spent, Conversation(), event).effects)
    told = replace(spent, limit_shown_at=now)
    assert [] == names(decide(shelf().book, told, Conversation(), event).effects)
    referral = decide(shelf().book, told, Conversation(), heard(Label.HELP_PERSONAL))
    assert ["T06"] == names(referral.effects), "a referral does not count"


def test_conversation_is_forgotten_after_a_day() -> None:
    """What was open yesterday is gone."""
    opened = _walk("lamp?", "ja").conversation
    event = heard(Label.SMALL_TALK, "Lamp of plank", minutes=24 * 60 + 1)
    decision = decide(shelf().book, private(), opened, event)
    assert ["T21"] == names(decision.effects)
    assert "" == decision.conversation.dialog


def test_only_odd_jobs_carry_own_words() -> None:
    """The summary that shows them back has that purpose."""
    summary = said(_walk("lamp?", "ja", "2", "een lamp", "Noord", "1").effects)
    assert [Purpose.ODD_JOB] == [say.purpose for say in summary]


def test_picture_or_voice_is_told_that_it_cannot_be_read() -> None:
    """An empty text is a photo, a sticker or a voice message; an open dialog stays open."""
    decision = decide(shelf().book, private(), Conversation(), heard(Label.UNCLEAR, ""))
    assert ["T36"] == names(decision.effects)
    opened = _walk("lamp?", "ja").conversation
    decision = decide(shelf().book, private(), opened, heard(Label.UNCLEAR, " "))
    assert (["T36"], "category") == (names(decision.effects), decision.conversation.step)
