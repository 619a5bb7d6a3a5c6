"""Which words belong to a key of an item, in one language?"""

from __future__ import annotations

from collections.abc import Mapping

from wijkbot.content.model import Card, DialogFile, Faq, Item, Ready, Text, TitledChoice

REQUIRED = ("nl-NL", "nl-BE", "fr", "en")
"""Languages in which every resident must be able to read every text."""


def chain(language: str) -> tuple[str, ...]:
    """Where a text is looked for: "nl-BE" falls back on "nl", any other only on itself."""
    base = language.split("-", maxsplit=1)[0]
    return (language, base) if base != language else (language,)


def in_language(texts: Mapping[str, str], language: str) -> str | None:
    """The text of one language, or None."""
    for code in chain(language):
        if code in texts:
            return texts[code]
    return None


def text_map(item: Item, key: str) -> Mapping[str, str]:
    """The language map behind a key; empty when the item has no such text."""
    if key == "title":
        return getattr(item, "title", {}) or {}
    match item:
        case Text():
            return _of_text(item, key)
        case Card():
            return item.parts.get(key, {})
        case Faq():
            return (item.answer or {}) if key == "text" else {}
        case DialogFile():
            return _of_dialog(item, key)
        case _:
            found = getattr(item, key, None)
            return found if isinstance(found, dict) else {}


def template(item: Item, key: str, language: str) -> str | None:
    """The published words of a key in a language, with its fields unfilled; None when absent."""
    return in_language(text_map(item, key), language)


def is_harmless(item: Item, key: str) -> bool:
    """Does the content say that which choice of this text is picked may be known to anybody?"""
    step = item.steps.get(key.partition(".")[0]) if isinstance(item, DialogFile) else None
    return step is not None and step.harmless


def _of_text(item: Text, key: str) -> Mapping[str, str]:
    if key == "private_text":
        return item.private_text or item.text
    if key.startswith("choice."):
        return _title(item.choices, key.removeprefix("choice."))
    return item.text if key == "text" else {}


def _of_dialog(item: DialogFile, key: str) -> Mapping[str, str]:
    name, _, part = key.partition(".")
    step = item.steps.get(name)
    if step is None:
        return {}
    if part == "ask":
        return step.ask
    if part == "invalid":
        return step.invalid or {}
    return _title(step.choices, part)


def _title(choices: tuple[TitledChoice, ...], wanted: str) -> Mapping[str, str]:
    return next((choice.title for choice in choices if choice.id == wanted), {})


def all_texts(item: Item) -> dict[str, Mapping[str, str]]:
    """Every text of an item that a resident can read, by key."""
    match item:
        case Text():
            texts: dict[str, Mapping[str, str]] = {"text": item.text}
            if item.private_text:
                texts["private_text"] = item.private_text
            texts |= {f"choice.{c.id}": c.title for c in item.choices}
            return texts
        case Ready():
            return {"title": item.title, "text": item.text}
        case Card():
            return dict(item.parts)
        case Faq():
            return {"title": item.title, **({"text": item.answer} if item.answer else {})}
        case DialogFile():
            return _dialog_texts(item)
        case _:
            keys = ("title", "who", "what_for", "price", "rule")
            return {key: text_map(item, key) for key in keys if text_map(item, key)}


def _dialog_texts(item: DialogFile) -> dict[str, Mapping[str, str]]:
    texts: dict[str, Mapping[str, str]] = {"title": item.title}
    for name, step in item.steps.items():
        texts[f"{name}.ask"] = step.ask
        if step.invalid:
            texts[f"{name}.invalid"] = step.invalid
        texts |= {f"{name}.{choice.id}": choice.title for choice in step.choices}
    return texts


def place_of(item: Item, key: str) -> tuple[str | int, ...]:
    """Where in its file the language map behind a key stands."""
    if isinstance(item, DialogFile) and "." in key:
        step, _, part = key.partition(".")
        if part in {"ask", "invalid"}:
            return ("steps", step, part)
        return ("steps", step, *_place_of_choice(item.steps[step].choices, part))
    if isinstance(item, Faq) and key == "text":
        return ("answer",)
    if isinstance(item, Text) and key.startswith("choice."):
        return _place_of_choice(item.choices, key.removeprefix("choice."))
    if isinstance(item, Card):
        return ("parts", key)
    return (key,)


def _place_of_choice(choices: tuple[TitledChoice, ...], wanted: str) -> tuple[str | int, ...]:
    index = [choice.id for choice in choices].index(wanted)
    return ("choices", index, "title")
