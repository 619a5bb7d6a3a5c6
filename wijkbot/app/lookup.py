"""What stands behind a field, here and for this reader? Helplines, vocabulary, titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from wijkbot.content.model import Category, Helpline, Item
from wijkbot.content.texts import in_language, template
from wijkbot.engine.pick import YES_NO
from wijkbot.engine.values import (
    FieldOf,
    HelplineOf,
    NextHour,
    OrganisationField,
    PackWord,
    Value,
)


def helpline(
    items: Mapping[str, Item],
    role: str,
    country: str,
    language: str,
    *,
    only_checked: bool = False,
) -> str:
    """The number of the line with a role, of this country alone; "" when there is none.

    A line in the reader's language comes first. Another country's line is never given: a wrong
    number is worse than none. ``only_checked``: on a crisis card only checked lines stand.
    """
    line = helpline_of(items, role, country, language, only_checked=only_checked)
    return line.phone if line else ""


ALWAYS = "24/7"
"""Hours of a line that is never closed; the pack has the words for it."""


def helpline_hours(
    items: Mapping[str, Item], roles: Sequence[str], country: str, language: str, today: date
) -> str:
    """When the lines with these roles can be called, if that is the same for all; else "".

    "" too when one of them was never checked, or too long ago: a number without hours is better
    than hours that are wrong.
    """
    told = set()
    for role in roles:
        line = helpline_of(items, role, country, language, only_checked=True)
        told.add(_hours(line, items, language) if line and line.expires >= today else "")
    return told.pop() if len(told) == 1 else ""


def _hours(line: Helpline, items: Mapping[str, Item], language: str) -> str:
    if line.hours == ALWAYS:
        return word(items, "dag_en_nacht", language)
    return field_of(line, "hours", language)


def helpline_of(
    items: Mapping[str, Item],
    role: str,
    country: str,
    language: str,
    *,
    only_checked: bool = False,
) -> Helpline | None:
    """The line with this role that can be called in a country; one in the language comes first."""
    base = language.split("-", maxsplit=1)[0]
    lines = [
        item
        for item in items.values()
        if isinstance(item, Helpline)
        and role in item.roles
        and item.country in {country, "both"}
        and item.phone
        and (item.confidence == "checked" or not only_checked)
    ]
    lines.sort(key=lambda line: (base not in line.languages, "en" not in line.languages, line.id))
    return lines[0] if lines else None


def word(items: Mapping[str, Item], name: str, language: str) -> str:
    """A word of the vocabulary: "zitdag" in Flanders, "spreekuur" in the Netherlands."""
    for item in items.values():
        words = getattr(item, "words", None)
        if words and name in words:
            return in_language(words[name], language) or ""
    return ""


def field_of(item: Item, name: str, language: str) -> str:
    """A field of an item in the reader's language; "" when it is empty."""
    found = getattr(item, name, "")
    if isinstance(found, Mapping):
        return in_language(found, language) or ""
    return str(found) if found else ""


def choice_title(
    items: Mapping[str, Item], item: Item | None, step: str, choice: str, language: str
) -> str:
    """The title of a choice that was made."""
    if item is None:
        return choice
    return offer_title(items, item, f"{step}.{choice}", language) or choice


def offer_title(items: Mapping[str, Item], item: Item, key: str, language: str) -> str:
    """The title of a choice that is offered: its own, a category's, or the standard yes/no."""
    own = template(item, key, language)
    if own:
        return own
    choice = key.rpartition(".")[2]
    category = items.get(choice)
    if isinstance(category, Category):
        return in_language(category.title, language) or choice
    base = language.split("-", maxsplit=1)[0]
    for standard in YES_NO:
        if standard.id == choice:
            return dict(standard.titles).get(base, (choice,))[0]
    return ""


def value_text(value: Value, language: str, items: Mapping[str, Item]) -> str:
    """The text of a value that names something published."""
    match value:
        case FieldOf(item, field):
            found = items.get(item)
            return field_of(found, field, language) if found else ""
        case OrganisationField(field):
            found = items.get("organisation")
            return field_of(found, field, language) if found else ""
        case PackWord(name):
            return word(items, name, language)
        case HelplineOf() | NextHour():
            raise ValueError(f"{type(value).__name__} is written as a field of the text")
        case _:
            raise ValueError(f"{type(value).__name__} has a form of its own")
