"""The phrase lists and labelled examples that ship, read straight from their files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from wijkbot.engine.phrases import Cues, FaqExample, LabelledExample, PhraseList
from wijkbot.engine.words import Label
from wijkbot.understanding import Reader

DIALOGS = Path(__file__).parents[2] / "dialogs"
LANGUAGES = ("nl", "fr", "en", "tr", "ar", "pl", "uk", "es", "de")

FAQ = (
    FaqExample("F01", "nl", "wanneer is het spreekuur"),
    FaqExample("F01", "nl", "hoe laat is het wijkteam open"),
    FaqExample("F01", "nl", "wanneer is de zitdag van het caw"),
    FaqExample("F01", "fr", "c'est quand la permanence sociale"),
    FaqExample("F18", "nl", "waar is de voedselbank"),
    FaqExample("F18", "nl", "hoe kom ik aan een voedselpakket"),
    FaqExample("F20", "nl", "waar is het ocmw"),
    FaqExample("F20", "nl", "waar vraag ik een leefloon aan"),
    FaqExample("F24", "nl", "waar is er schuldbemiddeling"),
    FaqExample("F24", "nl", "waar kan ik terecht voor schuldhulp"),
)
"""A small FAQ, so that these tests do not move with the starter pack."""


def documents(folder: str) -> list[dict[str, Any]]:
    """Every YAML mapping in a folder of dialogs/."""
    return [yaml.safe_load(path.read_text()) for path in sorted((DIALOGS / folder).glob("*.yaml"))]


@cache
def reader() -> Reader:
    """A reader over the lists that ship and a small FAQ."""
    alarm = documents("alarm")
    return Reader(
        FAQ,
        [
            phrases
            for document in alarm
            if document["kind"] == "alarm"
            for phrases in _lists(document)
        ],
        [cue for document in alarm if document["kind"] == "cues" for cue in _cues(document)],
        [
            LabelledExample(Label(document["label"]), language, text)
            for document in documents("labels")
            for language, texts in document["examples"].items()
            for text in texts
        ],
    )


def _lists(document: dict[str, Any]) -> list[PhraseList]:
    kinds = {key: document.get(key) or {} for key in ("phrases", "not_when", "needs_first_person")}
    languages = sorted({language for texts in kinds.values() for language in texts})
    return [
        PhraseList(
            Label(document["label"]),
            language,
            *(tuple(kinds[key].get(language, ())) for key in kinds),
        )
        for language in languages
    ]


def _cues(document: dict[str, Any]) -> list[Cues]:
    return [
        Cues(language, tuple(words), tuple(document["now"].get(language, ())))
        for language, words in document["first_person"].items()
    ]
