"""What does one neighbourhood have to say? Its book, its items and its reader, together."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from wijkbot.content import book as content_book
from wijkbot.content.model import Item, Pack
from wijkbot.engine.book import DialogBook
from wijkbot.understanding import Kept, Reader

READ_KINDS = frozenset({"faq", "alarm", "cues", "labels"})
"""A change of another kind leaves the reader as it is: learning takes most of the time."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that is published for one neighbourhood at one version of the book."""

    book: DialogBook
    items: Mapping[str, Item]
    reader: Reader


def make_shelf(
    items: Mapping[str, Item],
    *,
    country: str,
    version: int = 1,
    versions: Mapping[str, int] | None = None,
    reader: Reader | None = None,
    areas: Mapping[str, str] | None = None,
) -> Shelf:
    """Put a shelf together; ``versions`` are those of each item (1 when not published yet).

    ``areas``: what residents write for each neighbourhood, and its id.
    """
    known = versions or dict.fromkeys(items, 1)
    book = content_book.to_book(items, version, known)
    book = replace(book, main_hours=_main_hours(items, country), areas=areas or {})
    return Shelf(book, items, reader or make_reader(items))


def make_reader(items: Mapping[str, Item]) -> Reader:
    """The reader that understands questions for these items; what it learns is kept on disk."""
    folder = cache_folder()
    return Reader(
        content_book.faq_examples(items),
        content_book.phrases(items),
        content_book.cues(items),
        content_book.labelled(items),
        None if folder is None else Kept(folder),
    )


def cache_folder() -> Path | None:
    """Where we keep what can be made again; None where there is no home.

    In ``XDG_CACHE_HOME`` if that is absolute, else in ``~/.cache``.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named / "wijkbot"
    try:
        return Path.home() / ".cache" / "wijkbot"
    except RuntimeError:
        return None


class Readers:
    """Makes a reader once for the same examples and phrases: learning them takes longest."""

    def __init__(self) -> None:
        self._made: list[tuple[dict[str, Item], Reader]] = []

    def of(self, items: Mapping[str, Item]) -> Reader:
        """The reader of this content; an older one when nothing it reads has changed."""
        read = {id_: item for id_, item in items.items() if item.kind in READ_KINDS}
        for known, reader in self._made:
            if known == read:
                return reader
        self._made.append((read, make_reader(read)))
        return self._made[-1][1]

    def keep(self, used: Collection[Reader]) -> None:
        """Forget the others: each takes some 20 MB."""
        self._made = [made for made in self._made if any(made[1] is one for one in used)]

    def all(self) -> list[Reader]:
        """Every reader that was made and is kept."""
        return [reader for _, reader in self._made]


def pack_of(items: Mapping[str, Item]) -> Pack:
    """The pack's own item: languages, vocabulary and the main consultation hour.

    Raises:
        LookupError: there is none (``wijkbot check`` says so before anything is published).
    """
    for item in items.values():
        if isinstance(item, Pack):
            return item
    raise LookupError("the content has no item of kind pack")


def _main_hours(items: Mapping[str, Item], country: str) -> str:
    pack = pack_of(items)
    named = {str(code): hours for code, hours in pack.main_hours_by_country.items()}
    return named.get(country) or pack.main_hours
