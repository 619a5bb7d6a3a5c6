"""Would a platform approve this template, and does every value fit in it?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wijkbot.content.load import Loaded
from wijkbot.content.model import Item, Organisation, TemplateFile
from wijkbot.content.problems import Problem
from wijkbot.content.template_text import MAX_BODY, PLACE, filled_in, places_in, units
from wijkbot.content.texts import REQUIRED, in_language

LONGEST = {"organisation": 60, "text": 300}
"""So many units each value may need; a text that is longer is cut and says where the rest is."""
_BETWEEN = re.compile(r"\}\}([^{}]*)\{\{")


def check_template(loaded: Loaded, item: Item) -> Iterator[Problem]:
    """Places, length, languages and examples of a template; names that do not fit."""
    if isinstance(item, Organisation) and units(item.name) > LONGEST["organisation"]:
        what = f"the name has {units(item.name)} characters"
        todo = f"keep to {LONGEST['organisation']}, so that it fits in a template (templates/)"
        yield loaded.problem(item.id, ("name",), what, todo)
    if not isinstance(item, TemplateFile):
        return
    yield from _languages(loaded, item)
    for language, body in item.text.items():
        for what, todo in (*_places(item, body), *_length(item, body)):
            yield loaded.problem(item.id, ("text", language), f"{item.id}: {what}", todo)
    for language, values in item.examples.items():
        if len(values) != len(item.places):
            what = f"{item.id} has {len(item.places)} places and {len(values)} examples"
            yield loaded.problem(item.id, ("examples", language), what, "give one for each place")


def _languages(loaded: Loaded, item: TemplateFile) -> Iterator[Problem]:
    needed = ["text", *(("more_online", "more_by_phone") if "text" in item.places else ())]
    for key in needed:
        for language in REQUIRED:
            if in_language(getattr(item, key), language) is None:
                base = language.partition("-")[0]
                what = f"{item.id}.{key} has no text in {language}"
                yield loaded.problem(item.id, (key,), what, f"add {base!r}")
    missing = sorted(set(item.text) - set(item.examples))
    for language in missing:
        what = f"{item.id} has no examples in {language}"
        todo = "a platform wants to see how each place is filled"
        yield loaded.problem(item.id, ("examples",), what, todo)


def _places(item: TemplateFile, body: str) -> Iterator[tuple[str, str]]:
    found = list(dict.fromkeys(places_in(body)))
    wanted = [str(number) for number in range(1, len(item.places) + 1)]
    if found != wanted:
        yield (
            f"its places are {_shown(found)}, and must be {_shown(wanted)} in this order",
            "number them from {{1}}, one for each name under places",
        )
    if re.search(r"[{}]", PLACE.sub("", body)):
        yield "there is a brace that is no place", "write {{1}}, {{2}}; fields have no value here"
    bare = body.strip()
    if bare.startswith("{{") or bare.endswith("}}"):
        yield "it begins or ends with a place", "put words before the first and after the last"
    if any(not re.search(r"\w", between) for between in _BETWEEN.findall(body)):
        yield "two places stand beside each other", "put words between them"


def _length(item: TemplateFile, body: str) -> Iterator[tuple[str, str]]:
    values = tuple("x" * LONGEST[place] for place in item.places)
    length = units(filled_in(body, values))
    if length > MAX_BODY:
        what = f"with its longest values it has {length} characters"
        yield what, f"keep to {MAX_BODY} in all"


def _shown(numbers: list[str]) -> str:
    return " ".join(f"{{{{{number}}}}}" for number in numbers) or "none"
