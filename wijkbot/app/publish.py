"""How do edited files become what the bot says? Checked as a whole, stored as versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wijkbot.app.rehearse import play_examples
from wijkbot.app.shelf import Readers, make_shelf
from wijkbot.content.check import check
from wijkbot.content.load import Loaded, load
from wijkbot.content.model import Alarm
from wijkbot.content.problems import Problem
from wijkbot.content.store_format import to_json
from wijkbot.settings import Settings
from wijkbot.understanding import Reader
from wijkbot.understanding.patterns import compile_phrase

if TYPE_CHECKING:  # whoever only checks does without a database, and starts faster
    from wijkbot.storage.database import Database
    from wijkbot.storage.items import Book, ItemDraft


@dataclass(frozen=True, slots=True)
class Checked:
    """The content of one folder (and one overlay), with everything that is wrong with it."""

    scope: str
    loaded: Loaded
    problems: tuple[Problem, ...]


def check_folder(
    folder: Path,
    settings: Settings | None = None,
    readers: Readers | None = None,
    *,
    plays: bool = True,
) -> tuple[Checked, ...]:
    """Check a content folder and the overlay of every neighbourhood, examples included.

    ``readers`` keeps what is learned on the way, for whoever reads with this content next;
    without ``plays`` the example conversations are not played.
    """
    readers = readers or Readers()
    checked = [_check(folder, None, "", settings, readers, plays=plays)]
    for area, neighbourhood in (settings.areas() if settings else {}).items():
        if neighbourhood.content:
            overlay = Path(neighbourhood.content)
            checked.append(_check(folder, overlay, area, settings, readers, plays=plays))
    return tuple(checked)


@dataclass(frozen=True, slots=True)
class Edition:
    """What a folder publishes, or what is wrong with it; small enough to be handed over."""

    drafts: tuple[ItemDraft, ...]
    problems: tuple[str, ...]


def read_edition(
    folder: Path, settings: Settings | None = None, readers: Readers | None = None
) -> Edition:
    """As :func:`check_folder`; nothing to publish when there is a problem."""
    checked = check_folder(folder, settings, readers)
    problems = tuple(str(problem) for problem in problems_of(checked))
    return Edition(() if problems else tuple(_drafts(checked)), problems)


def problems_of(checked: tuple[Checked, ...]) -> tuple[Problem, ...]:
    """Every problem once, in the order of file and line."""
    found = dict.fromkeys(problem for part in checked for problem in part.problems)
    return tuple(sorted(found, key=lambda p: (str(p.path), p.line)))


async def publish(database: Database, checked: tuple[Checked, ...], now_ms: int) -> Book:
    """Store a checked content as the new book. The same content keeps the same book."""
    return await publish_drafts(database, tuple(_drafts(checked)), now_ms)


async def publish_drafts(database: Database, drafts: tuple[ItemDraft, ...], now_ms: int) -> Book:
    """As :func:`publish`, of content that was checked elsewhere."""
    from wijkbot.storage import items as stored

    return await database.write(lambda conn: stored.publish(conn, drafts, now_ms))


def _drafts(checked: tuple[Checked, ...]) -> list[ItemDraft]:
    from wijkbot.storage.items import ItemDraft

    base = checked[0]
    drafts = [
        ItemDraft("", item.id, item.kind, to_json(item)) for item in base.loaded.items.values()
    ]
    for part in checked[1:]:
        drafts.extend(
            ItemDraft(part.scope, item.id, item.kind, to_json(item))
            for item in part.loaded.items.values()
            if base.loaded.items.get(item.id) != item
        )
    return drafts


def _unreadable_phrases(loaded: Loaded) -> list[Problem]:
    """Phrases that the alarm cannot read: one of them would stop the reader."""
    problems = []
    for item in loaded.items.values():
        if not isinstance(item, Alarm):
            continue
        for part in ("phrases", "not_when", "needs_first_person"):
            for language, phrases in getattr(item, part).items():
                for index, phrase in enumerate(phrases):
                    try:
                        compile_phrase(phrase)
                    except ValueError as error:
                        place = (part, language, index)
                        todo = "see the first lines of dialogs/alarm/crisis_suicide.yaml"
                        problems.append(loaded.problem(item.id, place, str(error), todo))
    return problems


def _check(
    folder: Path,
    overlay: Path | None,
    scope: str,
    settings: Settings | None,
    readers: Readers,
    *,
    plays: bool,
) -> Checked:
    loaded = load(folder, overlay)
    problems = [*loaded.problems, *check(loaded)]
    reader = None if problems else _reader(loaded, readers)
    if reader is None:
        problems += _unreadable_phrases(loaded)
    elif plays:
        country = settings.country_of(scope) if settings else "BE"
        shelf = make_shelf(loaded.items, country=country, reader=reader)
        problems += play_examples(shelf, loaded.examples)
    return Checked(scope, loaded, tuple(problems))


def _reader(loaded: Loaded, readers: Readers) -> Reader | None:
    """None when a phrase cannot be read; which one it is takes longer to find."""
    try:
        return readers.of(loaded.items)
    except ValueError:
        return None
