"""How are choices shown: as buttons, as a list, or as numbered lines? Pure.

Buttons and lists need a Content resource at Twilio. There is one for each shape (two buttons,
a list of five) with a place for the text and for each title and id, so that nothing a
resident reads is ever kept at Twilio as a template.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wijkbot.adapter_api import Choice
from wijkbot_whatsapp.stock import MAX_BODY, PREFIX, units

MOST_BUTTONS = 3
"""Without an approval, which answers inside the 24 hours do not need."""

MOST_IN_LIST = 10
_BUTTON_TITLE, _LIST_TITLE = 20, 24
_BUTTON_ID, _LIST_ID = 256, 200
_GAP = re.compile(r" {5,}")
"""WhatsApp refuses so wide a gap in what fills a place."""

_OPEN = {"nl": "Kies", "fr": "Choisir", "en": "Choose"}


@dataclass(frozen=True, slots=True)
class Shape:
    """So many buttons, or a list of so many."""

    count: int
    is_list: bool

    @property
    def name(self) -> str:
        """What it is called at Twilio; a changed shape needs another number at the end."""
        return f"{PREFIX}_shape_{'list' if self.is_list else 'buttons'}_{self.count}_v1"

    def as_content(self) -> dict[str, Any]:
        """What Twilio is asked to make."""
        first = 3 if self.is_list else 2
        places = [(first + 2 * number, first + 2 * number + 1) for number in range(self.count)]
        if self.is_list:
            items = [{"item": _place(title), "id": _place(id_)} for title, id_ in places]
            kind = {"body": _place(1), "button": _place(2), "items": items}
            types = {"twilio/list-picker": kind}
        else:
            actions = [
                {"type": "QUICK_REPLY", "title": _place(title), "id": _place(id_)}
                for title, id_ in places
            ]
            types = {"twilio/quick-reply": {"body": _place(1), "actions": actions}}
        examples = {"1": "Zal ik?", "2": _OPEN["nl"]} if self.is_list else {"1": "Zal ik?"}
        for number, (title, id_) in enumerate(places, start=1):
            examples |= {str(title): f"Antwoord {number}", str(id_): f"a{number}"}
        return {
            "friendly_name": self.name,
            "language": "nl",
            "variables": examples,
            "types": types,
        }

    def values(self, text: str, choices: Sequence[Choice], language: str) -> dict[str, str]:
        """What fills its places."""
        given = [_GAP.sub(" ", text)]
        if self.is_list:
            given.append(_OPEN.get(language.partition("-")[0], _OPEN["en"]))
        for choice in choices:
            given += [choice.title, choice.id]
        return {str(place): value for place, value in enumerate(given, start=1)}


def shape_for(text: str, choices: Sequence[Choice]) -> Shape | None:
    """The shape that shows these whole; None when only numbered lines can.

    A title is never cut: half a title is no choice one can make.
    """
    titles = [choice.title for choice in choices]
    is_distinct = len({title.casefold() for title in titles}) == len(titles)
    is_plain = all(title and title == " ".join(title.split()) for title in titles)
    if not choices or not text or units(text) > MAX_BODY or not (is_distinct and is_plain):
        return None
    longest = max(map(units, titles))
    longest_id = max(len(choice.id) for choice in choices)
    if not all(choice.id for choice in choices):
        return None
    if len(titles) <= MOST_BUTTONS and longest <= _BUTTON_TITLE and longest_id <= _BUTTON_ID:
        return Shape(len(titles), is_list=False)
    if len(titles) <= MOST_IN_LIST and longest <= _LIST_TITLE and longest_id <= _LIST_ID:
        return Shape(len(titles), is_list=True)
    return None


def _place(number: int) -> str:
    return f"{{{{{number}}}}}"
