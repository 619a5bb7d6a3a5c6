"""What was found, what was not, and where is that written down?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
RECORD = CACHE / "provision.json"


@dataclass(frozen=True, slots=True)
class Found:
    """Something the tests can use: where it is, and anything worth knowing about it."""

    name: str
    path: str
    version: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """Something the tests cannot use, and the next step for a person."""

    name: str
    remedy: str


Finding = Found | Missing


def line(finding: Finding) -> str:
    """Say one finding in one line for the terminal."""
    match finding:
        case Found(name, path, version):
            return f"  {name:<12} {version or 'found'}  {path}"
        case Missing(name, remedy):
            return f"  {name:<12} MISSING. Next step: {remedy}"


def write(findings: list[Finding]) -> None:
    """Record what was found, for the test run that follows."""
    CACHE.mkdir(exist_ok=True)
    known = {f.name: asdict(f) for f in findings}
    RECORD.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def read(name: str) -> Finding:
    """Return what the last provisioning found under that name."""
    never = Missing(name, "run `make test`, or `python -m tests.provision` once.")
    if not RECORD.exists():
        return never
    entry = json.loads(RECORD.read_text(encoding="utf-8")).get(name)
    if entry is None:
        return never
    if "remedy" in entry:
        return Missing(**entry)
    found = Found(**entry | {"arguments": tuple(entry["arguments"])})
    return found if Path(found.path).exists() else never
