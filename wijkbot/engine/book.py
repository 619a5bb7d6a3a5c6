"""What has been published? The book of items and dialogs, as far as the engine needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wijkbot.engine.dialog import Dialog, DialogChoice


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One published item: its kind, version, and the forms of its title for typed choices.

    ``kind``: faq, hours, text, dialog, announcement, helpline, category.
    ``hours``: for a FAQ that answers from the schedule, the consultation hour's id.
    ``titles``: language → forms that are understood. ``choices``: of a text with a menu.
    """

    id: str
    kind: str
    version: int
    hours: str = ""
    titles: tuple[tuple[str, tuple[str, ...]], ...] = ()
    choices: tuple[DialogChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class DialogBook:
    """Everything published at one moment, for one neighbourhood.

    ``version`` grows with each publication. ``main_hours`` is the consultation hour that a
    question for "the" hour means here. ``commands``: the plain form of fixed words → a command.
    ``areas``: the plain form of the words of the configured neighbourhoods → their ids.
    """

    version: int
    items: Mapping[str, ItemCard] = field(default_factory=dict)
    dialogs: Mapping[str, Dialog] = field(default_factory=dict)
    main_hours: str = ""
    commands: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)

    def version_of(self, item: str) -> int:
        """The published version of an item.

        Raises:
            KeyError: the book has no such item (a bug: ``wijkbot check`` finds it first).
        """
        return self.items[item].version
