"""How does an erasure survive a restored backup? It stands in a file outside the database too.

The file is only ever appended to. An entry is on disk before the transaction that it tells of
commits, so a crash never leaves an erasure that the journal lacks. The other way round is
harmless: when that transaction is undone, the message is handled again and asks again, and an
entry that stands there twice does nothing more than once.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from wijkbot.storage.entries import Entry, EntrySeal, KeyDestroyed
from wijkbot.storage.errors import SealBroken, StorageProblem
from wijkbot.storage.seal import KeyFile

JOURNAL = "wijkbot.journal"


class JournalProblem(StorageProblem):
    """The journal cannot be written or read, so nothing may be erased or restored now."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}", remedy)


@dataclass(frozen=True, slots=True)
class Journaled:
    """What a journal holds: its entries in order, and how many lines could not be read."""

    entries: tuple[Entry, ...]
    unreadable: int


class Journal:
    """The journal of one installation. Any number of processes may append to it."""

    def __init__(
        self, path: Path, key_file: KeyFile, random_bytes: Callable[[int], bytes]
    ) -> None:
        self.path = path
        self._seal = EntrySeal(key_file, random_bytes)

    def begin(self) -> None:
        """Make the file if it is not there, so that a missing one always means a lost one.

        Raises:
            JournalProblem: it cannot be made or written.
        """
        try:
            _append(self.path, b"")
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, *entries: Entry) -> None:
        """Append; returns when the entries are on disk.

        Raises:
            JournalProblem: they are not; what they tell of must not be committed.
        """
        lines = b"".join(map(self._seal.line, entries))
        if not lines:
            return
        try:
            _append(self.path, lines)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> JournalProblem:
        remedy = "look whether the disk is full and the folder belongs to wijkbot's user"
        what = f"the journal cannot be written ({error.strerror})"
        return JournalProblem(self.path, what, remedy)

    def keys_destroyed(self, days: Iterable[int], now_ms: int) -> None:
        """The keys of these days are about to be destroyed."""
        self.write(*(KeyDestroyed(day, now_ms) for day in days))

    def read(self) -> Journaled:
        """Everything that was written; lines that a crash or the disk spoiled are only counted.

        Raises:
            JournalProblem: there is no journal, or it cannot be read.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            remedy = "put it back from where you keep its copy, or name it with --journal"
            raise JournalProblem(self.path, "the journal cannot be read", remedy) from error
        entries: list[Entry] = []
        unreadable = 0
        for line in content.splitlines():
            if not line:
                continue
            try:
                entries.append(self._seal.entry(line))
            except SealBroken:
                unreadable += 1
        return Journaled(tuple(entries), unreadable)


def _append(path: Path, lines: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        if lines and size and os.pread(handle, 1, size - 1) != b"\n":
            lines = b"\n" + lines  # what a crash left half-written spoils one line, not two
        if os.write(handle, lines) != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    finally:
        os.close(handle)
    if not size:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make sure that the names of new files in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
