"""How do writes and reads reach the database, and what happens when it does not answer?

SQLite: one writer thread; everything that waits goes into one transaction (one disk sync for
all), each member in a savepoint of its own. PostgreSQL: a small pool of threads, a transaction
for each write; the server groups the syncs itself.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from wijkbot.storage import migrate
from wijkbot.storage.errors import DatabaseAway
from wijkbot.storage.url import parse_url

_BUSY_MS = 5000
_GROUP = 200
_POOL = 8
_RETRIES = 5
# serialization failure, deadlock detected, and a row that somebody else made just before us
_RETRY_STATES = {"40001", "40P01", "23505"}

T = TypeVar("T")
_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class Database(ABC):
    """The open database. Functions get a connection inside a transaction.

    A result is given only after its commit; an exception undoes that function's work alone.
    """

    is_embedded: bool

    @abstractmethod
    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run in a writing transaction.

        Raises:
            DatabaseAway: nothing was kept; try again later.
        """

    @abstractmethod
    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run on a consistent snapshot that cannot write."""

    @abstractmethod
    async def scrub(self) -> bool:
        """After an erasure: leave no trace of it in the journal on disk.

        False when somebody was reading for so long that it could not be done; ask again.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish what was submitted, and close every connection."""


class _Embedded(Database):
    """SQLite: a writer thread with group commit, and readers beside it."""

    is_embedded = True

    def __init__(self, url: URL) -> None:
        self._writer = _sqlite_engine(url, "BEGIN IMMEDIATE", is_reader=False)
        self._reader = _sqlite_engine(url, "BEGIN", is_reader=True)
        _in_transaction(self._writer, _nothing)  # WAL from here on: a reader never waits
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="wijkbot-read")
        self._is_closed = False
        self._thread = threading.Thread(target=self._write_all, name="wijkbot-write", daemon=True)
        self._thread.start()

    async def write(self, fn: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._submit(fn))

    def _submit(self, fn: Callable[[Connection], T]) -> Future[T]:
        if self._is_closed:
            raise DatabaseAway("the database is closed", "start wijkbot again")
        future: Future[T] = Future()
        self._jobs.put((fn, future))
        return future

    async def read(self, fn: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, _in_transaction, self._reader, fn)

    async def scrub(self) -> bool:
        # asked of the writer, so that it comes after every write submitted before
        return await asyncio.wrap_future(self._submit(_checkpoint))

    async def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._readers.shutdown()
        self._reader.dispose()
        self._writer.dispose()

    def _write_all(self) -> None:
        while (first := self._jobs.get()) is not None:
            group = [first]
            while len(group) < _GROUP:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    self._jobs.put(None)
                    break
                group.append(job)
            self._write_group([job for job in group if job[1].set_running_or_notify_cancel()])

    def _write_group(self, group: list[_Job]) -> None:
        apart = [job for job in group if job[0] is _checkpoint]
        together = [job for job in group if job[0] is not _checkpoint]
        if together and not self._commit_together(together):
            for fn, future in together:
                _settle(future, partial(_in_transaction, self._writer, fn))
        for _, future in apart:
            _settle(future, partial(_checkpoint_on, self._writer))

    def _commit_together(self, group: list[_Job]) -> bool:
        """Whether every member has its outcome; False means that nothing was kept yet."""
        outcomes: list[tuple[Future[Any], Any, Exception | None]] = []
        has_begun = False
        try:
            with self._writer.begin() as conn:
                has_begun = True
                for fn, future in group:
                    outcomes.append((future, *_in_savepoint(conn, fn)))
        except Exception as trouble:  # noqa: BLE001 - whatever broke the group
            if has_begun:
                return False  # each member goes alone
            # it did not even begin: alone it would not either
            outcomes = [(future, None, trouble) for _, future in group]
        for future, result, error in outcomes:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(_named(error))
        return True


class _Distributed(Database):
    """PostgreSQL: sync connections on a few threads."""

    is_embedded = False

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(
            url,
            pool_size=_POOL,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5},
        )
        self._threads = ThreadPoolExecutor(_POOL, thread_name_prefix="wijkbot-db")

    async def write(self, fn: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _with_retries, self._engine, fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        engine = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        return await loop.run_in_executor(self._threads, _in_transaction, engine, fn)

    async def scrub(self) -> bool:
        """Nothing to do: what was erased was sealed, and its key goes."""
        return True

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


def open_database(url: str, *, check: bool = True) -> Database:
    """Open ``sqlite:///file`` or ``postgresql://…``; ``check`` wants the newest schema.

    Raises:
        DatabaseRefused: the url is neither of the two.
        DatabaseAway: it does not answer.
        DatabaseTooOld, DatabaseTooNew: the remedy says what to do.
    """
    parsed = parse_url(url)
    if check:
        migrate.check(url)
    return _Embedded(parsed) if parsed.drivername == "sqlite" else _Distributed(parsed)


def _sqlite_engine(url: URL, begin: str, *, is_reader: bool) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are ours, below
        if url.database is not None:
            with suppress(OSError):
                os.chmod(url.database, 0o600)  # noqa: PTH101 - a plain path from the url
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"busy_timeout={_BUSY_MS}",
            f"query_only={'ON' if is_reader else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine


def _in_savepoint(conn: Connection, fn: Callable[[Connection], T]) -> tuple[T | None, Any]:
    savepoint = conn.begin_nested()
    try:
        result = fn(conn)
    except Exception as error:  # noqa: BLE001 - handed to the one who asked
        savepoint.rollback()
        return None, error
    savepoint.commit()
    return result, None


def _in_transaction(engine: Engine, fn: Callable[[Connection], T]) -> T:
    try:
        with engine.begin() as conn:
            return fn(conn)
    except DBAPIError as error:
        raise _named(error) from error


def _with_retries(engine: Engine, fn: Callable[[Connection], T]) -> T:
    for _ in range(_RETRIES):
        try:
            with engine.begin() as conn:
                return fn(conn)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _RETRY_STATES:
                raise _named(error) from error
    return _in_transaction(engine, fn)


def _named(error: Exception) -> Exception:
    """The error as callers know it: a database that is away is one kind of trouble."""
    if not isinstance(error, OperationalError | InterfaceError):
        return error
    # the driver's own words may hold values of the row: only its class is told
    what = f"the database does not answer ({type(error.orig).__name__})"
    away = DatabaseAway(what, "look whether it runs, is locked, or its disk is full")
    away.__cause__ = error
    return away


def _settle(future: Future[T], act: Callable[[], T]) -> None:
    try:
        result = act()
    except Exception as error:  # noqa: BLE001 - handed to the one who asked
        future.set_exception(error)
    else:
        future.set_result(result)


def _nothing(_conn: Connection) -> None:
    """Only shows that a transaction is possible."""


def _checkpoint(_conn: Connection) -> bool:
    """Marks the place of a checkpoint among the writes; it runs outside a transaction."""
    return False


def _checkpoint_on(engine: Engine) -> bool:
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        was_busy, *_ = cursor.fetchall()[0]
        cursor.close()
    finally:
        raw.close()
    return not was_busy
