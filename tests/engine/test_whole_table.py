"""What leaves for every class C01 to C17, said in a group, to the bot there, and in private?

The table of the sector's rule as data: what is expected stands here in full, apart from the
table of the engine, so that neither can change alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.engine.pack import NOW, facts, group, heard, names, private, said, shelf
from wijkbot.engine.conversation import ALARM_MODE, Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import ChangePlace, PlaceChange, Say, StaffKind, StaffNotice, Withheld
from wijkbot.engine.events import BotJoined, ChoiceMade, Event, MessageArrived
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import SENSITIVE_LABELS, Label, Purpose

SILENT = ""
NO_NOTICE = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One class: what is said to who names the bot in a group, and in private; and why."""

    number: str
    label: str
    in_group: str
    in_private: str
    purpose: str
    notice: str = NO_NOTICE
    private_key: str = "text"
    faq: str = ""

    @property
    def reading(self) -> Reading:
        """How a message of this class was read."""
        return Reading(Label(self.label), faq=self.faq or None)


ROWS = (
    Row("C01", "crisis_suicide", "T12", "T11", "crisis", "crisis"),
    Row("C02", "crisis_violence", "T12", "T13", "crisis", "crisis"),
    Row("C03", "crisis_medical", "T12m", "T11m", "crisis", "crisis"),
    Row("C04", "homeless_tonight", "T14", "T14", "crisis", "crisis", "private_text"),
    Row("C05", "help_personal", "T06", "T08", "referral", "referral"),
    Row("C06", "distress", "T06", "T10", "referral", "referral"),
    Row("C07", "minor", "T06", "T19", "referral", "referral"),
    Row("C08", "third_person", "T15", "T15", "referral", "worry", "private_text"),
    Row("C09", "personal_data", "T18", "T18", "service", "personal_data", "private_text"),
    Row("C10", "complaint", "T16", "T16", "service", "complaint"),
    Row("C11", "abuse_spam", SILENT, "T17", "service", "abuse"),
    Row("C12", "asks_bot", "T46", "T20", "contact"),
    Row("C13-request", "odd_job_request", "T04", "klus", ""),
    Row("C13-offer", "odd_job_offer", "T04", "klus", ""),
    Row("C13-refused", "odd_job_refused", "T42", "T42", "service"),
    Row("C14", "info", "F30", "F30", "info", faq="F30"),
    Row("C14-hours", "info", "Z4", "Z4", "info", faq="F01", private_key="card"),
    Row("C14-nothing-fits", "info", "T21", "T21", "service"),
    Row("C15", "agenda", "T41", "T41", "info"),
    Row("C15-known", "agenda", "F07", "F07", "info", faq="F07"),
    Row("C16", "greeting_thanks", "T44", "T44", "contact"),
    Row("C17", "unclear", "T21", "T21", "service"),
    Row("C17-talk", "small_talk", "T21", "T21", "service"),
)
PURPOSES_OF_A_JOB = {"group": "service", "private": "odd_job"}
PRECEDENCE = """
    C01 C02 C03 C04 C07 C08 C05 C06 C10 C11 C13-refused C13-request C13-offer C14 C15 C12 C16
""".split()
"""First fits first counts; C09 goes with any other, C17 is what is left."""

_EACH = pytest.mark.parametrize("row", ROWS, ids=[row.number for row in ROWS])
_CLASSES = tuple({row.label: row for row in ROWS}.values())


def _play(place: PlaceState, row: Row, *, is_addressed: bool = True) -> Decision:
    event = MessageArrived("iets", row.reading, facts(), is_addressed)
    return decide(shelf().book, place, Conversation(), event)


def test_every_label_but_the_two_commands_has_its_row() -> None:
    assert {row.label for row in ROWS} == {label.value for label in Label} - {"stop", "erase_me"}


@_EACH
def test_talk_of_the_group_is_silence(row: Row) -> None:
    """Not even something for the log of decisions, the counters or the staff."""
    decision = _play(group(), row, is_addressed=False)
    assert () == decision.effects
    assert replace(Conversation(), last_at=NOW) == decision.conversation


@_EACH
def test_who_names_the_bot_in_a_group_gets_the_text_of_the_class(row: Row) -> None:
    effects = _play(group(), row).effects
    if row.in_group is SILENT:
        assert [] == said(effects)
        return
    (say,) = said(effects)
    key = "card" if row.private_key == "card" else "text"
    purpose = row.purpose or PURPOSES_OF_A_JOB["group"]
    assert (row.in_group, key, purpose) == (say.item, say.key, say.purpose)
    assert () == say.footers


@_EACH
def test_who_asks_in_private_gets_the_text_of_the_class(row: Row) -> None:
    (say,) = said(_play(private(), row).effects)
    purpose = row.purpose or PURPOSES_OF_A_JOB["private"]
    assert (row.in_private, purpose) == (say.item, say.purpose)
    if row.in_private != "klus":
        assert row.private_key == say.key
    assert (("T48",) if row.purpose == "info" and row.faq else ()) == say.footers


@_EACH
@pytest.mark.parametrize("place", [group(), private()], ids=["group", "private"])
def test_staff_are_told_the_kind_and_nothing_else(row: Row, place: PlaceState) -> None:
    """One more sort of count for a worry about somebody; no notice for ordinary questions."""
    told = [e.kind.value for e in _play(place, row).effects if isinstance(e, StaffNotice)]
    expected = {row.notice} - {NO_NOTICE}
    assert expected == set(told) - ({"referral"} if row.notice == "worry" else set())


@pytest.mark.parametrize("number", PRECEDENCE)
def test_labels_stand_in_the_order_of_precedence(number: str) -> None:
    """When two fit, the more serious one counts: the enumeration is that order."""
    order = [label.value for label in Label]
    label_of = {row.number: row.label for row in ROWS}
    later = PRECEDENCE[PRECEDENCE.index(number) + 1 :]
    mine = order.index(label_of[number])
    assert [] == [one for one in later if order.index(label_of[one]) < mine]


@pytest.mark.parametrize("label", ["stop", "erase_me"])
def test_stop_and_erasure_come_after_crisis_and_before_everything_else(label: str) -> None:
    order = [one.value for one in Label]
    assert order.index("homeless_tonight") < order.index(label) < order.index("minor")


@pytest.mark.parametrize(
    ("text", "first", "also"),
    [
        ("ik ben 14 en ik wil niet meer leven", "crisis_suicide", ["minor"]),
        ("hij slaat mij en ik kan mijn huur niet betalen", "crisis_violence", []),
        ("ik ben 14 en ik kan mijn huur niet betalen", "minor", []),
        ("mijn code is 4821, wie kan een lamp ophangen?", "odd_job_request", ["personal_data"]),
    ],
)
def test_message_of_two_classes_is_read_as_the_more_serious_one(
    text: str, first: str, also: list[str]
) -> None:
    reading = shelf().reader.read(text, "nl", "addressed")
    assert Label(first) is reading.label
    assert set(also) <= {label.value for label in reading.also}


@pytest.mark.parametrize("label", ["crisis_suicide", "crisis_violence", "crisis_medical"])
def test_minor_in_a_crisis_also_reads_the_line_for_the_young(label: str) -> None:
    """C07 with C01 to C03: the card of the crisis, with one line more; in private alone."""
    reading = Reading(Label(label), also=(Label.MINOR,))
    event = MessageArrived("…", reading, facts())
    (say,) = said(decide(shelf().book, private(), Conversation(), event).effects)
    assert (("T25",), "crisis") == (say.footers, say.purpose)
    grown_up = heard(Label(label))
    (card,) = said(decide(shelf().book, private(), Conversation(), grown_up).effects)
    assert replace(say, footers=()) == card
    (in_group,) = said(decide(shelf().book, group(), Conversation(), event).effects)
    assert () == in_group.footers, "in a group nothing tells who asked"


@pytest.mark.parametrize(("hours", "expected"), [(1, []), (23.9, []), (24, ["T18"])])
def test_tip_to_keep_personal_data_out_comes_once_a_day_in_a_group(
    hours: float, expected: list[str]
) -> None:
    place = group(last_tip_at=NOW)
    event = heard(Label.PERSONAL_DATA, minutes=hours * 60)
    decision = decide(shelf().book, place, Conversation(), event)
    assert expected == names(decision.effects)
    withheld = Withheld(Purpose.SERVICE, "tip-repeated-in-group")
    assert (not expected) is (withheld in decision.effects)


def test_tip_is_counted_and_in_private_always_given() -> None:
    shown = _play(group(), _of("C09")).effects
    assert ChangePlace(PlaceChange.TIP_SHOWN) in shown
    assert ["T18"] == names(_play(private(last_tip_at=NOW), _of("C09")).effects)


def _of(number: str) -> Row:
    return next(row for row in ROWS if row.number == number)


def _abuse(times: int, *, apart: float = 1) -> Conversation:
    conversation = Conversation()
    for turn in range(times):
        event = heard(Label.ABUSE_SPAM, minutes=turn * apart)
        conversation = decide(shelf().book, private(), conversation, event).conversation
    return conversation


def test_abuse_is_answered_once_and_counted_each_time() -> None:
    conversation = Conversation()
    for turn, expected in enumerate((["T17"], [], [])):
        event = heard(Label.ABUSE_SPAM, minutes=turn)
        decision = decide(shelf().book, private(), conversation, event)
        conversation = decision.conversation
        assert expected == names(decision.effects)
        assert StaffNotice(StaffKind.ABUSE) in decision.effects


@pytest.mark.parametrize("label", [row.label for row in _CLASSES])
def test_after_three_times_abuse_only_a_crisis_is_answered_for_a_day(label: str) -> None:
    muted = _abuse(3)
    is_crisis = label in {row.label for row in ROWS if row.purpose == "crisis"}
    soon = decide(shelf().book, private(), muted, heard(Label(label), minutes=60))
    assert is_crisis is bool(said(soon.effects))
    if not is_crisis:
        assert "muted-after-abuse" in [e.rule for e in soon.effects if isinstance(e, Withheld)]
    after = heard(Label.INFO, minutes=24 * 60 + 3, faq="F30")
    assert ["F30"] == names(decide(shelf().book, private(), muted, after).effects)


@pytest.mark.parametrize(("times", "apart"), [(2, 1.0), (4, 6.0)])
def test_abuse_now_and_then_mutes_nobody(times: int, apart: float) -> None:
    """Fewer than three in ten minutes."""
    event = heard(Label.INFO, faq="F30", minutes=times * apart)
    decision = decide(shelf().book, private(), _abuse(times, apart=apart), event)
    assert ["F30"] == names(decision.effects)


def test_abuse_in_a_group_mutes_without_a_word() -> None:
    conversation = Conversation()
    for turn in range(3):
        event = heard(Label.ABUSE_SPAM, minutes=turn)
        decision = decide(shelf().book, group(), conversation, event)
        conversation = decision.conversation
        assert [] == said(decision.effects)
    info = heard(Label.INFO, minutes=5, faq="F30")
    assert [] == said(decide(shelf().book, group(), conversation, info).effects)
    card = heard(Label.CRISIS_SUICIDE, minutes=5)
    assert ["T12"] == names(decide(shelf().book, group(), conversation, card).effects)


@pytest.mark.parametrize("number", ["C12", "C16"])
def test_first_answer_to_a_greeting_or_a_chat_says_that_this_is_a_computer(number: str) -> None:
    for place in (group(was_told=False), private(was_told=False)):
        (say,) = said(_play(place, _of(number)).effects)
        assert "T00" == say.footers[-1]


def test_second_miss_in_a_row_names_the_ways_to_a_human() -> None:
    """C17, in private; what was understood in between makes it a first one again."""
    turns = [
        (heard(Label.UNCLEAR), "T21"),
        (heard(Label.SMALL_TALK), "T24"),
        (heard(Label.UNCLEAR), "T24"),
        (heard(Label.INFO, faq="F30"), "F30"),
        (heard(Label.UNCLEAR), "T21"),
    ]
    conversation = Conversation()
    for event, expected in turns:
        decision = decide(shelf().book, private(), conversation, event)
        conversation = decision.conversation
        assert [expected] == names(decision.effects)


def test_in_a_group_every_miss_is_one_line() -> None:
    conversation = Conversation()
    for _ in range(3):
        decision = decide(shelf().book, group(), conversation, heard(Label.UNCLEAR))
        conversation = decision.conversation
        assert ["T21"] == names(decision.effects)


@_EACH
def test_alarm_group_hears_only_crisis_and_referral(row: Row) -> None:
    """Where neighbours warn each other of danger the bot adds no noise."""
    place = group(mode=ALARM_MODE)
    decision = _play(place, row)
    is_needed = Label(row.label) in SENSITIVE_LABELS
    assert ([row.in_group] if is_needed else []) == names(decision.effects)


@pytest.mark.parametrize(
    ("text", "item"), [("over", "T53"), ("stil", "T50"), ("over wie ging dat", "T45")]
)
def test_alarm_group_can_still_tell_the_bot_what_to_do(text: str, item: str) -> None:
    event = heard(Label.SMALL_TALK, text)
    decision = decide(shelf().book, group(mode=ALARM_MODE), Conversation(), event)
    assert [item] == names(decision.effects)


def test_old_button_gives_no_information_in_an_alarm_group() -> None:
    event = ChoiceMade("faq.F30", facts())
    decision = decide(shelf().book, group(mode=ALARM_MODE), Conversation(), event)
    assert [] == names(decision.effects)


@pytest.mark.parametrize("is_alarm", [True, False])
def test_joining_an_alarm_group_says_that_the_bot_is_quiet_there(is_alarm: bool) -> None:
    event: Event = BotJoined(facts(), is_alarm_group=is_alarm)
    decision = decide(shelf().book, group(was_told=False), Conversation(), event)
    assert ["T62" if is_alarm else "T46"] == names(decision.effects)
    assert is_alarm is (ChangePlace(PlaceChange.ALARM_GROUP) in decision.effects)


@_EACH
def test_no_text_of_the_table_opens_a_chat_or_names_its_reader(row: Row) -> None:
    """A text knows no address: it goes to the chat of the message, and nowhere else."""
    for place in (group(), private()):
        for say in said(_play(place, row).effects):
            assert not {"chat", "address", "member", "answer_to", "to"} & set(Say.__slots__)
            assert Label(row.label) not in SENSITIVE_LABELS or () == say.values


def test_silence_lasts_only_for_what_nobody_asked() -> None:
    """A silenced group still gets every answer to who names the bot."""
    silent = group(silent_until=NOW + timedelta(days=1))
    for row in ROWS:
        assert names(_play(group(), row).effects) == names(_play(silent, row).effects)
