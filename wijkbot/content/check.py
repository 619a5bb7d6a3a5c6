"""What is wrong between the parts? Translations, fields, references, card lines, dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from difflib import get_close_matches

from wijkbot.content.check_dialogs import check_dialog, check_examples
from wijkbot.content.check_helplines import check_card_lines, check_helpline
from wijkbot.content.check_hours import check_hours
from wijkbot.content.check_needed import check_needed
from wijkbot.content.check_ready import check_ready
from wijkbot.content.check_templates import check_template
from wijkbot.content.load import Loaded
from wijkbot.content.model import (
    Alarm,
    Card,
    Category,
    DialogFile,
    Faq,
    Helpline,
    Item,
    Labels,
    Organisation,
    Pack,
    Text,
)
from wijkbot.content.problems import Problem
from wijkbot.content.texts import REQUIRED, all_texts, in_language, place_of
from wijkbot.engine.table import SUBSCRIBE
from wijkbot.engine.words import Label

GROUP_LIMIT = 350
"""Characters of an answer in a group."""
PHONE_DIGITS = 3
"""Fewest digits of a number that can be called."""
FIELDS: dict[str, frozenset[str]] = {
    "area": frozenset({"name"}),
    "day": frozenset({"until", "news"}),
    "number": frozenset({"jobs", "code"}),
    "org": frozenset(Organisation.model_fields),
    "link": frozenset({"private", "contact", "secure", "complaint", "job"}),
    "hours": frozenset({"next"}),
    "chat": frozenset({"now", "opens"}),
    "job": frozenset({"number", "category", "area", "when"}),
    "helpline": frozenset(
        {
            "suicide",
            "listen",
            "violence",
            "police",
            "child",
            "poison",
            "youth",
            "shelter",
            "emergency",
            "doctor",
            "hours.suicide",
            "hours.listen",
            "hours.suicide.listen",
        }
    ),
}
_FIELD = re.compile(r"\{([a-z]+)\.([A-Za-z0-9_.]+)\}")
_BRACE = re.compile(r"\{(?!\{)[^}]*\}?")
_DIGITS = re.compile(r"\d[\d .-]*\d")
_FREE_NUMBERS = {"112", "101"}


def check(loaded: Loaded) -> tuple[Problem, ...]:
    """Every mistake that only shows when the parts are put side by side."""
    found = [*check_needed(loaded)]
    for item in loaded.items.values():
        for one in _CHECKS:
            found.extend(one(loaded, item))
        if isinstance(item, DialogFile):
            found.extend(check_dialog(loaded, item))
    found.extend(check_examples(loaded))
    return tuple(found)


def _check_translations(loaded: Loaded, item: Item) -> Iterator[Problem]:
    for key, texts in all_texts(item).items():
        for language in REQUIRED:
            if in_language(texts, language) is None:
                yield loaded.problem(
                    item.id,
                    place_of(item, key),
                    f"{item.id}.{key} has no text in {language}",
                    f"add {language.split('-', maxsplit=1)[0]!r}",
                )


def _check_fields(loaded: Loaded, item: Item) -> Iterator[Problem]:
    for key, texts in all_texts(item).items():
        for language, text in texts.items():
            place = (*place_of(item, key), language)
            for problem in _wrong_fields(loaded, item, text):
                yield loaded.problem(item.id, place, *problem)


def _wrong_fields(loaded: Loaded, item: Item, text: str) -> Iterator[tuple[str, str]]:
    known = set()
    for match in _FIELD.finditer(text):
        known.add(match[0])
        group, name = match[1], match[2]
        names = _names_of(loaded, item, group)
        if names is None and group == "word":
            continue  # without a pack there is another problem, which says so
        if names is None:
            yield f"the field {match[0]} is unknown", f"use one of {', '.join(sorted(FIELDS))}"
        elif name not in names:
            near = get_close_matches(name, names, 1)
            todo = f"did you mean {{{group}.{near[0]}}}?" if near else f"known: {_some(names)}"
            yield f"the field {match[0]} is unknown", todo
    for match in _BRACE.finditer(text.replace("{{", "")):
        if match[0] not in known:
            yield f"{match[0]!r} is no field", 'write "{{" for a brace that must be read'


def _names_of(loaded: Loaded, item: Item, group: str) -> set[str] | None:
    if group == "word":
        packs = [i for i in loaded.items.values() if isinstance(i, Pack)]
        return set(packs[0].words) if packs else None
    if group == "slot" and isinstance(item, DialogFile):
        return {step.slot or name for name, step in item.steps.items()}
    if group == "item":
        return {*type(item).model_fields, *CARD_FIELDS}
    return set(FIELDS[group]) if group in FIELDS else None


CARD_FIELDS = frozenset(
    {"when", "title", "place", "who", "what_for", "price", "checked", "fallen", "fallen_why"}
    | {"changed"}
)
"""What the card of a consultation hour fills in besides the item's own fields (text T02)."""


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:8])


def _check_crisis(loaded: Loaded, item: Item) -> Iterator[Problem]:
    if not isinstance(item, Text) or item.purpose != "crisis":
        return
    for key, texts in all_texts(item).items():
        for language, text in texts.items():
            place = (*place_of(item, key), language)
            base = language.split("-", maxsplit=1)[0]
            if not (item.reviewed.get(language) or item.reviewed.get(base)):
                what = f"the crisis text {item.id} was not reviewed in {language}"
                todo = f"let a professional read it, then set reviewed: {{{base}: true}}"
                yield loaded.problem(item.id, place, what, todo)
            for match in _DIGITS.finditer(_FIELD.sub("", text)):
                digits = re.sub(r"\D", "", match[0])
                if len(digits) >= PHONE_DIGITS and digits not in _FREE_NUMBERS:
                    what = f"the number {match[0].strip()} stands literally in a crisis text"
                    todo = "use {helpline.…}, so that the country decides"
                    yield loaded.problem(item.id, place, what, todo)


CARD_PARTS = (
    "when",
    "none",
    "fallen",
    "changed",
    "appointment_none",
    "appointment_possible",
    "appointment_required",
    "free",
    "price",
    "bring",
    "checked",
)
"""What the card of a consultation hour can say; a missing part would be a hole in it."""


def _check_card(loaded: Loaded, item: Item) -> Iterator[Problem]:
    if isinstance(item, Card):
        for part in CARD_PARTS:
            if part not in item.parts:
                what = f"the card has no part {part!r}"
                yield loaded.problem(item.id, ("parts",), what, "add it")


def _check_faq(loaded: Loaded, item: Item) -> Iterator[Problem]:
    if not isinstance(item, Faq):
        return
    if item.answer is None and not item.hours:
        yield loaded.problem(
            item.id, ("id",), f"{item.id} has no answer", "add `answer` or `hours`"
        )
    is_known = item.hours in {"", "main", *loaded.items} or loaded.is_unread(item.hours)
    if not is_known:
        what = f"there are no hours {item.hours!r}"
        yield loaded.problem(item.id, ("hours",), what, 'name an item of kind hours, or "main"')
    for language, text in (item.answer or {}).items():
        if len(text) > GROUP_LIMIT:
            what = f"the answer has {len(text)} characters"
            todo = f"keep to {GROUP_LIMIT}, so that it can be read in a group"
            yield loaded.problem(item.id, ("answer", language), what, todo)


def _check_label(loaded: Loaded, item: Item) -> Iterator[Problem]:
    names = [label.value for label in Label]
    if isinstance(item, Alarm | Labels) and item.label not in names:
        near = get_close_matches(item.label, names, 1)
        todo = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(names)}"
        yield loaded.problem(item.id, ("label",), f"the label {item.label!r} is unknown", todo)
    if isinstance(item, DialogFile):
        for index, label in enumerate(item.starts_on):
            if label not in {*names, SUBSCRIBE}:
                what = f"the label {label!r} is unknown"
                yield loaded.problem(item.id, ("starts_on", index), what, "use a known label")


def expired_helplines(loaded: Loaded, today: date) -> list[str]:
    """The helplines whose check is too old on that day (their hours are not shown)."""
    return [
        item.id
        for item in loaded.items.values()
        if isinstance(item, Helpline) and item.expires < today
    ]


def _check_examples_of_faq(loaded: Loaded, item: Item) -> Iterator[Problem]:
    if isinstance(item, Faq | Category):
        for language, texts in item.examples.items():
            doubled = {text for text in texts if texts.count(text) > 1}
            for text in sorted(doubled):
                place = ("examples", language)
                yield loaded.problem(item.id, place, f"{text!r} stands here twice", "keep one")


_CHECKS: tuple[Callable[[Loaded, Item], Iterator[Problem]], ...] = (
    _check_translations,
    _check_fields,
    _check_crisis,
    _check_card,
    _check_faq,
    _check_label,
    check_helpline,
    check_card_lines,
    check_hours,
    check_ready,
    check_template,
    _check_examples_of_faq,
)
