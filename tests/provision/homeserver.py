"""Is the Matrix homeserver of the tests installed?"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from tests.provision.findings import Finding, Found, Missing


def find() -> Finding:
    """Find matrix-synapse in this virtual environment; pip brings it with the dev extra."""
    try:
        return Found("synapse", sys.executable, version("matrix-synapse"))
    except PackageNotFoundError:
        return Missing("synapse", "run `make setup` again; it installs matrix-synapse.")
