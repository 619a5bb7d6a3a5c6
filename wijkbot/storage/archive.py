"""What is a backup of PostgreSQL? A zip with the rows of each table, all of one moment.

Made here, because ``pg_dump`` is not on every machine and must be as new as the server. One
file for each table in the text form of COPY, and ``manifest.json``: the schema, the columns and
the number of rows.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from wijkbot.storage import schema
from wijkbot.storage.database import named
from wijkbot.storage.errors import StorageProblem
from wijkbot.storage.tables import metadata

FORM = "wijkbot-backup-1"
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_READS = "REPEATABLE READ"


class ArchiveProblem(StorageProblem):
    """The file is not a whole backup of PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One table of an archive."""

    name: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in an archive: the schema's revision, and the tables in the order of filling."""

    revision: str
    copied_at: int
    tables: tuple[Kept, ...]


def write(url: URL, part: Path, now_ms: int, tell: Callable[[int, int], None]) -> None:
    """Fill the file with the rows of every table, as they are at one moment."""
    engine = create_engine(url, isolation_level=_READS)
    try:
        with engine.connect().execution_options(postgresql_readonly=True) as conn:
            # the first statement takes the snapshot that all the others read
            revision = schema.revision_of(conn)
            _write(conn, part, str(revision), now_ms, tell)
    except DBAPIError as error:
        raise named(error) from error
    finally:
        engine.dispose()


def _write(
    conn: Connection, part: Path, revision: str, now_ms: int, tell: Callable[[int, int], None]
) -> None:
    there = set(inspect(conn).get_table_names())
    names = [table.name for table in metadata.sorted_tables if table.name in there]
    tables = []
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for done, name in enumerate(names):
            columns = tuple(one["name"] for one in inspect(conn).get_columns(name))
            rows = 0
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in _copy_out(conn, name, columns):
                    rows += piece.count(b"\n")
                    file.write(piece)
                    tell(done, len(names))
            tables.append(Kept(name, columns, rows))
        manifest = {"form": FORM, **asdict(Manifest(revision, now_ms, tuple(tables)))}
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))


def _copy_out(conn: Connection, name: str, columns: tuple[str, ...]) -> Iterator[bytes]:
    """The rows of a table, each on a line of its own: COPY writes a line end in a value as \\n."""
    copying = f"COPY {name} ({_listed(columns)}) TO STDOUT"
    with _cursor(conn) as cursor, cursor.copy(copying) as copy:
        for piece in copy:
            yield bytes(piece)


def look(path: Path) -> Manifest:
    """What is in this archive.

    Raises:
        ArchiveProblem: it is not one, it is damaged, or a newer wijkbot made it.
    """
    with _opened(path) as archive:
        told = json.loads(archive.read(_MANIFEST))
        if told.get("form") != FORM:
            raise ArchiveProblem(f"{path} is a backup of another form", "use a newer wijkbot")
        damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(damaged)
        tables = tuple(Kept(t["name"], tuple(t["columns"]), t["rows"]) for t in told["tables"])
        return Manifest(told["revision"], told["copied_at"], tables)


def fill(
    conn: Connection, path: Path, manifest: Manifest, tell: Callable[[int, int], None]
) -> None:
    """Put the rows of an archive into the empty tables of its own schema."""
    with _opened(path) as archive:
        for done, table in enumerate(manifest.tables):
            with _cursor(conn) as cursor, archive.open(table.name) as file:
                with cursor.copy(f"COPY {table.name} ({_listed(table.columns)}) FROM STDIN") as to:
                    while piece := file.read(_CHUNK):
                        to.write(piece)
                        tell(done, len(manifest.tables))
                if cursor.rowcount != table.rows:
                    raise ArchiveProblem(f"{path} lacks rows of {table.name}", _OTHER)
    for table in manifest.tables:
        if "id" in table.columns:
            _count_on(conn, table.name)


def _count_on(conn: Connection, name: str) -> None:
    """New ids come after those that were put in."""
    serial = text("SELECT pg_get_serial_sequence(:name, 'id')")
    sequence = conn.execute(serial, {"name": name}).scalar()
    if sequence is not None:
        newest = f"SELECT setval(:sequence, COALESCE(MAX(id), 0) + 1, false) FROM {name}"  # noqa: S608
        conn.execute(text(newest), {"sequence": sequence})


_OTHER = "it is not whole: restore another backup"


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ArchiveProblem(f"{path} is not a backup of PostgreSQL", _OTHER) from error
    except OSError as error:
        what = f"{path} cannot be read ({error.strerror})"
        raise ArchiveProblem(what, "look at its name and its owner") from error


def _cursor(conn: Connection) -> Any:
    """The driver's own cursor in this same transaction: COPY is not in SQLAlchemy."""
    return cast("Any", conn.connection).cursor()


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
