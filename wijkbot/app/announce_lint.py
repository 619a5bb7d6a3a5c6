"""Does an announcement tell something about a person, and is it easy to read? Asked before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wijkbot.app.announce import ANNOUNCED_KINDS, Plan
from wijkbot.app.house import House
from wijkbot.content.check_plain_language import DUTCH
from wijkbot.content.load import Loaded
from wijkbot.content.model import Faq, Helpline, Hours, Item, Organisation, Text
from wijkbot.content.plain_language import Finding, findings
from wijkbot.content.problems import Problem
from wijkbot.content.texts import all_texts, chain
from wijkbot.understanding.personal_data import DataKind, kinds_of, names_resident, public_values

ALT = "--alt"
ANNOUNCED_PURPOSES = frozenset({"announcement", "info"})

_REMEDY = "write it without, or be sure that everybody may know it"


@dataclass(frozen=True, slots=True)
class Told:
    """A kind of personal data and the line it stands in, never the data themselves.

    ``is_refused``: False for an address of which nobody says that somebody lives there. Where
    something is on has an address too.
    """

    item: str
    language: str
    line: int
    kind: DataKind
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Hard:
    """What makes the Dutch of an announcement hard to read, as it is published."""

    item: str
    language: str
    finding: Finding


def hard_in(house: House, plan: Plan) -> tuple[Hard, ...]:
    """What the groups of a plan would find hard to read, each once; nothing is stopped."""
    found: dict[Hard, None] = {}
    for preview in plan.everywhere:
        item = house.library.shelf(preview.group.neighbourhood).items[preview.say.item]
        for tongue in preview.language.split("+"):
            for language, finding in _findings(item, preview.say.key, tongue):
                found[Hard(item.id, language, finding)] = None
    return tuple(found)


def _findings(item: Item, key: str, tongue: str) -> Iterator[tuple[str, Finding]]:
    """What is hard in the Dutch texts of an item that somebody of this tongue reads."""
    for name, texts in all_texts(item).items():
        language = next((code for code in chain(tongue) if code in texts), "")
        if language in DUTCH and key in {name, "card"}:
            for finding in findings(texts[language], is_title=name == "title"):
                yield language, finding


def told_in(house: House, plan: Plan, alt: str = "") -> tuple[Told, ...]:
    """What the groups of a plan would read about somebody, each line once.

    ``alt`` is what a worker wrote about the photo that goes with it.
    """
    found: dict[Told, None] = {}
    for preview in plan.everywhere:
        items = house.library.shelf(preview.group.neighbourhood).items
        public = public_of(items.values(), house.settings.go_live.shelter)
        for line, kind, is_refused in _lines(preview.text, public):
            found[Told(preview.say.item, preview.language, line, kind, is_refused)] = None
        for line, kind, is_refused in _lines(alt, public):
            found[Told(ALT, preview.language, line, kind, is_refused)] = None
    return tuple(found)


def public_of(items: Iterable[Item], *more: str) -> re.Pattern[str]:
    """What is everybody's: contacts of the organisation, helplines, places of the hours."""
    values = list(more)
    for item in items:
        match item:
            case Organisation():
                values += [item.phone, item.address, item.shelter, *item.address.split(",")[:1]]
            case Helpline():
                values += [item.phone, item.sms]
            case Hours():
                values += [item.place, *(change.place for change in item.changes)]
            case _:
                pass
    return public_values(value for value in values if value)


def notes_on(loaded: Loaded) -> tuple[Problem, ...]:
    """Personal data in texts that can be announced, as file and line; nothing is stopped."""
    public = public_of(loaded.items.values())
    return tuple(
        loaded.problem(item.id, (_part_of(item, key), language), what, _REMEDY)
        for item in loaded.items.values()
        if _is_announced(item)
        for key, texts in all_texts(item).items()
        for language, text in texts.items()
        for what in _whats(text, public)
    )


def _whats(text: str, public: re.Pattern[str]) -> Iterator[str]:
    kinds = {kind for _, kind, is_refused in _lines(text, public) if is_refused}
    for kind in sorted(kinds):
        yield f"an announcement should not hold this kind of personal data: {kind}"


def _part_of(item: Item, key: str) -> str:
    return "answer" if isinstance(item, Faq) and key == "text" else key


def _is_announced(item: Item) -> bool:
    if isinstance(item, Text):
        return item.purpose in ANNOUNCED_PURPOSES
    return item.kind in ANNOUNCED_KINDS


def _lines(text: str, public: re.Pattern[str]) -> Iterator[tuple[int, DataKind, bool]]:
    for number, line in enumerate(text.splitlines(), start=1):
        for kind in sorted(kinds_of(line, public)):
            yield number, kind, kind is not DataKind.ADDRESS or names_resident(line, public)
