"""Of what is wijkbot made? A bill of materials. ``python -m tests.packages.bill FILE``.

Its format is CycloneDX. Nothing is asked of the network: package-lock.json of the pages and
constraints.txt say which versions, the installed packages under which licence and what needs
what. The same tree gives the same bytes. ``scope`` of a package: required (the pages or the bot
need it), optional (an extra of the bot needs it), excluded (only tests and tools need it, and
nobody is given it).
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from packaging.requirements import Requirement

from tests.packages.licences import licence_of, plain

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "wijkbot" / "web" / "client"
ME = "wijkbot"
PAGES = "wijkbot-web"
TOOLS = "dev"
"""The extra that nobody is given."""

UNKNOWN = "NOASSERTION"
"""A licence that nobody can tell."""

Json = dict[str, Any]


class NotInstalledError(Exception):
    """A pinned package is not here in that version, so nothing is known of it."""


def bill() -> Json:
    """The bill of materials of this tree.

    Raises:
        NotInstalledError: with the next step.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python, needed_by_me = _python(project)
    pages, needed_by_pages = _pages()
    own = {"type": "application", "bom-ref": ME, "name": ME, "version": project["version"],
           "licenses": [{"expression": project["license"]}]}  # fmt: skip
    parts = sorted([*python, *pages], key=lambda part: part["bom-ref"])
    known = {part["bom-ref"] for part in parts}
    links = {ME: {*needed_by_me, PAGES}, PAGES: needed_by_pages}
    links |= dict(_links(project, known))
    whole: Json = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(links.get(ref, ()))} for ref in sorted({ME, *known})
        ],
    }
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).digest()
    return {**whole, "serialNumber": f"urn:uuid:{UUID(bytes=digest[:16], version=4)}"}


@cache
def pins() -> dict[str, str]:
    """The Python packages of constraints.txt by their plain names, and their versions."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    both = [line.split("==") for line in lines if "==" in line]
    return {plain(name): version.strip() for name, version in both}


def locked() -> dict[str, Json]:
    """The packages of package-lock.json, by name."""
    packages = json.loads((CLIENT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return {path.rpartition("node_modules/")[2]: one for path, one in packages.items() if path}


def _installed(name: str) -> Distribution:
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        raise NotInstalledError(f"{name} is not installed: run `make setup`") from error
    if found.version != pins()[name]:
        wanted = f"{name} {found.version} is installed, and constraints.txt says {pins()[name]}"
        raise NotInstalledError(f"{wanted}: run `make setup`, or `make pins`")
    return found


def _python(project: Json) -> tuple[list[Json], set[str]]:
    """The pinned packages, and those that wijkbot itself asks for."""
    own = project["dependencies"]
    extras = project["optional-dependencies"]
    given = [line for name in extras if name != TOOLS for line in extras[name]]
    required, optional = _reached(own), _reached(given)
    parts = []
    for name, version in pins().items():
        scope = "required" if name in required else "optional" if name in optional else "excluded"
        found = _installed(name)
        told = {"name": found.name, "version": version, "scope": scope}
        licences = [{"expression": licence_of(found) or UNKNOWN}]
        parts.append(_part(f"pkg:pypi/{name}@{version}", told, licences))
    return parts, {_ref(plain(one.name)) for one in _asked(own, ()) if plain(one.name) in pins()}


def _asked(lines: Iterable[str], extras: Iterable[str]) -> list[Requirement]:
    """The requirements that hold on this machine, with these extras of who asks."""
    places = [{"extra": extra} for extra in ("", *extras)]
    read = [Requirement(line) for line in lines]
    return [
        one
        for one in read
        if one.marker is None or any(one.marker.evaluate(place) for place in places)
    ]


def _reached(lines: Iterable[str]) -> dict[str, set[str]]:
    """The pinned packages that these requirements lead to, each with the extras asked of it."""
    reached: dict[str, set[str]] = {}
    left = _asked(lines, ())
    while left:
        one = left.pop()
        name = plain(one.name)
        if name not in pins() or (name in reached and one.extras <= reached[name]):
            continue
        extras = reached.setdefault(name, set())
        extras |= one.extras
        left += _asked(_installed(name).requires or (), extras)
    return reached


def _ref(name: str) -> str:
    return f"pkg:pypi/{name}@{pins()[name]}"


def _links(project: Json, known: set[str]) -> Iterator[tuple[str, set[str]]]:
    """What each package needs of the others."""
    extras = project["optional-dependencies"].values()
    reached = _reached([*project["dependencies"], *(line for lines in extras for line in lines)])
    for name in pins():
        needed = _asked(_installed(name).requires or (), reached.get(name, ()))
        names = {plain(one.name) for one in needed} & pins().keys() - {name}
        yield _ref(name), {_ref(one) for one in names}
    for name, one in locked().items():
        wanted = {**one.get("dependencies", {}), **one.get("optionalDependencies", {})}
        yield _npm(name, one), {_npm(need, locked()[need]) for need in wanted} & known


def _npm(name: str, one: Json) -> str:
    return f"pkg:npm/{quote(name, safe='/')}@{one['version']}"


def _pages() -> tuple[list[Json], set[str]]:
    wanted = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))
    own = {"type": "application", "bom-ref": PAGES, "name": PAGES, "version": wanted["version"],
           "scope": "required", "licenses": [{"expression": wanted["license"]}]}  # fmt: skip
    parts: list[Json] = [own]
    for name, one in locked().items():
        scope = "excluded" if one.get("dev") else "required"
        told = {"name": name, "version": one["version"], "scope": scope}
        part = _part(_npm(name, one), told, [{"expression": one.get("license", UNKNOWN)}])
        kind, _, digest = one["integrity"].partition("-")
        part["hashes"] = [
            {"alg": kind.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}
        ]
        parts.append(part)
    lock = locked()
    return parts, {_npm(name, lock[name]) for name in wanted["dependencies"]}


def _part(purl: str, told: Json, licences: list[Json]) -> Json:
    return {"type": "library", "bom-ref": purl, **told, "licenses": licences, "purl": purl}


def main(arguments: list[str]) -> int:
    """Write the bill to the file that is named."""
    target = Path(arguments[0])
    target.parent.mkdir(parents=True, exist_ok=True)
    whole = bill()
    target.write_text(f"{json.dumps(whole, indent=2, sort_keys=True)}\n", encoding="utf-8")
    scopes = [part["scope"] for part in whole["components"]]
    counted = ", ".join(f"{scopes.count(kind)} {kind}" for kind in sorted(set(scopes)))
    sys.stdout.write(f"{target}: {len(scopes)} packages ({counted})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
