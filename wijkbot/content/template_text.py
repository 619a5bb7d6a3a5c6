"""How is a text with places {{1}}, {{2}} filled in, and how long does it get?"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_BODY = 1024
"""UTF-16 units of a template that is filled in: most emoji are two."""
PLACE = re.compile(r"\{\{([^{}]*)\}\}")


def units(text: str) -> int:
    """The length as platforms count it."""
    return len(text.encode("utf-16-le")) // 2


def places_in(body: str) -> list[str]:
    """What stands between the braces, in order."""
    return [found[1] for found in PLACE.finditer(body)]


def filled_in(body: str, values: Sequence[str]) -> str:
    """The text with its places filled: {{1}} is the first value."""

    def fill(found: re.Match[str]) -> str:
        number = int(found[1]) if found[1].isdecimal() else 0
        return values[number - 1] if 0 < number <= len(values) else found[0]

    return PLACE.sub(fill, body)


def room_for(body: str, values: Sequence[str]) -> int:
    """How many units are left for the value that is still empty."""
    return MAX_BODY - units(filled_in(body, values))
