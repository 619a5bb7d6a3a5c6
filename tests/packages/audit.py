"""Does anybody know a weakness of what we use? ``python -m tests.packages.audit`` (make audit).

It asks services of others over the network, so it is no test and no part of ``make check``. Ends
with 0 when they know of none, 1 when they know of one, 2 when not everything could be asked: an
audit that heard nothing is not a good one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.packages.bill import CLIENT, ROOT, locked, pins
from tests.provision import node

TOOL = "pip-audit==2.10.1"
_FOLDER = ROOT / ".cache" / "audit"
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Heard:
    """What a service said: of how many packages it knows, and the weaknesses, one line each."""

    asked: int
    known: int
    weak: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """As the program ends."""
        return 1 if self.weak else 2 if self.known < self.asked else 0

    def told(self, what: str) -> str:
        """For a person."""
        lines = [f"{what}: {self.known} of {self.asked} packages looked up"]
        none = "no known weakness among them" if self.known else "nothing is known of any"
        lines += [f"  {line}" for line in self.weak or (none,)]
        return "\n".join(lines)


def read_npm(text: str, asked: int) -> Heard:
    """What ``npm audit --json`` printed."""
    told = _json(text)
    if "vulnerabilities" not in told:
        return Heard(asked, 0)
    weak = (f"{name}: {one['severity']}" for name, one in told["vulnerabilities"].items())
    return Heard(asked, asked, tuple(sorted(weak)))


def read_python(text: str, asked: int) -> Heard:
    """What ``pip-audit -f json`` printed; what it skipped it knows nothing about."""
    rows = _json(text).get("dependencies", [])
    known = [row for row in rows if "skip_reason" not in row]
    weak = [
        f"{row['name']} {row['version']}: {one['id']}" for row in known for one in row["vulns"]
    ]
    return Heard(asked, len(known), tuple(sorted(weak)))


def _json(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _printed(*command: str, cwd: Path, more: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | dict(more), capture_output=True, text=True,
        check=False, timeout=_SECONDS,
    )  # fmt: skip
    return done.stdout


def _pages() -> Heard:
    beside = f"{Path(node.npm()[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    text = _printed(*node.npm(), "audit", "--json", cwd=CLIENT, more={"PATH": beside})
    return read_npm(text, len(locked()))


def _python() -> Heard:
    # Apart from our own packages: an auditor is not to change what it audits.
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    _printed(*pip, "install", "--upgrade", "--target", str(_FOLDER), TOOL, cwd=ROOT, more={})
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "pins.txt"
        wanted.write_text("".join(f"{name}=={version}\n" for name, version in pins().items()))
        audit = (sys.executable, "-m", "pip_audit", "-f", "json", "--no-deps", "--disable-pip")
        text = _printed(*audit, "-r", str(wanted), cwd=ROOT, more={"PYTHONPATH": str(_FOLDER)})
    return read_python(text, len(pins()))


def main() -> int:
    """Ask both, and say what they know."""
    codes = []
    for what, ask in (("pages (npm)", _pages), ("Python", _python)):
        heard = ask()
        sys.stdout.write(f"{heard.told(what)}\n")
        codes.append(heard.code)
    if 2 in codes:
        sys.stdout.write("Not everything could be asked: look at the network, and try again.\n")
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
