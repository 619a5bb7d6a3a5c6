"""Where does the next process find what this one learned from the content?

In one file for each content, in a folder of the user's own. It holds what the published content
teaches, and nothing of any message. A file that is missing, damaged, of another version or
somebody else's is as good as none: then it is learned afresh.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import stat
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import Stemmer

from wijkbot.understanding.learned import Learned, Taught, learn
from wijkbot.understanding.packed import pack, unpack

WORTH = 1_000
"""Sentences and phrases from which reading a file is faster than learning."""
FILES = 4
"""Files that stay: those used last. One is 17 MB with the starter pack."""
_NAME = "learned-"


class Kept:
    """Keeps what was learned in a folder, which is made when it is first needed.

    Whatever goes wrong there, the result is that of learning afresh, bit for bit.
    """

    def __init__(self, folder: Path, worth: int = WORTH) -> None:
        self._folder = folder
        self._worth = worth

    def learned(self, taught: Taught) -> Learned:
        """What this content teaches: from the folder, else learned now and put there.

        Raises:
            ValueError: a phrase cannot be read.
        """
        if _size(taught) < self._worth:
            return learn(taught)
        key = key_of(taught)
        path = self._folder / f"{_NAME}{key}.npz"
        found = _read(path, key, taught)
        if found is None:
            found = learn(taught)
            with suppress(OSError):
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(path, pack(found, taught) | {"key": _as_array(key)})
                self._remove_old()
        return found

    def _remove_old(self) -> None:
        files = sorted(self._folder.glob(f"{_NAME}*"), key=lambda p: p.stat().st_mtime_ns)
        for path in files[:-FILES]:
            path.unlink(missing_ok=True)


def key_of(taught: Taught) -> str:
    """The same for the same content, code, libraries and kind of machine."""
    digest = hashlib.blake2b(_versions(), digest_size=20)
    for part in _parts(taught):
        digest.update(json.dumps(part).encode())
    return digest.hexdigest()


def _parts(taught: Taught) -> Iterator[list[Any]]:
    yield [[e.item, e.language, e.text] for e in taught.questions]
    yield [[e.label, e.language, e.text] for e in taught.labelled]
    yield [[p.label, p.phrases, p.needs_first_person, p.not_when] for p in taught.phrases]
    yield [[c.first_person, c.now] for c in taught.cues]


@cache
def _versions() -> bytes:
    """Everything else that decides what is learned; the code itself, so that none is forgotten."""
    digest = hashlib.blake2b()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    libraries = (np.__version__, Stemmer.version(), unicodedata.unidata_version)
    where = (sys.version, sys.byteorder, platform.machine())
    return digest.digest() + repr((libraries, where)).encode()


def _size(taught: Taught) -> int:
    return (
        len(taught.questions)
        + len(taught.labelled)
        + sum(len(p.phrases) + len(p.needs_first_person) for p in taught.phrases)
    )


def _read(path: Path, key: str, taught: Taught) -> Learned | None:
    """Only a file of our own: who can write it, decides what is no cry for help."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid != os.geteuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            with np.load(file, allow_pickle=False) as written:
                arrays = {name: written[name] for name in written.files}
            if arrays["key"].tobytes() != _as_array(key).tobytes():
                return None
            found = unpack(arrays, taught)
            with suppress(OSError):
                os.utime(file.fileno())  # so that it counts as used when old ones are removed
            return found
    except Exception:  # noqa: BLE001 - a damaged file fails in many ways, all with one remedy
        return None


def _write(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Under another name first, so that a reader finds a whole file or none; mode 600."""
    handle, name = tempfile.mkstemp(prefix=path.stem, suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _as_array(key: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(key.encode(), dtype=np.uint8)
