"""What must a page load, as this installation has it on its own disk?

The list of a server is never asked: a server that lies would lie there too.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from wijkbot.app.pin import shown
from wijkbot.web.outside.rooms import RESIDENTS, TEAM, Room
from wijkbot.web.pages import page
from wijkbot.web.secure.built import built_files

_STATIC = Path(__file__).parents[1] / "static"
_DATA = re.compile(r"data-page='([^']*)'")


class Damaged(Exception):
    """A file of this installation is not what its own list says."""


@dataclass(frozen=True, slots=True)
class File:
    """One file that the page loads: its address, its bytes, and what the browser checks."""

    href: str
    content: bytes
    integrity: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What is right. ``pin`` is hexadecimal; ``api`` an origin, or "" for that of the page.

    ``exit_url`` is "" when it is not known here.
    """

    pin: str
    api: str
    exit_url: str
    script: File
    styles: tuple[File, ...]
    icon: File
    words: dict[str, File]
    room: Room = RESIDENTS

    @property
    def pin_on_page(self) -> str:
        """The pin as the page's data has it."""
        return shown(self.pin)

    @property
    def asks(self) -> tuple[str, ...]:
        """The other origins that the page may ask."""
        return (self.api,) if self.api else ()

    @property
    def files(self) -> tuple[File, ...]:
        """Everything."""
        return (self.script, *self.styles, self.icon, *self.words.values())


def expected(pin: str, api: str = "", exit_url: str = "", room: Room = RESIDENTS) -> Expected:
    """Read this installation's own files.

    Raises:
        Damaged: one of them was changed.
    """
    built = built_files("werk" if room is TEAM else "c")
    parts = built[room.name]
    return Expected(
        pin=pin,
        api=api,
        exit_url=exit_url,
        script=_file(parts["script"], parts["integrity"]),
        styles=tuple(_file(one["href"], one["integrity"]) for one in parts["styles"]),
        icon=_file(parts["icon"]),
        words={code: _file(one["href"], one["integrity"]) for code, one in built["words"].items()},
        room=room,
    )


@cache
def texts(room: Room, language: str) -> dict[str, Any]:
    """What the script says in that language; nothing for a language that there is not."""
    if language not in room.languages:
        return {}
    found = _DATA.search(page(room.texts, language, data={}, roles=(), organisation=""))
    told: dict[str, Any] = json.loads(html.unescape(found[1]))["texts"] if found else {}
    return told


def _file(href: str, integrity: str = "") -> File:
    content = (_STATIC / href.removeprefix("/static/")).read_bytes()
    digest = f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"
    if integrity not in {"", digest} or hashlib.sha256(content).hexdigest()[:12] not in href:
        raise Damaged(f"{href} of this installation was changed; install wijkbot again")
    return File(href, content, digest)
