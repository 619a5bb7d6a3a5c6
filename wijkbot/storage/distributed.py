"""How is PostgreSQL written and read? By a small pool of threads, each with a connection.

What waits with the same act goes into one transaction; the next group gathers while that one
runs. A deadlock, and a row that another process made just before us, are tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from wijkbot.storage.database import GROUP, Act, Database, M, T, act_on, in_transaction, named
from wijkbot.storage.dialect import GIVEN_CLOCK
from wijkbot.storage.errors import DatabaseAway

_POOL = 8
_CONNECTION = {
    "connect_timeout": 5,
    # a server that vanished without a word is noticed in half a minute, not in hours
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_RETRIES = 8
# serialization failure, deadlock detected, and a row that somebody else made just before us
_RETRY_STATES = {"40001", "40P01", "23505"}
_Waiting = deque[tuple[Any, "asyncio.Future[Any]"]]


class Distributed(Database):
    """PostgreSQL."""

    is_embedded = False

    def __init__(self, url: URL, *, takes_given_clock: bool = False) -> None:
        engine = create_engine(
            url,
            pool_size=_POOL,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args=dict(_CONNECTION),
        )
        self._engine = engine.execution_options(**{GIVEN_CLOCK: True} if takes_given_clock else {})
        self._threads = ThreadPoolExecutor(_POOL, thread_name_prefix="wijkbot-db")
        self._waiting: dict[Act[Any, Any], _Waiting] = {}
        self._groups: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run in a transaction, with everything else that waits."""
        return await self._in_thread(_with_retries, self._engine, fn)

    async def together(self, act: Act[M, T], member: M, *, is_awaited: bool = False) -> T:
        """Run for all members that wait with the same act; no act waits for another here."""
        del is_awaited
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(act)
        if waiting is None:
            waiting = self._waiting[act] = deque()
            group = asyncio.create_task(self._work_off(act, waiting))
            self._groups.add(group)
            group.add_done_callback(self._groups.discard)
        waiting.append((member, future))
        return await future

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run on a snapshot."""
        engine = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        return await self._in_thread(in_transaction, engine, fn)

    async def scrub(self) -> bool:
        """Nothing to do: what was erased was sealed, and its key goes."""
        return True

    async def tidy(self, tables: Sequence[str]) -> None:
        """VACUUM them: without it deleted rows stay in the files for a long time."""
        await self._in_thread(_vacuum, self._engine, tables)

    async def close(self) -> None:
        """Finish what was submitted, and close."""
        if self._is_closed:
            return
        if self._groups:
            await asyncio.wait(self._groups)
        self._is_closed = True
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def _in_thread(self, fn: Callable[..., T], *args: Any) -> T:
        if self._is_closed:
            raise DatabaseAway("the database is closed", "start wijkbot again")
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn, *args)

    async def _work_off(self, act: Act[Any, Any], waiting: _Waiting) -> None:
        """Group after group, until nobody waits with this act any more."""
        while waiting:
            group = [waiting.popleft() for _ in range(min(GROUP, len(waiting)))]
            group = [(member, future) for member, future in group if not future.cancelled()]
            if group:
                await self._commit(act, group)
        del self._waiting[act]

    async def _commit(
        self, act: Act[Any, Any], group: list[tuple[Any, asyncio.Future[Any]]]
    ) -> None:
        members = [member for member, _ in group]
        try:
            answers = await self._in_thread(
                _with_retries, self._engine, lambda conn: act_on(conn, act, members)
            )
        except Exception as trouble:  # noqa: BLE001 - handed to those who asked
            if len(group) > 1 and not isinstance(trouble, DatabaseAway):
                for one in group:
                    await self._commit(act, [one])
                return
            for _, future in group:
                if not future.cancelled():
                    future.set_exception(trouble)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.cancelled():
                future.set_result(answer)


def _vacuum(engine: Engine, tables: Sequence[str]) -> None:
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text(f"VACUUM {', '.join(tables)}"))
    except DBAPIError as error:
        raise named(error) from error


def _with_retries(engine: Engine, fn: Callable[[Connection], T]) -> T:
    for _ in range(_RETRIES):
        try:
            with engine.begin() as conn:
                return fn(conn)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _RETRY_STATES:
                raise named(error) from error
    return in_transaction(engine, fn)
