"""Do the things that went wrong elsewhere go right here? The stories, by number.

Told whole in another place:

- 5, preview leak: tests/engine/test_discreet.py (``test_line_5_screen_of_somebody_at_home_...``);
- 6, token eaten by a preview: tests/web/test_sandbox.py
  (``test_opening_the_private_link_uses_nothing``);
- 8, night announcement: tests/app/test_announce.py
  (``test_announcement_that_meets_the_night_waits_for_the_morning``);
- 9, double post after a restart: tests/storage/test_power.py and
  tests/end_to_end/test_send_under_way.py;
- 14, old number: tests/app/test_helpline_hours.py and tests/app/test_go_live.py;
- 18, personal data in an announcement: tests/app/test_announce_lint.py;
- 19, one platform away: the channels have homes of their own (tests/app/test_home.py), and the
  same content goes by hand into groups without a bot (tests/app/test_by_hand.py);
- 20, bot removed: tests/app/test_stays.py
  (``test_all_of_a_group_goes_when_the_bot_is_removed``).

- 21, curious manager: tests/securechat/test_permissions.py (who sees no conversation), and what
  may be counted: tests/app/test_decision_log.py.

Not there yet: 15, harm by a helper (with the matching of odd jobs); of 1 the weekly digest, of 13
the text of a job that is shown to others, of 23 the draft that follows an edit.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from tests.engine.neighbourhood import GROUP, Neighbourhood
from tests.engine.pack import NOW, facts, group, heard, names, private, said, shelf
from wijkbot.adapter_api import EventKind, IncomingEvent, SenderKind
from wijkbot.app.receive import is_for_us
from wijkbot.app.rehearse import Rehearsal, Stage, Uttered
from wijkbot.app.shelf import Shelf, make_shelf
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import decide
from wijkbot.engine.effects import BindToken, NoteOddJob, OptOut
from wijkbot.engine.events import ChatStarted, Facts
from wijkbot.engine.policy import PolicySettings, Request, permit
from wijkbot.engine.table import LIMIT_REACHED
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose

LANGUAGES = ("nl", "fr", "en")
OF_THE_OTHER_COUNTRY = {
    "BE": r"\b113\b|0800-0113|0800-2000|088 0767 000|0800-0432|0900-8844",
    "NL": r"\b1813\b|\b1712\b|0800 32 123|0800 30 030|\b10[1237]\b|078 15",
}
_CRIES = {
    "nl": ("ik wil niet meer leven", "mijn man slaat mij", "ik kan mijn huur niet betalen",
           "ik voel mij zo alleen", "geen slaapplek vannacht", "ik ben 14 en ik wil praten"),
    "fr": ("je veux mourir", "mon mari me frappe", "je ne sais plus payer mon loyer",
           "je me sens si seule", "je n'ai nulle part où dormir cette nuit"),
    "en": ("I want to die", "my husband hits me", "I cannot pay my rent", "I feel so alone",
           "I have nowhere to sleep tonight"),
}  # fmt: skip


@cache
def _shelf(country: str) -> Shelf:
    return make_shelf(shelf().items, country=country, reader=shelf().reader)


def _hears(text: str, place: Place, *, country: str = "BE", **more: object) -> list[Uttered]:
    stage = replace(Stage(place=place, country=country), **more)  # type: ignore[arg-type]
    return list(Rehearsal(_shelf(country), stage).hear(text)[1])


def _texts(text: str, place: Place, *, country: str = "BE", **more: object) -> str:
    return "\n".join(one.rendered.text for one in _hears(text, place, country=country, **more))


def test_story_01_thanks_while_the_group_mourns() -> None:
    """Nobody spoke to the bot: silence. And who wants quiet has it at once, for everybody."""
    street = Neighbourhood(shelf().book, PolicySettings())
    thanks = replace(heard(Label.GREETING_THANKS, "dank je"), is_addressed=False)
    assert [] == street.happens(GROUP, "momo", thanks)[1]
    assert street.announce(GROUP, Purpose.ANNOUNCEMENT, is_holiday=False)
    street.now += timedelta(days=1)
    street.happens(GROUP, "momo", replace(heard(Label.SMALL_TALK, "stil"), facts=_now(street)))
    street.now += timedelta(hours=23)
    assert not street.announce(GROUP, Purpose.ANNOUNCEMENT, is_holiday=False)
    street.now += timedelta(hours=2)
    assert street.announce(GROUP, Purpose.ANNOUNCEMENT, is_holiday=False)


def _now(street: Neighbourhood) -> Facts:
    return street.facts("momo")


def test_story_02_spam_of_thirty_questions_in_five_minutes() -> None:
    """Six answers, one line with the private link, and then peace; no word about an error."""
    street = Neighbourhood(shelf().book, PolicySettings())
    shown: list[str] = []
    for turn in range(30):
        street.now = NOW + timedelta(seconds=10 * turn)
        event = replace(heard(Label.INFO, faq="F30"), facts=street.facts("momo"))
        shown += [say.item for say in street.happens(GROUP, f"buur {turn % 3}", event)[1]]
    assert ["F30"] * 6 + [LIMIT_REACHED] == shown
    limit = _items_text(LIMIT_REACHED)
    assert "{link.private}" in limit and not re.search(r"fout|error|sorry", limit.lower())


def _items_text(item: str) -> str:
    return str(shelf().items[item].text["nl"])  # type: ignore[union-attr]


def test_story_02_a_cry_for_help_is_heard_in_the_midst_of_spam() -> None:
    spent = group(answers_this_hour=6, hour_started_at=NOW, limit_shown_at=NOW)
    for label, expected in ((Label.CRISIS_SUICIDE, "T12"), (Label.HELP_PERSONAL, "T06")):
        decision = decide(shelf().book, spent, Conversation(), heard(label))
        assert [expected] == names(decision.effects)


def test_story_03_hour_that_falls_on_a_holiday() -> None:
    """27 April 2027 is Koningsdag: the card says so, and gives the fourth of May."""
    at = datetime(2027, 4, 27, 9, tzinfo=UTC)
    text = _texts("is spreekuur vandaag?", Place.GROUP, country="NL", now=at)
    assert "dinsdag 4 mei" in text
    assert "niet op dinsdag 27 april" in text and "Koningsdag" in text


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("ik heb schulden, waar moet ik zijn", "schuld"),
        ("Fien hier, ik ben zo alleen sinds Jan dood is", "alleen|jan|fien|dood"),
        ("je ne sais plus payer mon loyer, Amélie", "loyer|payer|amélie"),
        ("I can't pay my rent, I am Sue", "rent|sue"),
    ],
)
def test_story_04_reply_in_the_group_reveals_no_problem(text: str, topic: str) -> None:
    (uttered,) = _hears(text, Place.GROUP)
    assert "T06" == uttered.say.item
    words = re.sub(r"https?://\S+", "", uttered.rendered.text).lower()
    assert not re.search(rf"\b({topic})", words)
    assert '"' not in words and "@" not in words and ">" not in words


@pytest.mark.parametrize("text", ["ik ben 14 mag ik hond uitlaten voor geld", "nee"])
def test_story_07_job_of_a_minor_is_not_noted(text: str) -> None:
    """Said at once, or when the dialog asks whether they are eighteen: nothing stays behind."""
    opened = decide(shelf().book, private(), Conversation(), heard(Label.ODD_JOB_REQUEST))
    for before in (Conversation(), opened.conversation):
        label = shelf().reader.read(text, "nl", "addressed").label
        decision = decide(shelf().book, private(), before, heard(label, text))
        assert not [e for e in decision.effects if isinstance(e, NoteOddJob | BindToken)]
        assert text not in str(decision.conversation)
        if label is Label.MINOR:
            assert ["T19"] == names(decision.effects)


@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.parametrize("kind", [SenderKind.BOT, SenderKind.CHANNEL])
def test_story_10_two_bots_do_not_talk(kind: SenderKind, is_private: bool) -> None:
    """What a bot or a channel says is dropped unread, also when it names us."""
    said_to_us = IncomingEvent(
        kind=EventKind.MESSAGE,
        event_id="1",
        chat="c",
        is_private=is_private,
        sender="robot",
        received_at=NOW,
        text="ik wil niet meer leven",
        addressed=True,
    )
    assert is_for_us(said_to_us)
    assert not is_for_us(replace(said_to_us, sender_kind=kind))
    pressed = replace(said_to_us, kind=EventKind.CHOICE, choice_id="menu.job", sender_kind=kind)
    assert not is_for_us(pressed)


@pytest.mark.parametrize("place", [Place.GROUP, Place.PRIVATE])
@pytest.mark.parametrize(
    ("text", "is_crisis"),
    [
        ("ik ga dood van het lachen 😂", False),
        ("mijn plantjes gaan dood wie geeft water", False),
        ("112 appartementen te huur", False),
        ("iedereen is beter af zonder mij", True),
        ("niemand mist mij als ik weg ben", True),
    ],
)
def test_story_11_joke_is_no_crisis_and_a_quiet_cry_is(
    text: str, is_crisis: bool, place: Place
) -> None:
    purposes = {uttered.say.purpose for uttered in _hears(text, place)}
    assert is_crisis is (Purpose.CRISIS in purposes)
    assert not is_crisis or {Purpose.CRISIS} == purposes


@pytest.mark.parametrize("country", ["BE", "NL"])
@pytest.mark.parametrize(
    ("text", "nobody", "promise"),
    [
        ("ik wil niet meer leven", "leest nu niemand mee", "contact op|zo bij je|we bellen"),
        ("je veux mourir", "personne ne lit", "nous vous contact|rappel"),
        ("I want to die", "nobody reads", "we will contact|call you"),
    ],
)
def test_story_12_no_false_safety_at_three_in_the_night(
    text: str, nobody: str, promise: str, country: str
) -> None:
    night = datetime(2026, 11, 25, 2, tzinfo=UTC)
    shown = _texts(text, Place.PRIVATE, country=country, now=night).lower()
    assert nobody in shown
    assert not re.search(promise, shown)


AWAY = "2 weken op reis wie doet de post, Kerkstraat 12"


def test_story_13_nobody_reads_that_somebody_is_away() -> None:
    """In the group: a private link and no word of it; in private: nothing of it is kept."""
    in_group = _texts(AWAY, Place.GROUP).lower()
    assert "adres" in in_group, "they are asked to put none in the group"
    assert not re.search("kerkstraat|reis|weken|post", in_group)
    reading = shelf().reader.read(AWAY, "nl", "addressed")
    assert Label.PERSONAL_DATA in reading.also
    event = replace(heard(reading.label, AWAY), reading=reading)
    opened = decide(shelf().book, private(), Conversation(), event)
    assert "Kerkstraat" not in str(opened.conversation)
    assert "Kerkstraat" not in str(opened.effects)


@pytest.mark.parametrize("country", OF_THE_OTHER_COUNTRY)
@pytest.mark.parametrize("place", [Place.GROUP, Place.PRIVATE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_story_16_nobody_gets_a_number_of_the_other_country(
    country: str, place: Place, language: str
) -> None:
    for text in _CRIES[language]:
        shown = _texts(text, place, country=country, language=language)
        assert shown
        assert not re.search(OF_THE_OTHER_COUNTRY[country], shown), shown


@pytest.mark.parametrize(
    ("text", "item", "begin"),
    [
        ("je ne sais plus payer mon loyer", "T06", "Les questions personnelles"),
        ("je veux mourir", "T12", "Quelqu'un en danger"),
        ("I want to die", "T12", "Is someone in danger"),
    ],
)
def test_story_17_answer_is_in_the_language_of_the_question(
    text: str, item: str, begin: str
) -> None:
    (uttered,) = _hears(text, Place.GROUP, language="nl")
    assert item == uttered.say.item
    assert uttered.rendered.text.startswith(begin)


def test_story_17_crisis_texts_come_from_the_reviewed_set_only() -> None:
    """Also for who writes in a language in which no text is reviewed."""
    for text in ("kendimi öldürmek istiyorum", "ich will nicht mehr leben"):
        (uttered,) = _hears(text, Place.PRIVATE)
        item = shelf().items[uttered.say.item]
        assert Purpose.CRISIS is uttered.say.purpose
        assert {"nl", "en"} <= {language for language, ok in item.reviewed.items() if ok}  # type: ignore[union-attr]
        assert "Bel 112" in uttered.rendered.text and "112. Thoughts" in uttered.rendered.text


@pytest.mark.parametrize("place", [group(), private()], ids=["group", "private"])
@pytest.mark.parametrize(
    "text", ["Over wie ging dat?", "wie vroeg dat", "C'était qui ?", "who asked that?"]
)
def test_story_22_over_wie_ging_dat(text: str, place: object) -> None:
    label = shelf().reader.read(text, "nl", "addressed").label
    assert label not in SENSITIVE_LABELS
    where = group() if place == group() else private()
    decision = decide(shelf().book, where, Conversation(), heard(label, text))
    assert ["T45"] == names(decision.effects)


@pytest.mark.parametrize("label", sorted(Label))
def test_story_23_edit_runs_the_alarm_and_restores_nothing(label: Label) -> None:
    """A conversation that was forgotten or a dialog that is open stays as it is."""
    opened = decide(shelf().book, private(), Conversation(), heard(Label.ODD_JOB_REQUEST))
    for before in (Conversation(), opened.conversation):
        event = heard(label, "toch iets anders", is_edit=True, minutes=1)
        decision = decide(shelf().book, private(), before, event)
        after = decision.conversation
        assert (before.dialog, before.step, before.slots) == (
            after.dialog,
            after.step,
            after.slots,
        )
        shown = {say.purpose for say in said(decision.effects)}
        assert ({Purpose.CRISIS} if label in CRISIS_LABELS else set()) == shown
        assert not [e for e in decision.effects if isinstance(e, OptOut | NoteOddJob)]


@pytest.mark.parametrize("purpose", sorted(Purpose))
def test_story_24_worker_sends_no_free_words_on_a_platform(purpose: Purpose) -> None:
    """Without the profile for outreach a human's own words never leave, as an answer neither."""
    for place in (group(), private()):
        for is_answer in (True, False):
            by_hand = Request(
                purpose, is_answer, facts().local_now, has_own_words=True, worker="ann"
            )
            assert not permit(by_hand, place, PolicySettings()).is_permitted


def test_start_without_a_question_is_the_only_welcome() -> None:
    """T01 comes to who opens the chat, and to nobody else by itself."""
    started = decide(shelf().book, private(), Conversation(), ChatStarted(facts()))
    assert ["T01"] == names(started.effects)
