"""Which choice did this text mean? Button id, number, title, or a near miss of a title."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from wijkbot.engine.dialog import DialogChoice

NEAR = 0.8
"""Least likeness of a near miss; two titles that are both this near are no choice."""

SHORTEST_NEAR_MISS = 4
"""Letters from which a misspelling is still recognisable as that title."""

LONGEST = 200
"""Characters of the longest text that can be a choice; a longer one tells something else."""

_NUMBER = re.compile(r"^\W*(?:nr|nummer|numéro|number|no)?\W*(\d{1,2})\W*$")

YES_NO = (
    DialogChoice(
        "yes",
        (
            ("nl", ("Ja", "jazeker", "ja hoor", "klopt", "oké", "ok", "goed", "jep", "is goed")),
            ("fr", ("Oui", "d'accord", "ok", "ouais", "bien sûr", "exact")),
            ("en", ("Yes", "yep", "sure", "ok", "okay", "right", "correct")),
        ),
    ),
    DialogChoice(
        "no",
        (
            ("nl", ("Nee", "neen", "nee hoor", "nee bedankt", "klopt niet", "nope")),
            ("fr", ("Non", "non merci", "pas d'accord")),
            ("en", ("No", "nope", "no thanks", "not right")),
        ),
    ),
)
"""The standard choices of a yes/no step; the first form of each language is shown."""

BACK_WORDS = frozenset({"terug", "vorige", "back", "go back", "retour", "revenir", "précédent"})
STOP_WORDS = frozenset(
    {"stop", "stoppen", "annuleer", "annuleren", "cancel", "annuler", "arrêter", "arrête"}
)


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces: the form that is compared."""
    # folded after decomposing: a raised "S" becomes a letter only then
    folded = unicodedata.normalize("NFKD", text).casefold()
    decomposed = unicodedata.normalize("NFKD", folded)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]", " ", letters).split())


_BACK = frozenset(plain(word) for word in BACK_WORDS)
_STOP = frozenset(plain(word) for word in STOP_WORDS)


_FIRM_STOP = frozenset({"stop", "stoppen", "arreter", "arrete", "arret"})


def is_firm_stop(text: str) -> bool:
    """Does this text ask for no messages at all, of somebody who gets them unasked?"""
    return plain(text) in _FIRM_STOP


def is_back(text: str) -> bool:
    """Does this text ask for the step before?"""
    return plain(text) in _BACK


def is_stop(text: str) -> bool:
    """Does this text ask to end the dialog?"""
    return plain(text) in _STOP


def pick(text: str, choices: Sequence[DialogChoice]) -> str | None:
    """The id of the choice that is meant, or None when none or more than one fits."""
    for choice in choices:
        if text == choice.id:
            return choice.id
    if len(text) > LONGEST:
        return None
    number = _NUMBER.match(text.lower())
    if number and 1 <= int(number[1]) <= len(choices):
        return choices[int(number[1]) - 1].id
    wanted = plain(text)
    if not wanted:
        return None
    return _by_title(wanted, choices)


def _by_title(wanted: str, choices: Sequence[DialogChoice]) -> str | None:
    scored = [(max(_likeness(wanted, form) for form in _forms(c)), c.id) for c in choices]
    scored.sort(reverse=True)
    if not scored or scored[0][0] < NEAR:
        return None
    if scored[0][0] < 1 and len(scored) > 1 and scored[1][0] >= NEAR:
        return None
    return scored[0][1]


def _forms(choice: DialogChoice) -> list[str]:
    forms = [_plain_title(form) for _, titles in choice.titles for form in titles]
    return forms or [_plain_title(choice.id)]


@lru_cache(maxsize=4_096)
def _plain_title(title: str) -> str:
    """Titles are published and few; what residents write is never kept."""
    return plain(title)


def _likeness(wanted: str, form: str) -> float:
    """Between 0 and 1; 0 for everything that is not near, because most texts are no title."""
    if wanted == form:
        return 1.0
    shorter, longer = sorted((len(wanted), len(form)))
    if shorter < SHORTEST_NEAR_MISS or 2 * shorter < NEAR * (shorter + longer):
        return 0.0  # so much longer is never near, whatever the letters are
    matcher = SequenceMatcher(None, wanted, form)
    return min(matcher.ratio(), 0.99) if matcher.quick_ratio() >= NEAR else 0.0
