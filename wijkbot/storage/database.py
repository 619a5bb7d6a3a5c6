"""What can be asked of the database, whichever of the two it is?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from wijkbot.storage.trouble import passing

GROUP = 200
"""So many members of a group commit at most: more would make the first one wait for the last."""

T = TypeVar("T")
M = TypeVar("M")
Act = Callable[[Connection, Sequence[M]], Sequence[T]]
"""Does one thing for many members at once; gives one result for each, in their order."""


class Database(ABC):
    """The open database. Functions get a connection inside a transaction.

    A result is given only after its commit; an exception undoes that function's work alone.
    A function may be run again after its work was undone (a deadlock, a neighbour in its group
    that failed), so it changes nothing outside the connection.
    """

    is_embedded: bool

    @abstractmethod
    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run in a writing transaction.

        Raises:
            DatabaseAway: nothing was kept; try again later.
        """

    @abstractmethod
    async def together(self, act: Act[M, T], member: M, *, is_awaited: bool = False) -> T:
        """Run ``act`` for this member and all others that wait with the same ``act``.

        One call, one transaction and one wait for the disk serve them all. When the call
        raises, each member is tried alone, and only those that raise again get the exception.
        ``is_awaited``: somebody outside holds a connection open for it, so it goes first.
        """

    @abstractmethod
    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run on a consistent snapshot that cannot write."""

    @abstractmethod
    async def scrub(self) -> bool:
        """After an erasure: leave no trace of it in the journal on disk.

        False when somebody was reading for so long that it could not be done; ask again.
        """

    async def tidy(self, tables: Sequence[str]) -> None:
        """After deletions: take what was deleted out of the files of these tables.

        Nothing to do where a deletion overwrites (SQLite's secure_delete).
        """
        del tables

    @abstractmethod
    async def close(self) -> None:
        """Finish what was submitted, and close every connection."""


def named(error: Exception) -> Exception:
    """The error as callers know it: a database that is away is one kind of trouble."""
    return passing(error) or error


def in_transaction(engine: Any, fn: Callable[[Connection], T]) -> T:
    """Run once, in a transaction of its own; trouble of the database gets its name."""
    try:
        with engine.begin() as conn:
            return fn(conn)
    except DBAPIError as error:
        raise named(error) from error


def act_on(conn: Connection, act: Act[M, T], members: Sequence[M]) -> Sequence[T]:
    """One result for each member, or an exception for all of them."""
    answers = act(conn, members)
    if len(answers) != len(members):
        raise RuntimeError(f"{act!r} gave {len(answers)} results for {len(members)} members")
    return answers
