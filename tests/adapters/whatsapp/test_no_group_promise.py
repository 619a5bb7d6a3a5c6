"""Do we ever promise a bot in a WhatsApp group that exists? WhatsApp has no way for that.

Every sentence of what people read that speaks of WhatsApp, a group and something that a bot
does in it must also say how it is: not, by hand, or one to one. A human may read more in a text
than this does; it catches the promise that slips in by habit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[3]
_END = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\n\s*[-*|#]|\|")
_WHATSAPP = re.compile(r"whats\s?app", re.IGNORECASE)
_GROUP = re.compile(r"\b(\w*groep\w*|\w*groupes?|groups?|groupchats?)\b", re.IGNORECASE)
_IN_IT = re.compile(
    r"\b(bot|robot|wijkbot|assistant|assistent|"
    r"add\w*|join\w*|invit\w*|sits?|lives?|works?|put|"
    r"zit|leeft|werkt|voeg\w*|toevoeg\w*|nodig|uitnodig\w*|zet|komt|"
    r"ajout\w*|rejoin\w*|entre\w*|vit|marche|fonctionne\w*|mett\w*|est dans)\b",
    re.IGNORECASE,
)
_HONEST = re.compile(
    r"\b(no|not|nor|never|cannot|can't|without|nobody|none|instead|only|by hand|one to one|"
    r"one-to-one|privately?|a person|a human|whoever|people post|paste[sd]?|"
    r"geen|niet|nooit|zonder|niemand|alleen|enkel|met de hand|één op één|een op een|privé\w*|"
    r"zelf|iemand|plak\w*|"
    r"ne|n'|pas|jamais|aucun\w*|sans|seulement|à la main|en privé|un à un|une personne|"
    r"vous-même|coll\w+)\b|n['’]",
    re.IGNORECASE,
)


def promises(text: str) -> list[str]:
    """The sentences that promise a bot in a WhatsApp group."""
    found = []
    for sentence in _END.split(text):
        plain = " ".join(sentence.split())
        speaks_of_it = _WHATSAPP.search(plain) and _GROUP.search(plain) and _IN_IT.search(plain)
        if speaks_of_it and not _HONEST.search(plain):
            found.append(plain)
    return found


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)


def _read() -> Iterator[tuple[str, str]]:
    """(Where, what) of everything that people read."""
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in (ROOT / "dialogs").rglob("*.yaml"):
        for text in _words(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield str(path.relative_to(ROOT)), text
    for path in (ROOT / "locales").rglob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                told = (message.id, message.string)
                for text in _words([list(one) if isinstance(one, tuple) else one for one in told]):
                    yield str(path.relative_to(ROOT)), text
    for path in (ROOT / "wijkbot" / "web").rglob("*.html"):
        if "node_modules" not in path.parts:
            text = re.sub(r"<[^>]+>|\{[%#].*?[%#]\}", " ", path.read_text(encoding="utf-8"))
            yield str(path.relative_to(ROOT)), text


def test_nothing_that_people_read_promises_a_bot_in_a_whatsapp_group() -> None:
    read = list(_read())
    places = {where.split("/")[0] for where, _ in read}
    assert {"README.md", "docs", "dialogs", "locales", "wijkbot"} <= places
    assert [(where, one) for where, text in read for one in promises(text)] == []


def test_the_manual_says_in_plain_words_that_it_cannot_be() -> None:
    text = (ROOT / "docs" / "whatsapp.md").read_text(encoding="utf-8")
    told = [
        sentence
        for sentence in _END.split(text)
        if _GROUP.search(sentence) and re.search(r"\b(no|not|never|cannot)\b", sentence)
    ]
    assert (told and "by hand" in text) or "post kit" in text.casefold()


@pytest.mark.parametrize(
    "promise",
    [
        "Add the bot to your WhatsApp group.",
        "wijkbot works in WhatsApp groups, on Telegram and on Matrix.",
        "It joins the group of your street on WhatsApp.",
        "Voeg de bot toe aan je WhatsApp-groep.",
        "De bot zit in de WhatsAppgroep van je buurt.",
        "Ajoutez le robot à votre groupe WhatsApp.",
        "Le robot rejoint le groupe WhatsApp du quartier.",
        "We put wijkbot in your\nexisting WhatsApp group in a minute!",
    ],
)
def test_a_promise_is_seen(promise: str) -> None:
    assert len(promises(f"Good morning. {promise} Thank you.")) == 1


@pytest.mark.parametrize(
    "honest",
    [
        "A bot cannot join a WhatsApp group.",
        "It sits in the Telegram or Matrix group, or answers one to one on WhatsApp.",
        "In een WhatsApp-groep kan de bot niet zitten: plak de tekst zelf.",
        "Sur WhatsApp, le robot n'entre dans aucun groupe.",
        "Add the bot to your Telegram group.",
    ],
)
def test_what_is_so_may_be_said(honest: str) -> None:
    assert promises(honest) == []
