"""Does an explanation name what really decided, and what did not count?"""

from __future__ import annotations

from functools import cache

import pytest

from wijkbot.engine.phrases import Cues, FaqExample, LabelledExample, PhraseList
from wijkbot.engine.words import Label
from wijkbot.understanding import Reader
from wijkbot.understanding.explain import (
    Basis,
    Explanation,
    Hindrance,
    explain,
    heard_as,
    mark,
)
from wijkbot.understanding.personal_data import DataKind

LISTS = (
    PhraseList(
        Label.CRISIS_SUICIDE,
        "nl",
        ("wil/kwil … niet/nie meer leven",),
        not_when=("dood van het lachen",),
        needs_first_person=("ga dood",),
    ),
    PhraseList(Label.HOMELESS_TONIGHT, "nl", (), needs_first_person=("geen slaapplek",)),
    PhraseList(Label.STOP, "nl", ("stop",)),
    PhraseList(Label.HELP_PERSONAL, "nl", ("huur niet betalen",)),
)
CUES = (Cues("nl", ("ik", "mijn"), ("vannacht",)), Cues("de", ("ik",)))
TOPICS = (
    FaqExample("food", "nl", "waar is de voedselbank"),
    FaqExample("food", "nl", "wanneer is de voedselbank open"),
    FaqExample("food", "nl", "hoe kom ik aan een voedselpakket"),
    FaqExample("doctor", "nl", "waar vind ik een huisarts"),
    FaqExample("doctor", "nl", "welke dokter neemt patiënten"),
)
LABELLED = (
    LabelledExample(Label.SMALL_TALK, "nl", "mooi weer vandaag"),
    LabelledExample(Label.SMALL_TALK, "nl", "wat een lekker zonnetje"),
    LabelledExample(Label.DISTRESS, "nl", "ik voel me zo alleen de laatste tijd"),
)


@cache
def _reader() -> Reader:
    return Reader(TOPICS, LISTS, CUES, LABELLED)


def _of(text: str) -> Explanation:
    return explain(_reader(), text, LISTS, CUES, "nl")


def test_phrase_of_a_list_is_named_as_it_was_met() -> None:
    found = _of("kwil echt nie meer leven")
    assert (found.reading.label, found.basis) == (Label.CRISIS_SUICIDE, Basis.LIST)
    (spoken,) = found.spoken
    assert spoken.hindrance is None
    assert spoken.phrase == "wil/kwil … niet/nie meer leven"
    assert spoken.heard_as == "kwil … nie meer leven"


def test_misspelt_word_keeps_its_alternatives() -> None:
    assert heard_as("betaal/betaald huurr/huur", ["betaal", "hurr"]) == "betaal huurr/huur"
    assert heard_as("zelfmoord* plegen", ["zelfmoordgedachten", "plegen"]) == "zelfmoord* plegen"


@pytest.mark.parametrize(
    ("text", "label", "hindrance"),
    [
        ("ik ga dood van het lachen", Label.CRISIS_SUICIDE, Hindrance.IDIOM),
        ("de plant ga dood", Label.CRISIS_SUICIDE, Hindrance.NO_FIRST_PERSON),
        ("ik heb geen slaapplek", Label.HOMELESS_TONIGHT, Hindrance.NOT_NOW),
        ("de bus heeft geen stop in onze straat", Label.STOP, Hindrance.NOT_ALL),
    ],
)
def test_phrase_that_does_not_count_says_why(
    text: str, label: Label, hindrance: Hindrance
) -> None:
    found = _of(text)
    assert found.reading.label is not label
    assert [(s.label, s.hindrance) for s in found.spoken] == [(label, hindrance)]


def test_idiom_that_silences_is_named() -> None:
    (spoken,) = _of("ik ga dood van het lachen").spoken
    assert spoken.idioms == ("dood van het lachen",)


def test_cue_is_named_once_although_two_languages_share_it() -> None:
    found = _of("vannacht wil ik niet meer leven")
    assert (found.first_person, found.now) == (("ik",), ("vannacht",))


def test_topic_decides_with_its_examples_and_its_lead() -> None:
    found = _of("wanneer is de voedselbank ope")
    assert found.basis is Basis.TOPIC
    best = found.topics[0]
    assert best.name == "food"
    assert "addressed" in found.enough_for
    assert found.ahead >= found.thresholds["addressed"]
    assert best.because[0].marked == "[wanneer is de voedselbank ope]n"
    assert sum(evidence.share for evidence in best.because) <= best.score + 1e-9


def test_vote_and_nothing_and_personal_data_decide_too() -> None:
    assert _of("mooi weer he vandaag").basis is Basis.VOTE
    assert _of("xyzzy").basis is Basis.NOTHING
    found = _of("hier is mijn nummer 0478 12 34 56")
    assert (found.basis, found.data) == (Basis.PERSONAL_DATA, (DataKind.PHONE,))


@pytest.mark.parametrize(
    ("example", "words", "marked"),
    [
        ("Waar is de voedselbank?", "voedselpakket waar", "[Waar] is de [voedsel]bank?"),
        ("où est l'épicerie", "epicerie", "où est l'[épicerie]"),
        ("welke dag", "morgen", "welke dag"),
        ("vannacht open", "nacht", "van[nacht] open"),
        ("متى يفتح بنك الطعام", "بنك الطعام", "متى يفتح [بنك الطعام]"),
    ],
)
def test_what_an_example_shares_is_marked(example: str, words: str, marked: str) -> None:
    assert mark(example, words) == marked
