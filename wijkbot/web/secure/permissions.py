"""What may each role do, and which permission does an address ask for? Read from one table.

``wijkbot/web/permissions.yaml`` is the whole of it: no code grants anything beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from starlette.routing import compile_path

TABLE = Path(__file__).parents[1] / "permissions.yaml"
PUBLIC = "public"
GUARDED = ("/api/w", "/werk")
"""Below these, an address without a line in the table does not exist."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one address asks for. ``hidden``: who may not, is told that it does not exist."""

    method: str
    path: str
    pattern: re.Pattern[str]
    permission: str
    hidden: bool

    @property
    def is_public(self) -> bool:
        """Whether it needs no session."""
        return self.permission == PUBLIC


@dataclass(frozen=True, slots=True)
class Permissions:
    """The table, read."""

    roles: Mapping[str, Mapping[str, bool]]
    lines: tuple[Line, ...]

    def granted(self, roles: Iterable[str]) -> frozenset[str]:
        """What somebody with these roles may do."""
        cells = [self.roles[role] for role in roles if role in self.roles]
        return frozenset(name for row in cells for name, may in row.items() if may)

    def line(self, method: str, path: str) -> Line | None:
        """The line of an address, if it has one. HEAD is asked for what GET is."""
        asked = "GET" if method == "HEAD" else method
        return next(
            (one for one in self.lines if one.method == asked and one.pattern.fullmatch(path)),
            None,
        )


def is_guarded(path: str) -> bool:
    """Whether the table decides about this address."""
    return any(path == top or path.startswith(f"{top}/") for top in GUARDED)


@lru_cache(maxsize=1)
def table() -> Permissions:
    """The table that comes with this code."""
    return read_table(TABLE.read_text(encoding="utf-8"))


def read_table(text: str) -> Permissions:
    """A table from its YAML.

    Raises:
        ValueError: a role misses a permission, or an address names one that nobody has.
    """
    raw = yaml.safe_load(text)
    roles: dict[str, dict[str, bool]] = raw["roles"]
    known = set().union(*roles.values())
    for role, cells in roles.items():
        if set(cells) != known or not all(isinstance(may, bool) for may in cells.values()):
            raise ValueError(f"{role}: say yes or no to each of {', '.join(sorted(known))}")
    lines = tuple(_line(address, asked) for address, asked in raw["routes"].items())
    if unknown := {line.permission for line in lines} - known - {PUBLIC}:
        raise ValueError(f"no role has: {', '.join(sorted(unknown))}")
    return Permissions(roles, lines)


def _line(address: str, asked: str) -> Line:
    method, path = address.split(" ")
    permission, _, how = asked.partition(" ")
    if how not in {"", "hidden"}:
        raise ValueError(f"{address}: write a permission, and hidden or nothing behind it")
    return Line(method, path, compile_path(path)[0], permission, how == "hidden")
