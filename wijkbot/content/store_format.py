"""How is an item kept in the database? As canonical JSON, the same bytes for the same item."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from wijkbot.content.model import KINDS, Item


def to_json(item: Item) -> str:
    """Canonical JSON of an item."""
    data = item.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_json(kind: str, text: str) -> Item:
    """The item back.

    Raises:
        KeyError: a kind that this version does not know (the database is newer than the code).
        pydantic.ValidationError: the row is damaged.
    """
    item: Item = TypeAdapter(KINDS[kind]).validate_json(text)  # type: ignore[assignment]
    return item
