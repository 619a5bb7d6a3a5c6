"""What is published now? The books of the database, kept in memory and refreshed."""

from __future__ import annotations

from sqlalchemy import Connection

from wijkbot.app.shelf import Readers, Shelf, make_shelf
from wijkbot.content.model import Item
from wijkbot.content.store_format import from_json
from wijkbot.engine.pick import plain
from wijkbot.settings import Settings
from wijkbot.storage import items as stored
from wijkbot.storage.database import Database


class NothingPublishedError(Exception):
    """The database holds no book yet."""


class Library:
    """The shelves of every neighbourhood; older books are there for dialogs that began on them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._version = 0
        self._shelves: dict[tuple[str, int], Shelf] = {}
        self._items: dict[tuple[str, int], Item] = {}
        self.readers = Readers()

    @property
    def version(self) -> int:
        """The version of the current book; 0 before the first refresh."""
        return self._version

    async def refresh(self) -> bool:
        """Take a newer book when there is one; True when it changed."""
        version = await self._database.read(stored.current_version)
        if version in {self._version, 0}:
            return False
        await self.open_version(version)
        before, self._version = self._version, version
        self._forget_all_but(before, version)
        return True

    def _forget_all_but(self, *versions: int) -> None:
        """Older books are opened again for whoever still talks by one of them."""
        self._shelves = {key: shelf for key, shelf in self._shelves.items() if key[1] in versions}
        self.readers.keep([shelf.reader for shelf in self._shelves.values()])

    async def open_version(self, version: int) -> None:
        """Load one book, current or older, for every neighbourhood."""
        rows = await self._database.read(lambda conn: _rows(conn, version))
        for scope, id_, item_version, kind, body in rows:
            del scope
            if (id_, item_version) not in self._items:
                self._items[id_, item_version] = from_json(kind, body)
        for area in self._settings.areas():
            self._shelves[area, version] = self._make(area, version, rows)

    def shelf(self, area: str, version: int = 0) -> Shelf:
        """The shelf of a neighbourhood, of the current book or of ``version`` if it is open.

        Raises:
            NothingPublishedError: nothing was published yet.
        """
        for wanted in (version, self._version):
            if found := self._shelves.get((area, wanted)):
                return found
        first = next(iter(self._settings.areas()))
        if found := self._shelves.get((first, self._version)):
            return found
        raise NothingPublishedError("publish the dialogs first: wijkbot publish")

    def has(self, version: int) -> bool:
        """Is this book in memory?"""
        return any(known == version for _, known in self._shelves)

    async def item(self, item_id: str, version: int) -> Item:
        """One published item by version, from memory or from the database."""
        if (item_id, version) not in self._items:
            row = await self._database.read(lambda conn: stored.body(conn, item_id, version))
            if row is None:
                raise LookupError(f"item {item_id} has no version {version}")
            self._items[item_id, version] = from_json(row.kind, row.body)
        return self._items[item_id, version]

    def _make(self, area: str, version: int, rows: list[tuple[str, str, int, str, str]]) -> Shelf:
        chosen: dict[str, int] = {}
        for wanted in ("", area):
            chosen |= {row[1]: row[2] for row in rows if row[0] == wanted}
        items = {id_: self._items[id_, number] for id_, number in chosen.items()}
        return make_shelf(
            items,
            country=self._settings.country_of(area),
            version=version,
            versions=chosen,
            reader=self.readers.of(items),
            areas={
                plain(self._settings.word_of(name)): name for name in self._settings.neighbourhoods
            },
        )


def _rows(conn: Connection, version: int) -> list[tuple[str, str, int, str, str]]:
    book = stored.book(conn, version)
    if book is None:
        raise NothingPublishedError(f"the book {version} is not in the database")
    return [(r.scope, r.id, r.version, r.kind, r.body) for r in stored.rows_of(conn, book)]
