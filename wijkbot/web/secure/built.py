"""Which files does a page load, and with which integrity? As the build wrote it down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_STATIC = Path(__file__).parents[1] / "static"


@cache
def built_files(room: str) -> Mapping[str, Any]:
    """Of ``c``, the page of residents, or of ``werk``, the console of the team."""
    path = _STATIC / room / "built.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
