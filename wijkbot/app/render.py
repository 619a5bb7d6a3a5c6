"""How does a published text become a sentence? Fields filled, in one language, per chat.

A sentence with a field that has no value here (no secure chat configured, no opening known) is
left out as a whole, with the question that it answers ("Vergif? Bel …"): a resident never reads
half a sentence or a bare brace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wijkbot.adapter_api import Choice
from wijkbot.app import hours_card, lookup
from wijkbot.app.when_text import day_text, moment_text
from wijkbot.content.model import Hours, Item, Organisation, Ready, Text
from wijkbot.content.texts import template
from wijkbot.engine.effects import Say
from wijkbot.engine.values import Begin, CardCode, ChoiceTitle, Day, Link, Number, OwnWords, Value

_FIELD = re.compile(r"\{(\{|[a-z]+\.[A-Za-z0-9_.]+\})")
_SENTENCE = re.compile(r"(?<=[.!?])(?=\s|$)|(?<=\})(?=\s+[A-ZÀ-Ý])")
"""After a link no full stop is written: there the next capital begins a sentence."""


@dataclass(frozen=True, slots=True)
class Links:
    """The links of this chat: ``private`` makes one from a token ("" is the fixed link).

    ``contact`` is the shortest way from a group to a human; without one it is the private link.
    """

    private: Callable[[str], str]
    secure: str = ""
    complaint: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a text is read: items of the neighbourhood, country, links, the moment."""

    items: Mapping[str, Item]
    country: str
    now: datetime
    links: Links
    main_hours: str = ""
    area_name: str = ""
    organisation_name: str = ""
    shelter: str = ""
    versions: Mapping[str, Item] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text that is ready to be sent."""

    text: str
    choices: tuple[Choice, ...] = ()
    language: str = "nl"


def render(say: Say, item: Item, language: str, setting: Setting) -> Rendered:
    """Write one text. ``language`` is "nl-BE", "fr" …, or two joined by "+" (both are shown)."""
    tongues = language.split("+")
    parts = [_one(say, item, tongue, setting) for tongue in tongues]
    for footer in say.footers:
        parts.extend(
            _footer(say, setting.items[footer], tongue, setting)
            for tongue in tongues
            if footer in setting.items
        )
    text = "\n".join(part for part in parts if part)
    return Rendered(text, _choices(say, item, tongues[0], setting), tongues[0])


def filled(item: Item, key: str, language: str, setting: Setting) -> str | None:
    """One published text for whoever sends it themselves; None when it is not in that language."""
    found = template(item, key, language)
    return None if found is None else _fill(found, {}, language, setting, item)


def _footer(say: Say, item: Item, language: str, setting: Setting) -> str:
    values = {name: _value(value, language, setting) for name, value in say.values}
    return _fill(template(item, "text", language) or "", values, language, setting, item)


def _one(say: Say, item: Item, language: str, setting: Setting) -> str:
    values = {name: _value(value, language, setting) for name, value in say.values}
    if say.key == "card" and isinstance(item, Hours):
        return _card(item, language, setting)
    found = template(item, say.key, language)
    if found is None:
        raise LookupError(f"{item.id}.{say.key} has no text in {language}")
    return _fill(found, values, language, setting, item)


def _card(item: Hours, language: str, setting: Setting) -> str:
    """The card of a consultation hour: the published sentences of T02 with today's dates."""
    fields = hours_card.card_fields(item, language, setting.now)
    values = {f"item.{name}": value for name, value in fields.items()}
    keys = ["when" if fields["when"] else "none"]
    keys += [key for key in ("fallen", "changed") if fields[key]]
    keys += [f"appointment_{item.appointment}", "free" if item.price == "free" else "price"]
    keys += [key for key, shown in (("bring", item.bring_someone), ("checked", True)) if shown]
    lines = []
    for key in keys:
        card = setting.items.get("T02")
        found = template(card, key, language) if card else None
        lines.append(_fill(found or "", values, language, setting, item))
    return " ".join(line for line in lines if line)


def _fill(
    text: str,
    values: Mapping[str, str],
    language: str,
    setting: Setting,
    item: Item | None = None,
) -> str:
    lines = []
    for line in text.strip().splitlines():
        kept: list[str] = []
        for template_sentence in _SENTENCE.split(line):
            filled = _sentence(template_sentence, values, language, setting, item)
            if filled is not None:
                kept.append(filled)
            elif kept and kept[-1].endswith("?"):
                kept.pop()
        joined = "".join(kept).strip()
        if joined or not line.strip():
            lines.append(joined)
    return "\n".join(lines).strip()


def _sentence(
    sentence: str,
    values: Mapping[str, str],
    language: str,
    setting: Setting,
    item: Item | None,
) -> str | None:
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        if match[1] == "{":
            return "{"
        name = match[1][:-1]
        value = values.get(name) or _known(name, language, setting, item)
        missing = missing or not value
        return value

    filled = _FIELD.sub(fill, sentence)
    return None if missing else filled


def _known(name: str, language: str, setting: Setting, item: Item | None) -> str:
    """The value of a field that needs no answer of a resident; "" when there is none here."""
    group, _, key = name.partition(".")
    match group:
        case "org":
            return _organisation(key, language, setting)
        case "area":
            return setting.area_name
        case "link":
            return _link(key, setting)
        case "hours":
            hours = setting.items.get(setting.main_hours)
            return hours_card.short_text(hours, language, setting.now) if hours else ""
        case "helpline":
            return _helpline(key, language, setting, item)
        case "word":
            return lookup.word(setting.items, key, language)
        case "item":
            return lookup.field_of(item, key, language) if item else ""
        case _:
            return ""


def _helpline(key: str, language: str, setting: Setting, item: Item | None) -> str:
    """The number of a role ("suicide"), or the hours of one or more ("hours.suicide.listen")."""
    first, *roles = key.split(".")
    items, country = setting.items, setting.country
    if first == "hours":
        return lookup.helpline_hours(items, roles, country, language, setting.now.date())
    is_card = isinstance(item, Ready) or (isinstance(item, Text) and item.purpose == "crisis")
    return lookup.helpline(items, key, country, language, only_checked=is_card)


def _organisation(key: str, language: str, setting: Setting) -> str:
    if key == "name" and setting.organisation_name:
        return setting.organisation_name
    if key == "shelter" and setting.shelter:
        return setting.shelter
    found = setting.items.get("organisation")
    return lookup.field_of(found, key, language) if isinstance(found, Organisation) else ""


def _link(key: str, setting: Setting) -> str:
    match key:
        case "private" | "job":
            return setting.links.private("")
        case "contact":
            return setting.links.contact or setting.links.private("")
        case "secure":
            return setting.links.secure
        case "complaint":
            organisation = setting.items.get("organisation")
            return setting.links.complaint or (
                lookup.field_of(organisation, "complaint_url", "nl") if organisation else ""
            )
        case _:
            return ""


def _value(value: Value, language: str, setting: Setting) -> str:
    match value:
        case OwnWords(text):
            return text
        case Number(number):
            return str(number)
        case CardCode(code):
            return f"{code[:3]} {code[3:]}"
        case Day(day):
            return day_text(day, language)
        case Begin(moment):
            return moment_text(moment, language)
        case Link(_, token):
            return setting.links.private(token)
        case ChoiceTitle(dialog, step, choice):
            item = setting.items.get(dialog)
            return lookup.choice_title(setting.items, item, step, choice, language)
        case _:
            return lookup.value_text(value, language, setting.items)


def _choices(say: Say, item: Item, language: str, setting: Setting) -> tuple[Choice, ...]:
    made = []
    for offer in say.offers:
        source = setting.items.get(offer.item, item) if offer.item else item
        title = lookup.offer_title(setting.items, source, offer.title_key, language)
        made.append(Choice(offer.id, title or offer.id))
    return tuple(made)
