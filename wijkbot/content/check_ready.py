"""May a worker insert this text as it is?

In danger it says what stands on a reviewed crisis card, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wijkbot.content.check_needed import CRISIS_ITEMS
from wijkbot.content.load import Loaded
from wijkbot.content.model import Helpline, Item, Ready, Text
from wijkbot.content.problems import Problem
from wijkbot.content.texts import REQUIRED, all_texts, chain, in_language

EMERGENCY = frozenset({"112", "101", "100"})
FILLED = frozenset({"org", "hours", "word", "helpline"})
"""Groups of fields that have a value outside a chat app."""
FILLED_LINKS = frozenset({"secure", "complaint"})
_FIELD = re.compile(r"(?<!\{)\{([a-z]+)\.([A-Za-z0-9_.]+)\}")
_NUMBER = re.compile(r"\d[\d .\-/]*\d")


def check_ready(loaded: Loaded, item: Item) -> Iterator[Problem]:
    """Lines with a number for emergencies that stand on no crisis card, and fields left empty."""
    if not isinstance(item, Ready):
        return
    numbers = _numbers(loaded)
    for written, text in item.text.items():
        for what, todo in (*_new_advice(loaded, written, text, numbers), *_empty_fields(text)):
            yield loaded.problem(item.id, ("text", written), f"{item.id}: {what}", todo)


def _new_advice(
    loaded: Loaded, written: str, text: str, numbers: frozenset[str]
) -> Iterator[tuple[str, str]]:
    if any(loaded.is_unread(name) for name in CRISIS_ITEMS):
        return  # the card's own problem counts
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if not _is_for_danger(line, numbers):
            continue
        for language in _read_in(written):
            if not any(line in card for card in _crisis_cards(loaded, language)):
                what = f"{line!r} stands so on no crisis card in {language}"
                yield what, "copy a line of texts/T11 to T14 word for word, on a line of its own"


def _is_for_danger(line: str, numbers: frozenset[str]) -> bool:
    if "{helpline." in line:
        return True
    return any(_digits(found) in numbers for found in _NUMBER.findall(_FIELD.sub("", line)))


def _crisis_cards(loaded: Loaded, language: str) -> Iterator[str]:
    """What the crisis cards say in that language; that they are reviewed has its own check."""
    for item in loaded.items.values():
        if isinstance(item, Text) and (item.purpose == "crisis" or item.id in CRISIS_ITEMS):
            yield from filter(None, (in_language(t, language) for t in all_texts(item).values()))


def _read_in(written: str) -> tuple[str, ...]:
    """The languages in which this variant is read: "nl" in both countries."""
    return tuple(one for one in REQUIRED if written in chain(one)) or (written,)


def _numbers(loaded: Loaded) -> frozenset[str]:
    lines = [item for item in loaded.items.values() if isinstance(item, Helpline)]
    known = {_digits(number) for line in lines for number in (line.phone, line.sms)}
    return EMERGENCY | (known - {""})


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _empty_fields(text: str) -> Iterator[tuple[str, str]]:
    for group, name in _FIELD.findall(text):
        if group not in FILLED and not (group == "link" and name in FILLED_LINKS):
            what = f"{{{group}.{name}}} has no value in the secure chat"
            yield what, "take it out; its whole sentence would be left out"
