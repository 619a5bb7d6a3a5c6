"""How does a backup become the database again? All of it, or nothing.

The rows, a newer schema and what was asked for since the backup come in one step: nobody ever
opens a database in which an erased resident is back.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event, inspect, select, text
from sqlalchemy.exc import DBAPIError

from wijkbot.storage import archive, migrate, replay, schema
from wijkbot.storage.backup import CopyProblem, Tell, sync, unwritable
from wijkbot.storage.database import named
from wijkbot.storage.dialect import now
from wijkbot.storage.entries import Entry
from wijkbot.storage.replay import Following, Restored
from wijkbot.storage.seal import Sealer, check_key
from wijkbot.storage.tables import chat, lease, metadata
from wijkbot.storage.url import parse_url

_MAGIC = b"SQLite format 3\x00"
_ZIP = b"PK"
_CHUNK = 1 << 20
_PATIENCE = 20
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What comes on top of the backup: the journal's entries, and what the operator asked for.

    ``following`` says when a planned announcement falls due again.
    ``replaces``: a database with something in it may be replaced. ``is_newest``: the bot did
    not run after the backup was made (see ``replay.put_right``).
    """

    entries: Sequence[Entry]
    following: Following
    replaces: bool = False
    is_newest: bool = False


def restore(
    url: str,
    source: Path,
    sealer: Sealer,
    wishes: Wishes,
    now_ms: int,
    tell: Tell,
) -> Restored:
    """Put a backup in the place of the database, and what the journal says on top of it.

    Nobody may serve the database meanwhile. When this raises, it is as it was.

    Raises:
        CopyProblem: the backup is not one, or the database may not be replaced.
        DatabaseTooNew, KeyFileProblem: the backup is of a newer wijkbot or another key file.
    """
    parsed = parse_url(url)
    is_embedded = parsed.drivername == "sqlite"
    _refuse_other_kind(source, _MAGIC if is_embedded else _ZIP)

    def put_right(conn: Connection) -> Restored:
        check_key(conn, sealer)
        return replay.put_right(
            conn,
            wishes.entries,
            now_ms,
            is_newest=wishes.is_newest,
            following=wishes.following,
        )

    try:
        if is_embedded:
            return _into_file(Path(str(parsed.database)), source, put_right, tell, wishes)
        return _into_server(parsed, source, put_right, tell, wishes)
    except DBAPIError as error:
        raise named(error) from error


def _refuse_other_kind(source: Path, wanted: bytes) -> None:
    try:
        with source.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        what = f"{source} cannot be read ({error.strerror})"
        raise CopyProblem(what, "look at its name and its owner") from error
    if head.startswith(wanted):
        return
    if head.startswith((_MAGIC, _ZIP)):
        kinds = ("SQLite", "PostgreSQL")
        theirs, ours = kinds if head.startswith(_MAGIC) else reversed(kinds)
        what = f"{source} is a backup of {theirs}, and database.url names {ours}"
        raise CopyProblem(what, "restore it where it came from")
    raise CopyProblem(f"{source} is not a backup", "name a file that `wijkbot db backup` made")


def _refuse_full(*, is_full: bool, wishes: Wishes) -> None:
    if is_full and not wishes.replaces:
        remedy = "back it up first, then add --force to replace it"
        raise CopyProblem("there is a database with something in it", remedy)


def _into_file(
    target: Path,
    source: Path,
    put_right: Callable[[Connection], Restored],
    tell: Tell,
    wishes: Wishes,
) -> Restored:
    if target.exists() and source.samefile(target):
        raise CopyProblem(f"{source} is the database itself", "name a backup")
    _refuse_full(is_full=_has_chats(target), wishes=wishes)
    part = target.with_name(f".{target.name}.restoring")
    try:
        _copy(source, part, tell)
        _refuse_damaged(part, source)
        url = f"sqlite:///{part}"
        migrate.upgrade(url)
        restored = _on_file(url, put_right)
        sync(part)
        # what the old database's journal holds must never be read into the new one
        for end in ("-wal", "-shm", "-journal"):
            target.with_name(target.name + end).unlink(missing_ok=True)
        part.replace(target)
        sync(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                part.with_name(part.name + end).unlink(missing_ok=True)
    return restored


def _has_chats(target: Path) -> bool:
    """Whether a database is there and not new; one that cannot be read counts as full."""
    if not target.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{target.absolute().as_uri()}?mode=ro", uri=True)) as conn:
            there = conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'chat'").fetchone()
            return bool(there and conn.execute("SELECT 1 FROM chat LIMIT 1").fetchone())
    except sqlite3.Error:
        return True


def _copy(source: Path, part: Path, tell: Tell) -> None:
    size = source.stat().st_size
    part.unlink(missing_ok=True)
    part.touch(0o600, exist_ok=False)
    with source.open("rb") as old, part.open("wb") as new:
        while piece := old.read(_CHUNK):
            new.write(piece)
            tell(new.tell(), size)


def _refuse_damaged(part: Path, source: Path) -> None:
    try:
        with closing(sqlite3.connect(part)) as conn:
            (health,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error:
        health = ""
    if health != "ok":
        raise CopyProblem(f"{source} is damaged", "restore another backup")


def _on_file(url: str, put_right: Callable[[Connection], Restored]) -> Restored:
    engine = create_engine(parse_url(url))

    @event.listens_for(engine, "connect")
    def _erase_for_good(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA secure_delete=ON")

    try:
        with engine.begin() as conn:
            return put_right(conn)
    finally:
        engine.dispose()


def _into_server(
    url: URL,
    source: Path,
    put_right: Callable[[Connection], Restored],
    tell: Tell,
    wishes: Wishes,
) -> Restored:
    manifest = archive.look(source)
    schema.refuse_newer(manifest.revision)
    engine = create_engine(url)
    try:
        with engine.begin() as conn:
            there = set(inspect(conn).get_table_names()) & {*metadata.tables, "alembic_version"}
            _refuse_served(conn, there)
            has_chats = "chat" in there and conn.execute(select(chat.c.id).limit(1)).first()
            _refuse_full(is_full=bool(has_chats), wishes=wishes)
            for name in there:
                conn.execute(text(f"DROP TABLE {name} CASCADE"))
            migrate.bring(conn, manifest.revision)
            archive.fill(conn, source, manifest, tell)
            migrate.bring(conn)
            return put_right(conn)
    finally:
        engine.dispose()


def _refuse_served(conn: Connection, there: set[str]) -> None:
    alive = select(lease.c.name).where(lease.c.expires_at > now(conn, 0)).limit(1)
    if "lease" in there and conn.execute(alive).first() is not None:
        remedy = "stop every wijkbot of this database, wait a minute and try again"
        raise CopyProblem("a running wijkbot is at home in this database", remedy)
    for _ in range(_PATIENCE):  # the server notices a while later that a program has ended
        if not conn.execute(_OTHERS).scalar_one():
            return
        time.sleep(0.1)
        conn.execute(text("SELECT pg_stat_clear_snapshot()"))
    if conn.execute(_OTHERS).scalar_one():
        remedy = "stop every wijkbot of this database, and close other programs"
        raise CopyProblem("other programs are connected to this database", remedy)
