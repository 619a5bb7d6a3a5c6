"""How is a copy of the database made while the bot runs? Without the key file, of live rows only.

What is sealed stays sealed. The copy appears under its name when it is whole and on disk, so a
copy that stands there can be restored.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL

from wijkbot.storage import archive, schema
from wijkbot.storage.errors import DatabaseAway, StorageProblem
from wijkbot.storage.url import parse_url

Tell = Callable[[int, int], None]
"""Hears how far the work is: done, and of how much."""

_STEPS = 20_000  # of SQLite's machine, between two words on the progress


class CopyProblem(StorageProblem):
    """The copy cannot be made or restored."""


def suffix(url: str) -> str:
    """How the names of copies of this database end."""
    return ".db" if parse_url(url).drivername == "sqlite" else ".zip"


def back_up(url: str, target: Path, now_ms: int, tell: Tell, *, replaces: bool = False) -> int:
    """Copy the whole database into a file that only its owner can read. Returns its bytes.

    Raises:
        CopyProblem: the file exists already (``replaces`` allows that), or has no room.
        DatabaseTooNew, DatabaseAway: there is nothing to copy that this code knows.
    """
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        _refuse_missing(parsed, target)
    revision = schema.current(url)
    schema.refuse_newer(revision)
    if revision is None:
        raise CopyProblem("the database is empty", "run `wijkbot serve` or `wijkbot db upgrade`")
    with _in_place(target, replaces=replaces) as part:
        if parsed.drivername == "sqlite":
            _copy_sqlite(Path(str(parsed.database)), part, tell)
        else:
            archive.write(parsed, part, now_ms, tell)
    return target.stat().st_size


def _refuse_missing(parsed: URL, target: Path) -> None:
    source = Path(str(parsed.database))
    if not source.is_file():
        raise DatabaseAway(f"there is no database at {source}", "look at database.url")
    if target.exists() and target.samefile(source):
        raise CopyProblem(f"{target} is the database itself", "choose another name")


@contextmanager
def _in_place(target: Path, *, replaces: bool) -> Iterator[Path]:
    """A file to fill, which gets its name when all of it is on disk."""
    remedy = "choose another name, or add --force to replace it"
    if target.exists() and not replaces:
        raise CopyProblem(f"{target} exists already", remedy)
    part = target.with_name(f".{target.name}.part")
    try:
        with suppress(FileNotFoundError):
            part.unlink()  # of a backup that was broken off
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield part
            sync(part)
            if target.exists() and not replaces:  # somebody made that name meanwhile
                raise CopyProblem(f"{target} exists already", remedy)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        sync(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error


def unwritable(path: Path, error: OSError) -> CopyProblem:
    """The trouble with a file that could not be written."""
    remedy = "look at the folder, its owner and the room on the disk"
    return CopyProblem(f"{path} cannot be written ({error.strerror})", remedy)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_sqlite(source: Path, part: Path, tell: Tell) -> None:
    # VACUUM INTO, not the backup API: that one copies pages, free ones with what was in them
    # too, and begins again with each write of the running bot. This reads one snapshot, writes
    # live rows only, and holds nobody up: in WAL mode a reader never stops the writer.
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as conn:
            conn.isolation_level = None
            size = source.stat().st_size
            conn.set_progress_handler(lambda: _told(tell, part, size), _STEPS)
            conn.execute("VACUUM INTO ?", (str(part),))
        with closing(sqlite3.connect(part)) as copy:
            (health,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        what = f"the database cannot be copied ({type(error).__name__})"
        remedy = "look whether it is damaged, or the disk of the copy is full"
        raise CopyProblem(what, remedy) from error
    if health != "ok":
        raise CopyProblem("the database is damaged", "restore an older backup")


def _told(tell: Tell, part: Path, size: int) -> int:
    with suppress(OSError):
        tell(min(part.stat().st_size, size), size)
    return 0
