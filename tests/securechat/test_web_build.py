"""Is what the browser gets exactly what the sources give, small, and from nobody else?"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.securechat.web_client import CLIENT, STATIC, build

ROOMS = ("c", "werk")
LIMIT = 60 * 1024
MAY_SHIP = {"@hpke/core", "@hpke/common", "@noble/hashes"}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for room in ROOMS
        for path in sorted((folder / room).rglob("*"))
        if path.is_file()
    }


def _built(room: str = "c") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STATIC / room / "built.json").read_text())
    return found


def _lock() -> dict[str, dict[str, Any]]:
    packages = json.loads((CLIENT / "package-lock.json").read_text())["packages"]
    return {name.removeprefix("node_modules/"): one for name, one in packages.items() if name}


def test_57_two_builds_are_the_same_and_are_what_is_served(tmp_path: Path) -> None:
    """When this fails: run `make web`, and keep what it wrote."""
    build(tmp_path / "one")
    build(tmp_path / "two")
    fresh = _files(tmp_path / "one")
    assert len(fresh) >= 6
    assert fresh == _files(tmp_path / "two")
    served = _files(STATIC)
    assert sorted(fresh) == sorted(served)
    assert [] == [name for name, content in fresh.items() if served[name] != content]


@pytest.mark.parametrize("room", [room for room in ROOMS if (STATIC / room).is_dir()])
def test_57_each_file_has_its_hash_in_its_name_and_on_the_page(room: str) -> None:
    built = _built(room)
    page = built[room]
    named = [(page["script"], page["integrity"])]
    named += [(one["href"], one["integrity"]) for one in page["styles"]]
    named += [(one["href"], one["integrity"]) for one in built.get("words", {}).values()]
    assert len(named) >= 2
    for href, integrity in named:
        content = (STATIC / href.removeprefix("/static/")).read_bytes()
        digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
        assert f"sha384-{digest}" == integrity
        assert hashlib.sha256(content).hexdigest()[:12] in href


def test_58_every_package_is_pinned_by_its_content_and_by_no_address() -> None:
    wanted = json.loads((CLIENT / "package.json").read_text())
    asked = wanted["dependencies"] | wanted["devDependencies"]
    assert [] == [name for name, version in asked.items() if not re.fullmatch(r"[\d.]+", version)]
    lock = _lock()
    assert [] == [name for name, one in lock.items() if not one["integrity"].startswith("sha512-")]
    assert [] == [name for name, one in lock.items() if "resolved" in one]
    assert "://" not in json.dumps(lock)
    shipped = {name for name, one in lock.items() if not one.get("dev")}
    assert MAY_SHIP == shipped
    assert {"MIT"} == {lock[name]["license"] for name in shipped}


def test_58_licences_of_others_travel_along() -> None:
    told = (STATIC / "c" / "licences.txt").read_text()
    for name in MAY_SHIP:
        assert name in told
    assert 3 == told.count("Permission is hereby granted")


def test_58_nothing_of_the_bundle_names_another_host() -> None:
    page = _built()["c"]
    for href in (page["script"], *(one["href"] for one in page["styles"])):
        content = (STATIC / href.removeprefix("/static/")).read_text(encoding="utf-8")
        assert [] == re.findall(r"https?://[^\s\"'`]+|[\"'`(]//[a-z]", content)
        for forbidden in ("eval(", "new Function", "innerHTML", "localStorage", "indexedDB"):
            assert forbidden not in content, forbidden


def test_58_all_files_of_the_page_are_small() -> None:
    built = _built()
    page = built["c"]
    lists = [len(_packed(one["href"])) for one in built["words"].values()]
    always = [page["script"], page["icon"], *(one["href"] for one in page["styles"])]
    # the page itself, in the largest of its languages, is measured in the browser
    assert sum(len(_packed(href)) for href in always) + max(lists) <= LIMIT - 12 * 1024


def _packed(href: str) -> bytes:
    return gzip.compress((STATIC / href.removeprefix("/static/")).read_bytes(), 6)
