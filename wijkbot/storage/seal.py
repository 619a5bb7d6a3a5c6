"""How is what could hurt kept unreadable on disk? Keys, seals and pseudonyms.

Short-lived rows are sealed with a key of the day that the key file wraps: once that key is
destroyed, no backup can read them. Addresses and secrets of channels, which live long, are
sealed with a key made from the key file itself (key number 0).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import Connection, delete, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.errors import KeyFileProblem, KeyGone, SealBroken
from wijkbot.storage.tables import day_key, meta

_DAY_MS = 86_400_000
_MARK = "wijkbot-key-1"
_NONCE = 12
_NONCES = 256
_SECRET = 32
_HEAD = 5  # one byte form, four bytes key number
KEPT = 0
"""The key number of what is sealed for long."""

KEY_LIVES_DAYS = 30

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The 32 secret bytes outside the database, and where they stand."""

    path: Path
    secret: bytes

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose."""
        return HKDFExpand(SHA256(), 32, f"wijkbot:{purpose}".encode()).derive(self.secret)


@dataclass(frozen=True, slots=True)
class DayKey:
    """The key of one day (days since 1970), unwrapped."""

    day: int
    secret: bytes


def create_key_file(path: Path, secret: bytes) -> None:
    """Write a new key file, readable by its owner only; an existing one is never replaced."""
    line = f"{_MARK} {base64.b64encode(secret).decode()}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        remedy = "keep it; it is the only way to read this database"
        raise KeyFileProblem(path, "exists already", remedy) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def load_key_file(path: Path) -> KeyFile:
    """Read the key file.

    Raises:
        KeyFileProblem: it is missing, damaged, or readable by others.
    """
    try:
        text = path.read_text(encoding="ascii")
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError as error:
        remedy = "put the key file back from where you keep it, or run `wijkbot init`"
        raise KeyFileProblem(path, "the key file is missing", remedy) from error
    except (OSError, UnicodeDecodeError) as error:
        remedy = "make it readable for the user that runs wijkbot, or put the right file back"
        raise KeyFileProblem(path, "the key file cannot be read", remedy) from error
    if mode & 0o077:
        raise KeyFileProblem(path, f"others can read it (mode {mode:o})", f"chmod 600 {path}")
    mark, _, encoded = text.strip().partition(" ")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if mark != _MARK or len(secret) != _SECRET:
        raise KeyFileProblem(path, "this is not a key file", "put the right file back")
    return KeyFile(path, secret)


class Sealer:
    """Seals, opens, and makes pseudonyms. One object for a process; safe between threads.

    ``random_bytes`` gives nonces and new day keys. :func:`rotate` must have run once before
    the first :meth:`seal`, and after that at least every day.
    """

    def __init__(self, key_file: KeyFile, random_bytes: Callable[[int], bytes]) -> None:
        self.key_file = key_file
        self._random = random_bytes
        self._wrap = AESGCM(key_file.derive("wrap"))
        self._names = hmac.new(key_file.derive("pseudonym"), digestmod="sha256")
        self._keys = {KEPT: AESGCM(key_file.derive("kept"))}
        self._day = KEPT
        self._nonces: list[bytes] = []
        # a forked process must never use the nonces that its parent uses too
        os.register_at_fork(after_in_child=self._nonces.clear)

    def pseudonym(self, kind: str, *parts: str) -> str:
        """The keyed HMAC-SHA256 of the parts, as 64 hex digits; ``kind`` keeps uses apart."""
        # each word with its length, so that no two lists of words look the same
        told = ",".join([f"{len(word)}:{word}" for word in (kind, *parts)])
        keyed = self._names.copy()  # the key is worked in once, for all pseudonyms
        keyed.update(told.encode())
        return keyed.hexdigest()

    def member(self, channel: str, address: str) -> str:
        """The pseudonym of a person on a channel."""
        return self.pseudonym("member", channel, address)

    def seal(self, data: bytes, context: str) -> bytes:
        """Seal with the key of the day; it opens under the same context only."""
        if self._day == KEPT:
            raise RuntimeError("rotate() has not run yet: there is no key of the day")
        return self._seal(self._day, data, context)

    def seal_kept(self, data: bytes, context: str) -> bytes:
        """Seal for as long as the key file exists."""
        return self._seal(KEPT, data, context)

    def _seal(self, number: int, data: bytes, context: str) -> bytes:
        nonce = self._nonce()
        head = key_mark(number)
        return head + nonce + self._keys[number].encrypt(nonce, data, head + context.encode())

    def _nonce(self) -> bytes:
        """A fresh one. They are fetched many at a time: asking the system for each is slow."""
        while True:
            try:
                return self._nonces.pop()
            except IndexError:
                block = self._random(_NONCE * _NONCES)
                self._nonces += [block[at : at + _NONCE] for at in range(0, len(block), _NONCE)]

    def open(self, conn: Connection, sealed: bytes, context: str) -> bytes:
        """What was sealed.

        Raises:
            KeyGone: the key of that day is destroyed.
            SealBroken: the bytes are not what was sealed here under this context.
        """
        head, nonce, body = (
            sealed[:_HEAD],
            sealed[_HEAD : _HEAD + _NONCE],
            sealed[_HEAD + _NONCE :],
        )
        number = int.from_bytes(head[1:], "big")
        cipher = self._keys.get(number) or self._load(conn, number)
        try:
            return cipher.decrypt(nonce, body, head + context.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(context.partition(":")[0]) from error

    def open_if_readable(
        self, conn: Connection, sealed: bytes | None, context: str
    ) -> bytes | None:
        """What was sealed; None when there is nothing, or nobody can ever read it again."""
        if sealed is None:
            return None
        try:
            return self.open(conn, sealed, context)
        except (KeyGone, SealBroken):
            return None

    def _load(self, conn: Connection, day: int) -> AESGCM:
        wrapped = conn.execute(select(day_key.c.wrapped).where(day_key.c.day == day)).scalar()
        if wrapped is None:
            raise KeyGone(f"day {day}")
        self._keys[day] = AESGCM(self._unwrap(day, wrapped))
        return self._keys[day]

    def _unwrap(self, day: int, wrapped: bytes) -> bytes:
        nonce, body = wrapped[:_NONCE], wrapped[_NONCE:]
        try:
            return self._wrap.decrypt(nonce, body, f"day:{day}".encode())
        except InvalidTag as error:
            path = self.key_file.path
            remedy = "put back the key file that belongs to this database"
            raise KeyFileProblem(path, "it belongs to another database", remedy) from error

    def make_day_key(self, conn: Connection, now_ms: int) -> DayKey:
        """The key of today, made when it is not there yet; :meth:`adopt` it after the commit."""
        day = now_ms // _DAY_MS
        nonce = self._random(_NONCE)
        wrapped = nonce + self._wrap.encrypt(nonce, self._random(_SECRET), f"day:{day}".encode())
        row = {"day": day, "wrapped": wrapped, "created_at": now_ms}
        conn.execute(insert(conn, day_key).values(row).on_conflict_do_nothing())
        stored = conn.execute(select(day_key.c.wrapped).where(day_key.c.day == day)).scalar_one()
        return DayKey(day, self._unwrap(day, stored))

    def adopt(self, key: DayKey) -> None:
        """Seal with this key from now on. It must be committed: else nobody can ever open it."""
        self._keys[key.day] = AESGCM(key.secret)
        self._day = key.day

    def forget(self, before_day: int) -> None:
        """Drop the keys of earlier days from memory."""
        for number in [n for n in self._keys if n not in (KEPT, self._day) and n < before_day]:
            del self._keys[number]


def key_mark(number: int) -> bytes:
    """The first five bytes of everything sealed with that key."""
    return b"\x01" + number.to_bytes(4, "big")


class Writes(Protocol):
    """Anything that runs a function in a transaction: the database."""

    async def write(self, fn: Callable[[Connection], T], /) -> T:
        """Run it and return what it returned, after the commit."""


async def rotate(database: Writes, sealer: Sealer, now_ms: int) -> None:
    """Make the key of today and use it: at the start, and every hour after that."""
    key = await database.write(lambda conn: sealer.make_day_key(conn, now_ms))
    sealer.adopt(key)
    sealer.forget(key.day - KEY_LIVES_DAYS)


def check_key(conn: Connection, sealer: Sealer) -> None:
    """Bind a new database to this key file, or check that they belong together.

    Raises:
        KeyFileProblem: the database was made with another key file.
    """
    proof = sealer.pseudonym("key_check")
    row = {"name": "key_check", "value": proof}
    conn.execute(insert(conn, meta).values(row).on_conflict_do_nothing())
    kept = conn.execute(select(meta.c.value).where(meta.c.name == "key_check")).scalar_one()
    if not hmac.compare_digest(kept, proof):
        remedy = "put back the key file that belongs to this database"
        raise KeyFileProblem(sealer.key_file.path, "it belongs to another database", remedy)


def delete_day_keys(conn: Connection, days: list[int]) -> int:
    """Destroy the keys of those days: what they sealed is gone, in backups too."""
    return conn.execute(delete(day_key).where(day_key.c.day.in_(days))).rowcount
