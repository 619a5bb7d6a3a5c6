"""Which part of the measurement runs in this process? Prints its figures as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path

from bench.delivery.mailbox import Mailbox


async def _run(part: str, url: str, *, is_quick: bool) -> dict[str, float]:
    async with Mailbox.opened(url) as mailbox:
        measured: dict[str, float] = await import_module(f"bench.delivery.{part}").measure(
            mailbox, is_quick=is_quick
        )
    return measured


def peak_mb() -> float:
    """The resident memory of this process at its highest, in MB (proc(5), VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return round(int(line.split()[1]) / 1024, 1)


def main() -> None:
    """Measure the part named on the command line."""
    part, url, *rest = sys.argv[1:]
    print(json.dumps(asyncio.run(_run(part, url, is_quick=bool(rest)))))


if __name__ == "__main__":
    main()
