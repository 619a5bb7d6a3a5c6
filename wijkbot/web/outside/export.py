"""How does the page of residents get to another party, who will serve it?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from wijkbot.app.house import House
from wijkbot.web.outside.expected import Expected
from wijkbot.web.outside.host_files import caddy, nginx, readme, shared_headers
from wijkbot.web.secure.resident_page import CHAT_LANGUAGES, resident_page

SUMS = "SHA256SUMS"
"""The list that says of a folder that it is an export."""
_LICENCES = Path(__file__).parents[1] / "static" / "c" / "licences.txt"


class TargetTaken(Exception):
    """The folder holds something that is no export."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose page: ``folder`` has the pin, ``origin`` will serve it, ``right`` is what it loads."""

    folder: Path
    origin: str
    right: Expected
    release: str


def export(house: House, wanted: Wanted, target: Path) -> int:
    """Write everything into a folder; the number of files. Pages come last, so none is half.

    Raises:
        TargetTaken: there is something else in it.
        OSError: it cannot be written.
    """
    old = _old_files(target)
    files = _files(house, wanted)
    sums = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(files.items())
    )
    for name, content in [*files.items(), (SUMS, sums.encode())]:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(content)
        part.replace(path)
    for name in old - files.keys():
        (target / name).unlink(missing_ok=True)
    return len(files) + 1


def _files(house: House, wanted: Wanted) -> dict[str, bytes]:
    """Name and content of each, pages last."""
    right = wanted.right
    first = next(
        (code for code in house.settings.organisation.languages if code in CHAT_LANGUAGES), "nl"
    )
    languages = [first, *(code for code in CHAT_LANGUAGES if code != first)]
    headers = shared_headers(right.api)
    told = {"release": wanted.release, "day": house.clock.now().date().isoformat()}
    texts = {
        "README.md": readme(wanted.origin, right.api, right.pin, told),
        "nginx.conf": nginx(wanted.origin, headers, languages),
        "Caddyfile": caddy(wanted.origin, headers, languages),
    }
    pages = {
        f"c/{code}/index.html": resident_page(house, wanted.folder, code, right.api)
        for code in languages
    }
    pages["c/index.html"] = pages[f"c/{first}/index.html"]
    loaded = {file.href.removeprefix("/"): file.content for file in right.files}
    loaded[f"static/c/{_LICENCES.name}"] = _LICENCES.read_bytes()
    written = {name: text.encode() for name, text in texts.items()}
    return loaded | written | {name: text.encode() for name, text in pages.items()}


def _old_files(target: Path) -> set[str]:
    """What an earlier export wrote there; nothing in a new or empty folder."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return set()
    try:
        lines = (target / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise TargetTaken(f"{target} holds something else; name a new folder") from error
    names = {line.partition("  ")[2] for line in lines}
    return {name for name in names if name and ".." not in Path(name).parts and name[0] != "/"}
