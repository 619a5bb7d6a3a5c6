"""Which Dutch texts of the content are hard to read? A note for the moderator, never a stop."""

from __future__ import annotations

from wijkbot.content.load import Loaded
from wijkbot.content.model import DialogFile, Item, TemplateFile
from wijkbot.content.plain_language import findings
from wijkbot.content.problems import Problem
from wijkbot.content.template_text import filled_in
from wijkbot.content.texts import all_texts, place_of

DUTCH = frozenset({"nl", "nl-NL", "nl-BE"})


def hard_texts(loaded: Loaded) -> tuple[Problem, ...]:
    """Every Dutch text above B1, as file and line; it may be published all the same."""
    templates = (item for item in loaded.items.values() if isinstance(item, TemplateFile))
    return _hard_items(loaded) + tuple(
        loaded.problem(item.id, ("text", language), finding.what, finding.remedy)
        for item in templates
        for language, body in item.text.items()
        if language in DUTCH
        for finding in findings(filled_in(body, item.examples.get(language, ())))
    )


def _hard_items(loaded: Loaded) -> tuple[Problem, ...]:
    return tuple(
        loaded.problem(item.id, (*place_of(item, key), language), finding.what, finding.remedy)
        for item in loaded.items.values()
        for key, texts in all_texts(item).items()
        for language, text in texts.items()
        if language in DUTCH
        for finding in findings(text, is_title=_is_title(item, key))
    )


def _is_title(item: Item, key: str) -> bool:
    """Something to pick or a name, not a sentence."""
    if isinstance(item, DialogFile):
        return not key.endswith((".ask", ".invalid"))
    return key == "title" or key.startswith("choice.")
