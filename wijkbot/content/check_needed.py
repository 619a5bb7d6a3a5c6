"""Is everything there that the bot says or looks up by its name, whatever happens?"""

from __future__ import annotations

from collections.abc import Iterator

from wijkbot.content.load import Loaded
from wijkbot.content.model import Card, CommandWords, Hours, Organisation, Pack, Text
from wijkbot.content.problems import Problem
from wijkbot.engine.table import FIXED_ITEMS, REPLIES
from wijkbot.engine.words import Purpose

HOURS_CARD = "T02"
"""The sentences of which the card of a consultation hour is made."""
CRISIS_ITEMS = frozenset(row.item for row in REPLIES.values() if row.purpose is Purpose.CRISIS)


def check_needed(loaded: Loaded) -> Iterator[Problem]:
    """Fixed items that are gone or of another kind, and crisis cards that are no longer one."""
    yield from _pack(loaded)
    needed = dict.fromkeys(sorted(FIXED_ITEMS), Text)
    by_name = {HOURS_CARD: Card, "organisation": Organisation, "commands": CommandWords}
    for name, kind in {**needed, **by_name}.items():
        item = loaded.items.get(name)
        if item is None and loaded.is_unread(name):
            continue
        if item is None:
            todo = "put its file back; what is here may be changed, not removed"
            what = f"there is no {kind.__name__.lower()} with the id {name!r}"
            yield loaded.problem(name, ("id",), what, todo)
        elif not isinstance(item, kind):
            what = f"{name!r} must be of the kind {kind.__name__.lower()}"
            todo = "give this one another id, and put the old file back"
            yield loaded.problem(name, ("kind",), what, todo)
        elif isinstance(item, Text) and name in CRISIS_ITEMS and item.purpose != "crisis":
            what = f"{name} is a crisis card and has the purpose {item.purpose!r}"
            yield loaded.problem(name, ("purpose",), what, "write purpose: crisis")


def _pack(loaded: Loaded) -> Iterator[Problem]:
    packs = [item for item in loaded.items.values() if isinstance(item, Pack)]
    if not packs and loaded.is_unread("pack"):
        return
    if len(packs) != 1:
        what = f"there are {len(packs)} items of kind pack"
        yield Problem(loaded.folder, 1, what, "have exactly one")
        return
    (pack,) = packs
    named: dict[tuple[str, ...], str] = {("main_hours",): pack.main_hours}
    for country, hours in pack.main_hours_by_country.items():
        named["main_hours_by_country", country] = hours
    for place, name in named.items():
        if not isinstance(loaded.items.get(name), Hours) and not loaded.is_unread(name):
            todo = "name an item of kind hours"
            yield loaded.problem(pack.id, place, f"there are no hours {name!r}", todo)
