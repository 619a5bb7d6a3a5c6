"""How do two installations on one machine notice that they were given the same token?

Telegram says so as well (409), but only by letting both lose messages to each other. A lock of
the system on a file tells it before anything is asked of Telegram, and is gone with its process.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import tempfile
from pathlib import Path

from wijkbot_telegram.options import Options

_OPENING = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class AnotherInstallation(Exception):
    """Another installation on this machine receives with this token."""


class Turnstile:
    """Lets one installation poll; the processes of one installation settle it by their lease.

    ``installation`` is where this one keeps its data.
    """

    def __init__(self, options: Options, installation: str) -> None:
        self.path = Path(tempfile.gettempdir()) / f"wijkbot-telegram-{_name(options)}.lock"
        self._installation = hashlib.sha256(installation.encode()).hexdigest()
        self._file: int | None = None

    def take(self) -> None:
        """Hold the lock from now on; raises ``AnotherInstallation``.

        Where no such file can be made, or another user of the machine made it, only Telegram can
        tell the two apart.
        """
        if self._file is not None:
            return
        try:
            file = os.open(self.path, _OPENING, 0o600)
        except OSError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 100).decode(errors="replace")
            os.close(file)
            if holder != self._installation:
                raise AnotherInstallation from None
            return  # a process of ours that lost its lease still holds it
        os.truncate(file, 0)
        os.write(file, self._installation.encode())
        self._file = file

    def release(self) -> None:
        """Let others in; the file stays, so that nobody waits at one that is gone."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _name(options: Options) -> str:
    """The same for everybody with this token at this server, and of no use for finding it."""
    purpose = f"wijkbot telegram poller {options.base_url}".encode()
    return hmac.new(options.token.encode(), purpose, hashlib.sha256).hexdigest()[:32]
