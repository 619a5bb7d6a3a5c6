"""The real pack as the engine sees it, and the smallest events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from wijkbot.app.shelf import Shelf, make_shelf
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.effects import Effect, Say
from wijkbot.engine.events import Facts, MessageArrived
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import Label, Place

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@cache
def shelf() -> Shelf:
    """The starter pack in Belgium."""
    return make_shelf(load(content_dir("dialogs")).items, country="BE")


def facts(*, minutes: float = 0, **more: object) -> Facts:
    """The facts of a Tuesday morning, some minutes later."""
    fresh = {"random_token": "token", "random_code": "042195"}
    known = {"local_now": NOW + timedelta(minutes=minutes), **fresh, **more}
    return Facts(**known)  # type: ignore[arg-type]


def group(**more: object) -> PlaceState:
    """A group that was greeted."""
    known = {"place": Place.GROUP, "country": "BE", "was_told": True, **more}
    return PlaceState(**known)  # type: ignore[arg-type]


def private(**more: object) -> PlaceState:
    """A private chat that was told who speaks."""
    known = {"place": Place.PRIVATE, "country": "BE", "was_told": True, **more}
    return PlaceState(**known)  # type: ignore[arg-type]


def heard(
    label: Label, text: str = "…", *, minutes: float = 0, is_edit: bool = False, faq: str = ""
) -> MessageArrived:
    """A message that was read as this label."""
    reading = Reading(label, faq=faq or None)
    return MessageArrived(text, reading, facts(minutes=minutes), is_edit=is_edit)


def said(effects: tuple[Effect, ...]) -> list[Say]:
    """The texts among the effects."""
    return [effect for effect in effects if isinstance(effect, Say)]


def names(effects: tuple[Effect, ...]) -> list[str]:
    """The items that are said, in order."""
    return [say.item for say in said(effects)]
