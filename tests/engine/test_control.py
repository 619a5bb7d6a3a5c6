"""Does the bot do what it is told, in three languages, in a group and in private?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.pack import NOW, facts, group, heard, names, private, said, shelf
from wijkbot.app.rehearse import Rehearsal, Stage
from wijkbot.engine.commands import LONGEST, Command, find
from wijkbot.engine.conversation import ALARM_MODE, Conversation, PlaceState
from wijkbot.engine.decide import VOTE_NO, VOTE_YES, Decision, decide
from wijkbot.engine.effects import (
    BeSilent,
    CastVote,
    ChangePlace,
    Effect,
    Erase,
    LeaveGroup,
    OptIn,
    OptOut,
    PlaceChange,
)
from wijkbot.engine.events import ChoiceMade, Facts
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.values import Day, Number
from wijkbot.engine.words import CRISIS_LABELS, Label, Place, Purpose

NEWS, JOBS, SERVICE = Purpose.ANNOUNCEMENT, Purpose.ODD_JOB, Purpose.SERVICE
NOT_UNDERSTOOD = "T21"
COMMANDS: list[tuple[Command, tuple[str, str, str], str, str]] = [
    (Command.ABOUT, ("over", "qui es-tu ?", "who are you?"), "T53", "T53"),
    (Command.PRIVACY, ("privacy", "vie privée", "privacy policy"), "T54", "T54"),
    (
        Command.MY_DATA,
        ("mijn gegevens", "que sais-tu de moi ?", "what do you know about me?"),
        "T63",
        "T55",
    ),
    (Command.IGNORE_ME, ("negeer mij", "ignore-moi", "ignore me"), "T57", "T57"),
    (Command.START, ("start", "recommencer", "start again"), "T46", "T01"),
    (Command.STOP_NEWS, ("stop nieuws", "stop infos", "stop news"), "T64", "T64"),
    (
        Command.STOP_JOBS,
        ("stop klusjes", "stop coups de main", "stop jobs"),
        "T65",
        "T65",
    ),
    (Command.SILENCE, ("wees stil!", "silence", "be quiet"), "T50", NOT_UNDERSTOOD),
    (Command.SPEAK, ("praat weer", "parle", "speak"), "T51", NOT_UNDERSTOOD),
    (Command.LEAVE, ("ga weg", "pars", "leave"), "T61", NOT_UNDERSTOOD),
    (
        Command.WHO_WAS_IT,
        ("over wie ging dat?", "c'est qui ?", "who was that?"),
        "T45",
        "T45",
    ),
    (Command.SUBSCRIBE, ("aanmelden", "s'inscrire", "subscribe"), "T63", "aanmeld"),
    (Command.UNSUBSCRIBE, ("uitschrijven", "désinscrire", "unsubscribe"), "T22", "T22"),
    (Command.CARD, ("kaart", "carte", "card"), "T63", "T66"),
    (Command.HUMAN, ("mens", "humain", "talk to a human"), "T06", "T08"),
    (Command.MENU, ("menu", "que peux-tu faire ?", "what can you do?"), "T46", "T01"),
]
"""Command, its words in nl, fr and en, and what is said in a group (to an admin) and privately."""
WORDS = [
    (command, language, text, in_group, in_private)
    for command, texts, in_group, in_private in COMMANDS
    for language, text in zip(("nl", "fr", "en"), texts, strict=True)
]
_EACH = pytest.mark.parametrize(
    ("command", "text", "in_group", "in_private"),
    [(row[0], *row[2:]) for row in WORDS],
    ids=[f"{row[0]}-{row[1]}" for row in WORDS],
)


def _tell(place: PlaceState, text: str, *, known: Facts | None = None) -> Decision:
    """Somebody tells the bot something that is otherwise small talk."""
    event = replace(heard(Label.SMALL_TALK, text), facts=known or facts())
    return decide(shelf().book, place, Conversation(), event)


def _admin() -> Facts:
    return facts(is_admin=True)


def _kinds(effects: tuple[Effect, ...], *kinds: type) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, kinds)]


@_EACH
def test_command_is_understood_in_each_language(
    command: Command, text: str, in_group: str, in_private: str
) -> None:
    for form in (text, f"/{text}", text.upper(), f"  {text}!! "):
        asked = find(shelf().book, form)
        assert asked is not None
        assert (command, None) == (asked.command, asked.hours)


@_EACH
def test_command_is_answered_in_a_group(
    command: Command, text: str, in_group: str, in_private: str
) -> None:
    assert [in_group] == names(_tell(group(), text, known=_admin()).effects)


@_EACH
def test_command_is_answered_in_private(
    command: Command, text: str, in_group: str, in_private: str
) -> None:
    assert [in_private] == names(_tell(private(), text).effects)


@_EACH
@pytest.mark.parametrize("place", [Place.GROUP, Place.PRIVATE])
def test_command_gets_through_the_reader(
    command: Command, text: str, in_group: str, in_private: str, place: Place
) -> None:
    """As a resident writes it, who is no admin: nothing of it is taken for something else."""
    expected = in_group if place is Place.GROUP else in_private
    if place is Place.GROUP and command in {Command.SPEAK, Command.LEAVE}:
        expected = "T52"
    uttered = Rehearsal(shelf(), Stage(place=place)).hear(text)[1]
    if expected != NOT_UNDERSTOOD:
        assert [expected] == [one.say.item for one in uttered]


@_EACH
def test_command_that_was_not_said_to_the_bot_is_talk(
    command: Command, text: str, in_group: str, in_private: str
) -> None:
    overheard = replace(heard(Label.SMALL_TALK, text), facts=_admin(), is_addressed=False)
    assert () == decide(shelf().book, group(), Conversation(), overheard).effects
    edited = replace(overheard, is_addressed=True, is_edit=True)
    assert () == decide(shelf().book, group(), Conversation(), edited).effects


def test_every_command_is_in_this_test() -> None:
    assert {row[0] for row in COMMANDS} == set(Command) - {Command.YES, Command.NO}


@pytest.mark.parametrize(
    "text", ["", "stil de muziek aub", "de markt is weg", f"stil {'x' * LONGEST}", "stil 12 maan"]
)
def test_sentence_that_only_holds_the_word_is_no_command(text: str) -> None:
    assert find(shelf().book, text) is None


@pytest.mark.parametrize("text", ["mens", "negeer mij", "stil", "weg"])
@pytest.mark.parametrize("label", sorted(CRISIS_LABELS | {Label.HELP_PERSONAL, Label.DISTRESS}))
def test_cry_for_help_is_never_a_command(text: str, label: Label) -> None:
    """When the reader hears need in those few words, the need is what is answered."""
    event = replace(heard(label, text), facts=_admin())
    decision = decide(shelf().book, group(), Conversation(), event)
    assert [] == _kinds(decision.effects, OptOut, BeSilent, LeaveGroup)
    assert {"crisis", "referral"} >= {say.purpose.value for say in said(decision.effects)}
    assert said(decision.effects)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("stil 7d", 7 * 24),
        ("/stil 7d", 7 * 24),
        ("stil 3", 3 * 24),
        ("stil 2 uur", 2),
        ("stil 3 dagen", 3 * 24),
        ("zwijg 1 week", 7 * 24),
        ("silence 2 h", 2),
        ("silence 3 jours", 3 * 24),
        ("tais-toi 2 semaines", 14 * 24),
        ("be quiet 5 hours", 5),
        ("quiet 2 days", 2 * 24),
        ("stil", 24),
        ("stil 0 uur", 1),
        ("stil 999 weken", 30 * 24),
    ],
)
def test_admin_silences_the_group_for_so_long(text: str, hours: int) -> None:
    """Without a number for a day; at most thirty days."""
    decision = _tell(group(), text, known=_admin())
    assert [BeSilent(hours)] == _kinds(decision.effects, BeSilent)
    (say,) = said(decision.effects)
    until = (NOW + timedelta(hours=hours)).date()
    assert ("T50", (("day.until", Day(until)),)) == (say.item, say.values)


def test_longest_silence_is_a_setting() -> None:
    event = replace(heard(Label.SMALL_TALK, "stil 30d"), facts=_admin())
    limits = PolicySettings(silent_at_most=timedelta(days=3))
    decision = decide(shelf().book, group(), Conversation(), event, limits)
    assert [BeSilent(72)] == _kinds(decision.effects, BeSilent)


@pytest.mark.parametrize(
    ("text", "is_done"),
    [
        ("stil", True),
        ("stil 24 uur", True),
        ("stil 25 uur", False),
        ("stil 7d", False),
        ("praat", False),
        ("weg", False),
    ],
)
def test_anybody_may_ask_for_a_short_silence_and_an_admin_for_the_rest(
    text: str, is_done: bool
) -> None:
    decision = _tell(group(), text)
    done = _kinds(decision.effects, BeSilent, LeaveGroup, ChangePlace)
    assert is_done is bool(done)
    assert is_done is ("T52" not in names(decision.effects))
    assert _kinds(_tell(group(), text, known=_admin()).effects, BeSilent, LeaveGroup)


def test_nobody_but_an_admin_shortens_a_silence() -> None:
    until = NOW + timedelta(days=5)
    silent = group(silent_until=until)
    assert [BeSilent(5 * 24)] == _kinds(_tell(silent, "stil 1 uur").effects, BeSilent)
    shorter = _tell(silent, "stil 1 uur", known=_admin())
    assert [BeSilent(1)] == _kinds(shorter.effects, BeSilent)


def test_praat_ends_the_silence_and_the_alarm_mode() -> None:
    place = group(mode=ALARM_MODE, silent_until=NOW + timedelta(days=1))
    decision = _tell(place, "praat", known=_admin())
    assert [BeSilent(0)] == _kinds(decision.effects, BeSilent)
    assert ChangePlace(PlaceChange.ORDINARY) in decision.effects


def test_weg_says_goodbye_and_leaves() -> None:
    decision = _tell(group(), "weg", known=_admin())
    assert ["T61"] == names(decision.effects)
    assert LeaveGroup() == decision.effects[-1]


@pytest.mark.parametrize("text", ["stil", "stil 7d", "praat", "weg"])
def test_what_is_for_a_group_means_nothing_in_private(text: str) -> None:
    """Also when the platform calls somebody the admin of their own chat."""
    decision = _tell(private(), text, known=_admin())
    assert [] == _kinds(decision.effects, BeSilent, LeaveGroup)


@pytest.mark.parametrize(
    ("text", "purposes"),
    [
        ("stop nieuws", (NEWS,)),
        ("stop klusjes", (JOBS,)),
        ("negeer mij", (SERVICE, NEWS, JOBS)),
    ],
)
@pytest.mark.parametrize("place", [group(), private()], ids=["group", "private"])
def test_resident_stops_exactly_what_they_name(
    text: str, purposes: tuple[Purpose, ...], place: PlaceState
) -> None:
    """And the stop comes before its confirmation, so that nothing slips in between."""
    effects = _tell(place, text).effects
    assert OptOut(purposes) == effects[0]
    assert 1 == len(_kinds(effects, OptOut))


def test_stop_alone_stops_both_and_erases_nothing() -> None:
    decision = decide(shelf().book, private(), Conversation(), heard(Label.STOP, "stop"))
    assert [OptOut((NEWS, JOBS))] == _kinds(decision.effects, OptOut)
    assert ["T22"] == names(decision.effects)


@pytest.mark.parametrize("label", sorted(Label))
@pytest.mark.parametrize("place", [group(), private()], ids=["group", "private"])
def test_who_asked_to_be_ignored_is_answered_in_a_crisis_only(
    label: Label, place: PlaceState
) -> None:
    event = replace(heard(label, "iets"), facts=facts(is_ignored=True))
    decision = decide(shelf().book, place, Conversation(), event)
    shown = [say.purpose for say in said(decision.effects)]
    if label in CRISIS_LABELS:
        assert [Purpose.CRISIS] == shown
    elif label not in {Label.STOP, Label.ERASE_ME}:
        assert [] == shown


_UNHEARD = {
    "ignored": (private(), facts(is_ignored=True), Conversation()),
    "muted": (private(), facts(), Conversation(muted_until=NOW + timedelta(hours=5))),
    "in an alarm group": (group(mode=ALARM_MODE), facts(), Conversation()),
}


@pytest.mark.parametrize(("place", "known", "before"), _UNHEARD.values(), ids=_UNHEARD)
def test_stop_is_heard_from_everybody(
    place: PlaceState, known: Facts, before: Conversation
) -> None:
    """T17 offers STOP to who is about to be muted: then it must work."""
    event = replace(heard(Label.STOP, "stop"), facts=known)
    decision = decide(shelf().book, place, before, event)
    assert [OptOut((NEWS, JOBS))] == _kinds(decision.effects, OptOut)
    assert ["T22"] == names(decision.effects)


@pytest.mark.parametrize(("place", "known", "before"), _UNHEARD.values(), ids=_UNHEARD)
def test_erasure_is_asked_and_done_for_everybody(
    place: PlaceState, known: Facts, before: Conversation
) -> None:
    """In private the question and the deed; in a group the private link to it."""
    event = replace(heard(Label.ERASE_ME, "wis"), facts=known)
    asked = decide(shelf().book, place, before, event)
    if place.place is Place.GROUP:
        assert ["T38"] == names(asked.effects)
        return
    assert ["wis"] == names(asked.effects)
    event = replace(heard(Label.SMALL_TALK, "ja"), facts=known)
    assert Erase() in decide(shelf().book, place, asked.conversation, event).effects


@pytest.mark.parametrize("text", ["menu", "over", "mijn gegevens", "mens", "1", "klusje"])
def test_who_is_ignored_gets_no_menu_either(text: str) -> None:
    decision = _tell(private(), text, known=facts(is_ignored=True))
    assert [] == names(decision.effects)


@pytest.mark.parametrize("text", ["start", "weer aan", "réactiver", "start again"])
@pytest.mark.parametrize(
    "known",
    [{"is_ignored": True}, {"has_stopped": True}, {"has_stopped_jobs": True}],
    ids=lambda known: next(iter(known)),
)
def test_start_gives_back_everything_that_was_stopped(text: str, known: dict[str, bool]) -> None:
    decision = _tell(private(), text, known=facts(**known))
    assert OptIn() == decision.effects[0]
    assert ["T68"] == names(decision.effects), "and news only for who said yes to it"


def test_start_of_who_stopped_nothing_is_the_menu() -> None:
    decision = _tell(private(), "start")
    assert [] == _kinds(decision.effects, OptIn)
    assert ["T01"] == names(decision.effects)


@pytest.mark.parametrize(("jobs", "stops"), [(0, ()), (2, ("T56",))])
def test_my_data_are_told_in_private(jobs: int, stops: tuple[str, ...]) -> None:
    known = facts(mine_open_jobs=jobs, has_stopped=bool(stops))
    (say,) = said(_tell(private(), "mijn gegevens", known=known).effects)
    assert (("number.jobs", Number(jobs)),) == say.values
    assert stops == say.footers


def test_privacy_is_told_in_full_in_private() -> None:
    (in_private,) = said(_tell(private(), "privacy").effects)
    (in_group,) = said(_tell(group(), "privacy").effects)
    assert ("private_text", "text") == (in_private.key, in_group.key)


@pytest.mark.parametrize(
    ("text", "is_yes"),
    [
        *(("ja", True), ("oui", True), ("yes", True), ("blijf", True)),
        *(("nee", False), ("non", False), ("no", False), ("ga maar", False)),
    ],
)
def test_yes_and_no_are_votes_while_there_is_a_vote(text: str, is_yes: bool) -> None:
    """Nothing is said: nobody reads who voted what."""
    voting = group(is_voting=True)
    assert (CastVote(is_yes),) == _tell(voting, text).effects
    assert [] == _kinds(_tell(group(), text).effects, CastVote)
    assert [] == _kinds(_tell(private(), text).effects, CastVote)


@pytest.mark.parametrize(("choice", "is_yes"), [(VOTE_YES, True), (VOTE_NO, False)])
def test_pressed_vote_counts_only_while_there_is_one(choice: str, is_yes: bool) -> None:
    event = ChoiceMade(choice, facts())
    during = decide(shelf().book, group(is_voting=True), Conversation(), event)
    assert (CastVote(is_yes),) == during.effects
    after = decide(shelf().book, group(), Conversation(), event)
    assert [] == _kinds(after.effects, CastVote)
    assert ["T37"] == names(after.effects)


@pytest.mark.parametrize("text", ["stop nieuws", "negeer mij"])
def test_command_in_an_open_dialog_is_an_answer_to_it(text: str) -> None:
    """The words of a dialog are its own; STOP ends it, and then the commands work again."""
    opened = decide(shelf().book, private(), Conversation(), heard(Label.ODD_JOB_REQUEST))
    during = decide(
        shelf().book, private(), opened.conversation, heard(Label.SMALL_TALK, text, minutes=1)
    )
    assert [] == _kinds(during.effects, OptOut)
    assert "klus" == during.conversation.dialog
