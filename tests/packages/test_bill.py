"""Does the bill of materials name every package, each under a licence that we allow?"""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.packages.bill import CLIENT, ROOT, bill, locked, main, pins
from tests.packages.licences import DEVELOPED_WITH, SHIPPED, is_allowed
from tests.packages.shape import mistakes
from tests.provision import node
from tests.securechat.web_client import ensure_client, run

Json = dict[str, Any]
NPM_BILL = ("sbom", "--sbom-format", "cyclonedx", "--package-lock-only")


@pytest.fixture(scope="module")
def made() -> Json:
    return bill()


def _purls(made: Json) -> dict[str, Json]:
    return {part["purl"]: part for part in made["components"] if "purl" in part}


def test_58_every_pinned_package_stands_in_the_bill_and_nothing_else(made: Json) -> None:
    wanted = {f"pkg:pypi/{name}@{version}" for name, version in pins().items()}
    lock = locked()
    wanted |= {f"pkg:npm/{name.replace('@', '%40')}@{lock[name]['version']}" for name in lock}
    assert len(pins()) > 100
    assert len(lock) > 20
    assert wanted == set(_purls(made))


def test_58_every_package_has_a_licence_that_is_allowed(made: Json) -> None:
    """When this fails: read the licence of the new package, and decide."""
    wrong = {}
    for purl, part in _purls(made).items():
        allowed = DEVELOPED_WITH if part["scope"] == "excluded" else SHIPPED
        [licence] = part["licenses"]
        if not is_allowed(licence["expression"], allowed):
            wrong[purl] = licence["expression"]
    assert {} == wrong


@pytest.mark.parametrize(
    ("expression", "is_fine"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("MIT AND BSD-3-Clause", True),
        ("NOASSERTION", False),
    ],
)
def test_58_a_licence_is_allowed_when_one_way_through_it_is(
    expression: str, is_fine: bool
) -> None:
    assert is_fine is is_allowed(expression, SHIPPED)


def test_58_the_bill_is_cyclonedx(made: Json) -> None:
    assert [] == mistakes(made)


def _spoil(name: str, value: object) -> Callable[[Json], None]:
    return lambda made: made["components"][0].update({name: value})


SPOILED: dict[str, Callable[[Json], Any]] = {
    "another format": lambda made: made.update(bomFormat="SPDX"),
    "no version": lambda made: made.pop("version"),
    "a serial number of capitals": lambda made: made.update(serialNumber="urn:uuid:ABC"),
    "something unknown": lambda made: made.update(more=1),
    "a type of component nobody knows": _spoil("type", "thing"),
    "a licence that is a list": _spoil("licenses", [{"expression": ["MIT"]}]),
    "two licences": _spoil("licenses", [{"expression": "MIT"}, {"expression": "MIT"}]),
    "half a hash": _spoil("hashes", [{"alg": "SHA-512", "content": "ab"}]),
    "an address for a purl": _spoil("purl", "https://example.org/x"),
    "a component twice": lambda made: made["components"].append(made["components"][0]),
    "a dependency on nothing": lambda made: made["dependencies"][0]["dependsOn"].append("x"),
    "a component without dependencies": lambda made: made["dependencies"].pop(),
}


@pytest.mark.parametrize("name", SPOILED)
def test_58_a_bill_that_is_wrong_is_noticed(made: Json, name: str) -> None:
    spoiled = copy.deepcopy(made)
    SPOILED[name](spoiled)
    assert mistakes(spoiled)


def test_58_what_npm_itself_says_is_the_same(made: Json) -> None:
    """npm writes such a bill too, of what is installed for the pages."""
    ensure_client()
    told = json.loads(run(*node.npm(), *NPM_BILL))
    theirs = {part["purl"]: part for part in told["components"]}
    ours = {purl: part for purl, part in _purls(made).items() if purl.startswith("pkg:npm/")}
    assert theirs.keys() <= ours.keys()
    assert {purl for purl, part in ours.items() if part["scope"] == "required"} <= theirs.keys()
    for purl, part in theirs.items():
        assert part["hashes"] == ours[purl]["hashes"], purl


def test_58_what_is_in_the_pages_is_what_the_bill_says(made: Json, tmp_path: Path) -> None:
    """The builder tells from which packages the two bundles really come."""
    ensure_client()
    esbuild = str(CLIENT / "node_modules" / ".bin" / "esbuild")
    inside = set()
    for room in ("resident", "console"):
        meta = tmp_path / f"{room}.json"
        plan = ("--bundle", "--format=iife", f"--outdir={tmp_path / room}", f"--metafile={meta}")
        run(esbuild, f"src/{room}/main.ts", *plan, "--log-level=error")
        inputs = json.loads(meta.read_text())["inputs"]
        found = (re.search(r"node_modules/((?:@[^/]+/)?[^/]+)/", name) for name in inputs)
        inside |= {match[1] for match in found if match}
    npm = {part["name"] for purl, part in _purls(made).items()
           if purl.startswith("pkg:npm/") and part["scope"] == "required"}  # fmt: skip
    assert inside == npm


def test_58_the_same_tree_gives_the_same_bill(made: Json, tmp_path: Path) -> None:
    assert made == bill()
    target = tmp_path / "new" / "wijkbot.cdx.json"
    assert 0 == main([str(target)])
    assert made == json.loads(target.read_text())
    assert str(ROOT) not in target.read_text()


def test_58_an_audit_asks_the_network_and_is_no_test() -> None:
    """`make audit` stands by itself; `make check` never waits for a service of somebody else."""
    done = subprocess.run(
        ["make", "-n", "-W", "pyproject.toml", "check"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "pytest" in done.stdout
    assert "audit" not in done.stdout
