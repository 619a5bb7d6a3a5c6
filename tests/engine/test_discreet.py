"""Can anybody see from what the bot does who asked for help? The lines of discreet referral.

Each test has the number of its line in its name. Tested in the place where they happen:

- lines 1, 4, 5, 6 and 12 also in a whole bot: tests/app/test_discreet_alive.py;
- line 3: the rhythm of the pointer and its one bump a day: tests/app/test_pointer.py;
- line 7: the page behind the secure link: tests/securechat/browser/test_resident_leaving.py. That
  a GET uses no token: tests/web/test_sandbox.py (``test_opening_the_private_link_uses_nothing``);
- line 8: what a human alert holds: tests/app/test_listen.py, and how the team hears of it:
  tests/securechat/test_bell.py; here that a notice cannot hold anything but its kind;
- line 9: listening: tests/app/test_listen.py. That talk in a group leaves nothing behind:
  tests/app/test_rule_in_the_house.py (``test_talk_in_the_group_leaves_nothing_behind``);
- line 10: here the public ready answer; moderators have no screens yet.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from itertools import chain, islice
from pathlib import Path

import pytest

from tests.engine.pack import NOW, facts, group, heard, names, private, shelf
from wijkbot.adapter_api import Adapter
from wijkbot.app.rehearse import Rehearsal, Stage, Uttered
from wijkbot.app.render import Links, Setting, render
from wijkbot.content.book import labelled
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import decide
from wijkbot.engine.effects import BindToken, Effect, OptOut, Say, StaffKind, StaffNotice
from wijkbot.engine.events import ChatStarted, MessageArrived
from wijkbot.engine.reading import Reading
from wijkbot.engine.table import POINTER
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose
from wijkbot_sandbox.world import RESIDENTS

SENSITIVE = tuple(label for label in Label if label in SENSITIVE_LABELS)
VARIANTS = {"nl-NL": ("NL", "nl"), "nl-BE": ("BE", "nl"), "fr": ("BE", "fr"), "en": ("BE", "en")}
EACH = 10
"""Messages of each class and language; those that are read as another class count there."""
FEWEST = 3
UNSEEN = Path(__file__).parents[1] / "understanding" / "unseen.jsonl"
CANARY = "kanariepiet"
SIGNED = f" {RESIDENTS[0].name} {CANARY}"
ONE_URL = "https://wijkbot.example/p"
TOPICS = """
    schuld huur geld betal uitkering leefloon eenzaam alleen verdriet rouw kind jong ouder puber
    relatie papieren zorg zelfmoord zelfdoding dood geweld sla
    dette loyer argent chômage seul tristesse deuil enfant jeune parent suicide mort violence
    debt rent money benefit lonely alone grief child young parent suicide dead violence
""".split()
_URL = re.compile(r"https?://\S+")
_NEUTRAL = 60
"""Characters that a locked screen shows of a message."""


def _stage(variant: str, place: Place) -> Stage:
    country, language = VARIANTS[variant]
    return Stage(place=place, country=country, language=language)


@cache
def _messages(language: str) -> tuple[str, ...]:
    """Many sensitive messages of one language: examples of the pack, and unseen ones."""
    by_label = defaultdict(list)
    for example in labelled(shelf().items):
        if example.label in SENSITIVE_LABELS and example.language == language:
            by_label[example.label].append(example.text)
    unseen = []
    for line in UNSEEN.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if Label(one["label"]) in SENSITIVE_LABELS and one["lang"][:2] == language:
            unseen.append(one["text"])
    spread = (texts[:: max(1, len(texts) // EACH)] for texts in by_label.values())
    return (*chain.from_iterable(islice(texts, EACH) for texts in spread), *unseen)


@cache
def _said(variant: str, place: Place) -> dict[Label, list[tuple[str, Uttered]]]:
    """What goes out for each message: by class as it was read, in the language of the variant."""
    language = VARIANTS[variant][1]
    found = defaultdict(list)
    for text in _messages(language):
        reading, uttered = Rehearsal(shelf(), _stage(variant, place)).hear(text)
        if reading.label in SENSITIVE_LABELS and reading.language == language:
            assert 1 == len(uttered), text
            found[reading.label].append((text, uttered[0]))
    return found


def _all_in_groups() -> Iterator[Uttered]:
    for variant in VARIANTS:
        for said in _said(variant, Place.GROUP).values():
            yield from (uttered for _, uttered in said)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("label", SENSITIVE)
def test_line_2_messages_of_one_class_give_identical_bytes_in_a_group(
    variant: str, label: Label
) -> None:
    said = _said(variant, Place.GROUP)[label]
    assert FEWEST <= len({text for text, _ in said}), "too few messages to prove anything"
    assert 1 == len({uttered.rendered.text.encode() for _, uttered in said})
    assert 1 == len({uttered.say for _, uttered in said})
    assert {()} == {uttered.rendered.choices for _, uttered in said}


@pytest.mark.parametrize("variant", VARIANTS)
def test_line_2_no_word_of_the_message_comes_back(variant: str) -> None:
    """The same message signed with a name and a rare word gets the same bytes."""
    language = VARIANTS[variant][1]
    checked = 0
    for label, said in _said(variant, Place.GROUP).items():
        text, plain = said[0]
        reading, uttered = Rehearsal(shelf(), _stage(variant, Place.GROUP)).hear(text + SIGNED)
        shown = "".join(one.rendered.text for one in uttered).lower()
        assert not [word for word in SIGNED.lower().split() if word in shown]
        if (reading.label, reading.language) == (label, language):
            assert plain.rendered.text.lower() == shown
            checked += 1
    assert checked


@pytest.mark.parametrize("variant", VARIANTS)
def test_line_2_money_grief_and_youth_cannot_be_told_apart_in_a_group(variant: str) -> None:
    alike = (Label.HELP_PERSONAL, Label.DISTRESS, Label.MINOR)
    texts = {_said(variant, Place.GROUP)[label][0][1].rendered.text for label in alike}
    (text,) = texts
    words = re.findall(r"\w+", _URL.sub("", text).lower())
    assert [] == [word for word in words if word.startswith(tuple(TOPICS))]


@pytest.mark.parametrize("variant", VARIANTS)
def test_line_2_suicide_and_violence_cannot_be_told_apart_in_a_group(variant: str) -> None:
    said = _said(variant, Place.GROUP)
    alike = (Label.CRISIS_SUICIDE, Label.CRISIS_VIOLENCE)
    assert 1 == len({said[label][0][1].rendered.text for label in alike})


@pytest.mark.parametrize("label", SENSITIVE)
def test_line_2_text_depends_on_the_state_of_the_chat_and_not_on_the_person(label: Label) -> None:
    """Whoever asks, whatever they stopped, noted or asked before: the same effects."""
    before = Conversation(referred_at=(NOW,) * 3, unclear=2, abuse_told=True, misses=1)
    known = facts(has_stopped=True, has_stopped_jobs=True, mine_open_jobs=3, is_admin=True)
    known = replace(known, random_token="another")
    stranger = decide(shelf().book, group(), Conversation(), heard(label, "een"))
    event = MessageArrived("iets heel anders", Reading(label, score=0.9), known)
    assert stranger.effects == decide(shelf().book, group(), before, event).effects


def test_line_1_nothing_in_a_group_names_mentions_or_addresses_anybody() -> None:
    names_ = {part.lower() for resident in RESIDENTS for part in resident.name.split()}
    for uttered in _all_in_groups():
        text = _URL.sub("", uttered.rendered.text)
        assert "@" not in text
        assert not re.match(r"\W*(beste|dag|cher|chère|dear|hi|hey)\b", text.lower())
        assert not names_ & set(re.findall(r"\w+", text.lower()))


def test_line_1_there_is_no_way_to_react_to_a_message() -> None:
    """A reaction would point at who wrote it: no adapter offers one."""
    offered = {name for name in dir(Adapter) if not name.startswith("_")}
    assert {"send", "pin", "withdraw"} <= offered
    assert not [name for name in offered if "react" in name or "quote" in name]


CRIES = {
    Label.CRISIS_SUICIDE: "ik wil niet meer leven",
    Label.CRISIS_VIOLENCE: "mijn man slaat mij",
    Label.CRISIS_MEDICAL: "mijn man ligt op de grond en ademt niet",
    Label.HOMELESS_TONIGHT: "ik heb geen slaapplek vannacht",
    Label.HELP_PERSONAL: "ik kan mijn huur niet betalen",
    Label.DISTRESS: "ik ben zo alleen sinds hij dood is",
    Label.MINOR: "ik ben 14 en thuis is er altijd ruzie",
    Label.THIRD_PERSON: "er ligt al drie nachten een man op de parking",
}


def test_cries_are_of_the_classes_that_they_stand_for() -> None:
    assert set(CRIES) == SENSITIVE_LABELS
    for label, text in CRIES.items():
        assert label is shelf().reader.read(text, "nl", "addressed").label


def test_line_3_no_message_brings_the_pointer() -> None:
    """It comes by on its rhythm alone: who asks for help gets T06, so it is proof of nothing."""
    for label in Label:
        for place in (group(), private()):
            effects = decide(shelf().book, place, Conversation(), heard(label)).effects
            assert POINTER not in names(effects)


@pytest.mark.parametrize("label", SENSITIVE)
def test_line_4_only_who_addresses_the_bot_is_answered_in_a_group(label: Label) -> None:
    event = heard(label)
    assert names(decide(shelf().book, group(), Conversation(), event).effects)
    overheard = replace(event, is_addressed=False)
    assert () == decide(shelf().book, group(), Conversation(), overheard).effects


@pytest.mark.parametrize("variant", VARIANTS)
def test_line_5_screen_of_somebody_at_home_shows_nothing_of_violence(variant: str) -> None:
    """First sixty characters; also of somebody's very first message, where nothing precedes."""
    said = _said(variant, Place.PRIVATE)[Label.CRISIS_VIOLENCE]
    assert said
    for text, uttered in said:
        screen = uttered.rendered.text[:_NEUTRAL].lower()
        assert not re.search(
            r"geweld|sla[at]|veilig|gevaar|politie|misbruik|violence|danger|coup|frapp|police|"
            r"abuse|hit|beat|safe|\d{3}",
            screen,
        )
        first = replace(_stage(variant, Place.PRIVATE), was_told=False)
        (again,) = Rehearsal(shelf(), first).hear(text)[1]
        assert uttered.rendered.text == again.rendered.text


@pytest.mark.parametrize("variant", VARIANTS)
def test_line_5_private_answer_quotes_nothing(variant: str) -> None:
    for said in _said(variant, Place.PRIVATE).values():
        assert 1 == len({uttered.rendered.text for _, uttered in said})


@pytest.mark.parametrize("label", Label)
def test_line_5_no_effect_can_reach_another_chat(label: Label) -> None:
    """Nothing that is asked for names a chat or a person, so no chat can be opened."""
    for place in (group(), private()):
        for effect in decide(shelf().book, place, Conversation(), heard(label)).effects:
            assert not _fields(effect) & {"chat", "chat_id", "address", "member", "to", "resident"}


def _fields(effect: Effect) -> set[str]:
    return {field.name for field in fields(effect)}


def test_line_6_tap_on_the_link_says_nothing_in_the_group() -> None:
    """The tap is an event of the private chat, and no conversation reaches another."""
    tapped = decide(shelf().book, private(), Conversation(), ChatStarted(facts()))
    assert ["T01"] == names(tapped.effects)
    assert not [e for e in tapped.effects if isinstance(e, StaffNotice | OptOut | BindToken)]


def test_line_7_one_url_for_all_without_token_or_topic() -> None:
    """Whatever was asked, by whom, in which language: the same link."""
    found = [_URL.findall(uttered.rendered.text) for uttered in _all_in_groups()]
    assert {ONE_URL} == set(chain.from_iterable(found))


@pytest.mark.parametrize("place", [Place.GROUP, Place.PRIVATE])
def test_line_7_no_token_is_made_for_a_help_question(place: Place) -> None:
    asked: list[str] = []

    def private_link(token: str) -> str:
        asked.append(token)
        return ONE_URL

    stage = replace(_stage("nl-BE", place), links=Links(private_link, "https://veilig.example/"))
    for text in CRIES.values():
        rehearsal = Rehearsal(shelf(), stage)
        rehearsal.hear(text)
        assert not [e for e in rehearsal.effects if isinstance(e, BindToken)]
    assert {""} >= set(asked)


def test_line_8_notice_to_staff_is_a_kind_and_has_no_room_for_more() -> None:
    assert ["kind"] == [field.name for field in fields(StaffNotice)]
    for label, text in CRIES.items():
        for place in (group(), private()):
            effects = decide(shelf().book, place, Conversation(), heard(label, text)).effects
            kinds = [effect.kind for effect in effects if isinstance(effect, StaffNotice)]
            assert kinds and set(kinds) <= set(StaffKind)


@pytest.mark.parametrize("variant", VARIANTS)
def test_line_10_public_ready_answer_names_no_topic_and_nobody(variant: str) -> None:
    country, _ = VARIANTS[variant]
    say = Say(Purpose.ANNOUNCEMENT, POINTER, 1)
    stage = _stage(variant, Place.GROUP)
    setting = Setting(shelf().items, country, stage.now, stage.links, shelf().book.main_hours)
    text = render(say, shelf().items[POINTER], variant, setting).text
    words = re.findall(r"\w+", _URL.sub("", text).lower())
    assert [] == [word for word in words if word.startswith(tuple(TOPICS))]
    assert [ONE_URL] == _URL.findall(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("over wie ging dat?", "Daar praten we niet over."),
        ("Wie heeft dat gevraagd??", "Daar praten we niet over."),
        ("c'était pour qui ?", "Nous n'en parlons pas."),
        ("who was that about?", "We do not talk about that."),
    ],
)
@pytest.mark.parametrize("place", [Place.GROUP, Place.PRIVATE])
def test_line_11_about_whom_it_was_is_not_talked_about(
    text: str, answer: str, place: Place
) -> None:
    (uttered,) = Rehearsal(shelf(), _stage("nl-BE", place)).hear(text)[1]
    assert answer == uttered.rendered.text


@pytest.mark.parametrize("text", ["mijn gegevens", "mes données", "my data"])
def test_line_12_group_never_reads_what_is_known_of_somebody(text: str) -> None:
    """The answer in the group is the same for who is known and for a stranger."""
    known = facts(mine_open_jobs=3, has_stopped=True, has_stopped_jobs=True)
    told = decide(shelf().book, group(), Conversation(), _asks(text, known=known))
    stranger = decide(shelf().book, group(), Conversation(), _asks(text))
    assert ["T63"] == names(told.effects)
    assert stranger.effects == told.effects


def _asks(text: str, *, known: object = None) -> MessageArrived:
    event = heard(Label.INFO, text)
    return replace(event, facts=known) if known else event  # type: ignore[arg-type]


def test_crisis_card_is_never_preceded_by_anything() -> None:
    """Not even by the line that this is a computer."""
    for label in sorted(CRISIS_LABELS):
        decision = decide(shelf().book, private(was_told=False), Conversation(), heard(label))
        first = decision.effects[0]
        assert isinstance(first, Say) and () == first.footers
