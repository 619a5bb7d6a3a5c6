"""How is SQLite written and read? One writer thread with group commit, readers beside it.

Everything that waits goes into one transaction, so that one wait for the disk serves all.
Readers see a snapshot and never wait.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from wijkbot.storage.database import GROUP, Act, Database, M, T, act_on, in_transaction, named
from wijkbot.storage.errors import DatabaseAway
from wijkbot.storage.quick import in_words_of_sqlalchemy

_BUSY_MS = 5000
_PORTION = 4
"""So many go into one transaction while others come in that are awaited outside: those wait for
one portion at most, not for all that is there to do."""
_AWAITED_SECONDS = 1.0
"""So long after one that was awaited the next may come."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One member that waits for its transaction."""

    act: Act[Any, Any]
    member: Any
    future: asyncio.Future[Any]
    is_awaited: bool = False


_Outcome = tuple[_Job, Any, Exception | None]


class Embedded(Database):
    """SQLite in a file."""

    is_embedded = True

    def __init__(self, url: URL) -> None:
        self._writer = _engine(url, "BEGIN IMMEDIATE", is_reader=False)
        self._reader = _engine(url, "BEGIN", is_reader=True)
        in_transaction(self._writer, _nothing)  # WAL from here on: a reader never waits
        self._held: Connection | None = None
        self._awaited: deque[_Job] = deque()
        self._waiting: deque[_Job] = deque()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="wijkbot-read")
        self._is_closed = self._is_ended = False
        self._thread = threading.Thread(target=self._write_all, name="wijkbot-write", daemon=True)
        self._thread.start()

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run in a transaction, with everything else that waits."""
        return await self.together(_call_each, fn)

    async def together(self, act: Act[M, T], member: M, *, is_awaited: bool = False) -> T:
        """Run for all members that wait with the same act."""
        if self._is_closed:
            raise DatabaseAway("the database is closed", "start wijkbot again")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(act, member, future, is_awaited))
        return await future

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run on a snapshot."""
        if self._is_closed:
            raise DatabaseAway("the database is closed", "start wijkbot again")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, in_transaction, self._reader, fn)

    async def scrub(self) -> bool:
        """Empty the journal on disk."""
        # asked of the writer, so that it comes after every write submitted before
        return await self.together(_checkpoint, None)

    async def close(self) -> None:
        """Finish what was submitted, and close."""
        if self._is_closed:
            return
        self._is_closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._let_go()
        self._readers.shutdown()
        self._reader.dispose()
        self._writer.dispose()

    def _write_all(self) -> None:
        awaited_until = 0.0
        while self._wait():
            if self._awaited:
                awaited_until = time.monotonic() + _AWAITED_SECONDS
                group = _from(self._awaited, GROUP)
            else:
                is_busy = time.monotonic() < awaited_until
                group = _from(self._waiting, _PORTION if is_busy else GROUP)
            _tell(self._outcomes([job for job in group if not job.future.cancelled()]))

    def _wait(self) -> bool:
        """Sort what was submitted; waits when nothing is there. False: closed, and all is done."""
        has_work = bool(self._awaited or self._waiting)
        while not self._is_ended:
            try:
                job = self._jobs.get(block=not has_work)
            except queue.Empty:
                break
            if job is None:
                self._is_ended = True
                break
            (self._awaited if job.is_awaited else self._waiting).append(job)
            has_work = True
        return has_work

    def _outcomes(self, group: list[_Job]) -> list[_Outcome]:
        together = [job for job in group if job.act is not _checkpoint]
        outcomes = self._commit(together) if together else []
        for job in group:
            if job.act is _checkpoint:
                outcomes.append(self._empty_journal(job))
        return outcomes

    def _commit(self, group: list[_Job]) -> list[_Outcome]:
        """One transaction for all; when one of them fails, each goes alone."""
        acts: dict[Act[Any, Any], list[_Job]] = {}
        for job in group:
            acts.setdefault(job.act, []).append(job)
        has_begun = False
        outcomes: list[_Outcome] = []
        try:
            with self._transaction() as conn:
                has_begun = True
                for act, jobs in acts.items():
                    answers = act_on(conn, act, [job.member for job in jobs])
                    outcomes += [(job, answers[i], None) for i, job in enumerate(jobs)]
        except Exception as trouble:  # noqa: BLE001 - handed to those who asked
            # what cannot even begin for all cannot begin for one
            if has_begun and len(group) > 1:
                return [outcome for job in group for outcome in self._commit([job])]
            return [(job, None, named(trouble)) for job in group]
        return outcomes

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One of the connection that the writer thread holds: taking one from the pool, and
        giving it back, costs as much as a small write. After trouble it takes a fresh one.
        """
        conn = self._held = self._held or self._writer.connect()
        try:
            with conn.begin():
                yield conn
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _empty_journal(self, job: _Job) -> _Outcome:
        try:
            return (job, _checkpoint_on(self._writer), None)
        except Exception as error:  # noqa: BLE001 - handed to the one who asked
            return (job, None, named(error))


def _from(jobs: deque[_Job], at_most: int) -> list[_Job]:
    return [jobs.popleft() for _ in range(min(at_most, len(jobs)))]


def _tell(outcomes: list[_Outcome]) -> None:
    """Wake those who wait: once for each loop, because every wake-up costs as much as a write."""
    loops: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        loops.setdefault(outcome[0].future.get_loop(), []).append(outcome)
    for loop, its in loops.items():
        with suppress(RuntimeError):  # that loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, its)


def _resolve(outcomes: list[_Outcome]) -> None:
    for job, answer, error in outcomes:
        if job.future.cancelled():
            continue
        if error is None:
            job.future.set_result(answer)
        else:
            job.future.set_exception(error)


def _call_each(conn: Connection, members: Sequence[Callable[[Connection], Any]]) -> list[Any]:
    """The act of plain writes: each of them is a function of its own."""
    return [fn(conn) for fn in members]


def _engine(url: URL, begin: str, *, is_reader: bool) -> Engine:
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
        driver: Any = conn.connection.dbapi_connection
        try:
            driver.execute(begin)  # past SQLAlchemy, which takes longer for it than SQLite
        except sqlite3.Error as error:
            raise in_words_of_sqlalchemy(error, begin, conn.dialect) from error

    return engine


def _nothing(_conn: Connection) -> None:
    """Only shows that a transaction is possible."""


def _checkpoint(_conn: Connection, _members: Sequence[None]) -> list[bool]:
    """Marks the place of a checkpoint among the writes; it runs outside a transaction."""
    return []


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
