"""How does a test run get a PostgreSQL of its own? Made in a temporary folder, gone at the end.

The server listens on a Unix socket in that folder and nowhere else. PostgreSQL refuses to run
as root, so root hands it to an unprivileged user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.provision.findings import CACHE

_USERS = ("postgres", "nobody")
_START_SECONDS = 60.0
_MADE_WITH = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_DURABLE = ("max_connections=200",)
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class PostgresServer:
    """A server for one test run; ``url`` is valid between enter and exit.

    ``is_durable``: it waits for the disk, as a server in earnest does; tests need not.
    """

    def __init__(self, programs: Path, *, is_durable: bool = False) -> None:
        self._settings = _DURABLE if is_durable else _FAST
        self._programs = programs
        # Short: the path of a Unix socket may have 107 characters.
        self._home = Path(tempfile.mkdtemp(prefix="wb-pg-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """Where SQLAlchemy finds the server's first, empty database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self._home}"

    def __enter__(self) -> Self:
        """Make the database and start the server; returns when it answers."""
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server that was started here, and remove its folder."""
        self._stop()

    def _start(self) -> None:
        self._identity = identity = self._chosen_identity()
        self._programs = programs = self._reachable(identity)
        data = self._home / "data"
        made = subprocess.run(
            [programs / "initdb", "-D", data, *_MADE_WITH],
            capture_output=True, text=True, check=False, cwd=self._home, **identity,
        )  # fmt: skip
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        self._launch()

    def _launch(self) -> None:
        identity, programs = self._identity, self._programs
        data, log = self._home / "data", self._home / "log"
        settings = (f"unix_socket_directories={self._home}", "listen_addresses=", *self._settings)
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [programs / "postgres", "-D", data, *(p for s in settings for p in ("-c", s))],
                stdout=out, stderr=out, cwd=self._home, **identity,
            )  # fmt: skip
        self._wait(log)

    def halt(self, *, is_crash: bool = False) -> None:
        """Stop the server and keep its data; a crash gives nobody time to say goodbye."""
        if self._process is None:
            return
        # "immediate" and "fast": both end open sessions
        self._process.send_signal(signal.SIGQUIT if is_crash else signal.SIGINT)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=20)
        self._process = None

    def resume(self) -> None:
        """Start the server again on its data; returns when it answers."""
        self._launch()

    def _stop(self) -> None:
        self.halt()
        shutil.rmtree(self._home, ignore_errors=True)

    def _chosen_identity(self) -> dict[str, Any]:
        """Choose who runs it: this user, or for root the first unprivileged user there is."""
        if os.geteuid() != 0:
            return {}
        for name in _USERS:
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            os.chown(self._home, user.pw_uid, user.pw_gid)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        raise RuntimeError(f"root needs one of the users {', '.join(_USERS)} to run PostgreSQL")

    def _reachable(self, identity: dict[str, Any]) -> Path:
        """Return programs that user can run: a copy of fetched ones, which root's home hides."""
        fetched = CACHE / "postgresql"
        if not identity or not self._programs.is_relative_to(fetched):
            return self._programs
        # All of it: the programs find their libraries by the way to them.
        copy = self._home / "programs"
        shutil.copytree(fetched, copy)
        return copy / self._programs.relative_to(fetched)

    def _wait(self, log: Path) -> None:
        import psycopg

        last = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                gone = self._process is None or self._process.poll() is not None
                if gone or time.monotonic() > last:
                    said = log.read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL does not start: {said}") from error
                time.sleep(0.1)
            else:
                return
