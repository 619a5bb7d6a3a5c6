"""How is the measured server run? The command of an organisation, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

_SERVE = (
    "import sys; from pathlib import Path; from wijkbot.cli.serving import serve;"
    " serve(Path(sys.argv[1]), 'all', 0)"
)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    pid: int
    port: int

    @property
    def rss_mb(self) -> float:
        """Its resident memory now, in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        (line,) = [line for line in lines if line.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024

    @property
    def cpu_seconds(self) -> float:
        """Processor time that it has used so far."""
        told = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        fields = told.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def serving(config: Path) -> AbstractContextManager[Server]:
    """The server of these settings, on a free port; its log stands beside them."""
    return started([sys.executable, "-c", _SERVE, str(config)], config.with_suffix(".log"))


@contextmanager
def started(command: Sequence[str], log: Path) -> Iterator[Server]:
    """A program that says on which port it serves, and its log."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)
    try:
        assert process.stdout is not None
        said = process.stdout.readline().decode()
        if " on port " not in said:
            raise SystemExit(log.read_text(encoding="utf-8"))
        yield Server(process.pid, int(said.rpartition(" on port ")[2].strip(" .\n")))
    finally:
        process.terminate()
        process.wait()
