"""Are the shipped lists whole: every label and language, every phrase readable?"""

from __future__ import annotations

import pytest

from tests.understanding.pack import LANGUAGES, documents, reader
from wijkbot.engine.words import CRISIS_LABELS, Label
from wijkbot.understanding.normalise import plain
from wijkbot.understanding.patterns import PhraseFinder, compile_phrase

ALARMS = [document for document in documents("alarm") if document["kind"] == "alarm"]


def _texts(document: dict[str, dict[str, list[str]]]) -> list[str]:
    return [
        text
        for key in ("phrases", "not_when", "needs_first_person")
        for texts in (document.get(key) or {}).values()
        for text in texts
    ]


@pytest.mark.parametrize("document", ALARMS, ids=lambda document: str(document["id"]))
def test_every_phrase_can_be_looked_for(document: dict[str, dict[str, list[str]]]) -> None:
    for text in _texts(document):
        assert compile_phrase(text)


@pytest.mark.parametrize("label", sorted(CRISIS_LABELS | {Label.HELP_PERSONAL, Label.STOP}))
def test_label_is_listened_for_in_all_nine_languages(label: Label) -> None:
    languages = {language for d in ALARMS if d["label"] == label for language in d["phrases"]}
    assert languages == set(LANGUAGES)


def test_every_label_has_labelled_examples() -> None:
    labels = {document["label"] for document in documents("labels")}
    assert labels == {label.value for label in Label}


def test_example_of_a_crisis_is_read_as_a_crisis_or_referred() -> None:
    missed = [
        text
        for document in documents("labels")
        if document["label"] in CRISIS_LABELS
        for texts in document["examples"].values()
        for text in texts
        if reader().read(text).label not in CRISIS_LABELS
    ]
    assert missed == []


def test_gap_alternatives_and_beginnings_are_found() -> None:
    finder = PhraseFinder(["wil … niet meer leven/bestaan", "zelfmoord*"])
    assert [f.phrase for f in finder.find(plain("ik wil echt niet meer bestaan").split())] == [0]
    assert [f.phrase for f in finder.find(["zelfmoordgedachten"])] == [1]
    assert finder.find("wil ik toch maar eens een keer niet meer leven".split()) == []


def test_typing_error_in_a_long_word_is_forgiven_and_a_known_word_is_not_changed() -> None:
    finder = PhraseFinder(["deurwaarder komt"], known_words=["komst"])
    assert finder.find(["deurwaader", "komt"])
    assert not finder.find(["deurwaarder", "komst"])


@pytest.mark.parametrize("phrase", ["", "…", "ab*", "/"])
def test_phrase_that_means_nothing_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is the claim
        compile_phrase(phrase)
