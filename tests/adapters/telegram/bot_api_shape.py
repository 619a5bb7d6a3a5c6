"""Are these the parameters that a method takes, with the types that the manual gives?

The table is a file of its own, carried from the published manual. Everything comes in as text
of a form; a list or an object is JSON within it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.adapters.telegram.bot_api_world import ApiError, Json, bad_request

_TABLE: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("bot_api_table.json").read_text(encoding="utf-8")
)
METHODS: dict[str, dict[str, list[str]]] = _TABLE["methods"]
TYPES: dict[str, Any] = _TABLE["types"]

_INTEGER = re.compile(r"-?\d{1,19}")
_FLOAT = re.compile(r"-?\d+(\.\d+)?")
_LARGEST = 2**63
_ARRAY = "Array of "


def _integer(value: str) -> int | None:
    is_one = _INTEGER.fullmatch(value) is not None and abs(int(value)) < _LARGEST
    return int(value) if is_one else None


_READ: dict[str, Callable[[str], Any]] = {
    "String": lambda value: value,
    "InputFile": lambda value: value or None,
    "Integer": _integer,
    "Float": lambda value: float(value) if _FLOAT.fullmatch(value) else None,
    "Boolean": {"true": True, "false": False}.get,
}
"""How a plain value stands in a form; None when it is none."""


def shaped(method: str, raw: dict[str, Any]) -> Json:
    """The decoded parameters; raises ApiError where a name, a type or a needed one is wrong."""
    known = METHODS.get(method)
    if known is None:
        raise ApiError(404, "Not Found: method not found")
    for name in raw:
        if name not in known:
            raise bad_request(f"unknown parameter {name!r} of {method}")
    for name, (needed, *_types) in known.items():
        if needed == "!" and name not in raw:
            raise bad_request(f"parameter {name!r} of {method} is required")
    return {name: _from_form(name, known[name][1:], value) for name, value in raw.items()}


def _from_form(name: str, types: list[str], value: Any) -> Any:
    """A value of a form: text, or an uploaded file."""
    if not isinstance(value, str):
        if "InputFile" not in types:
            raise bad_request(f"{name!r} must not be a file")
        return value
    for type_ in types:
        if type_ in _READ and (plain := _READ[type_](value)) is not None:
            return plain
    nested = [type_ for type_ in types if type_ in TYPES or type_.startswith(_ARRAY)]
    if not nested:
        raise bad_request(f"{name!r} must be {' or '.join(types)}")
    try:
        found = json.loads(value)
    except ValueError as error:
        raise bad_request(f"can't parse {name} JSON object") from error
    if not any(_is_a(type_, found) for type_ in nested):
        raise bad_request(f"can't parse {name}: must be {' or '.join(nested)}")
    return found


def _is_a(type_: str, value: Any) -> bool:
    """Is this decoded JSON a value of that type, all the way down?"""
    if type_.startswith(_ARRAY):
        inner = type_.removeprefix(_ARRAY)
        return isinstance(value, list) and all(_is_a(inner, each) for each in value)
    match type_:
        case "Integer":
            is_number = isinstance(value, int) and not isinstance(value, bool)
            return is_number and abs(value) < _LARGEST
        case "Float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "Boolean":
            return isinstance(value, bool)
        case "String":
            return isinstance(value, str)
    known = TYPES.get(type_)
    if isinstance(known, list):
        return any(_is_a(one, value) for one in known)
    if known is None or not isinstance(value, dict) or not set(value) <= set(known):
        return False
    return all(
        any(_is_a(one, value[name]) for one in types) if name in value else needed == "?"
        for name, (needed, *types) in known.items()
    )
