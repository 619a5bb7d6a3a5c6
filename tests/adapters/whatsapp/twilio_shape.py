"""Is this a request that Twilio publishes, with parameters of the types that it publishes?

The table is a file of its own, carried from the published OpenAPI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema

from tests.adapters.whatsapp.twilio_world import TwilioError

_TABLE: dict[str, Any] = json.loads(
    Path(__file__).with_name("twilio_table.json").read_text(encoding="utf-8")
)
_REQUESTS: dict[str, dict[str, Any]] = _TABLE["requests"]
_NAME = re.compile(r"\{(\w+)\}")
_PATHS = {
    name: re.compile(_NAME.sub(r"(?P<\1>[^/]+)", spec["path"].replace(".json", r"\.json")))
    for name, spec in _REQUESTS.items()
}
_INTEGER = re.compile(r"-?\d{1,18}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_OWN_CODE = {"ContentSid": 21655, "ValidityPeriod": 21671}
"""Where Twilio has a code for one parameter that is wrong; 20001 for all others."""

Pairs = Sequence[tuple[str, str]]


def operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The published name of a request, and what stands in its path; TwilioError when none."""
    for name, form in _PATHS.items():
        found = form.fullmatch(path)
        if found and _REQUESTS[name]["method"] == method:
            values = found.groupdict()
            for part, schema in _REQUESTS[name].get("in_path", {}).items():
                if not re.fullmatch(schema.get("pattern", ".*"), values[part]):
                    raise TwilioError(404, 20404, f"The requested resource {path} was not found")
            return name, values
    raise TwilioError(404, 20404, f"The requested resource {method} {path} was not found")


def checked_query(name: str, pairs: Pairs) -> dict[str, str]:
    """The parameters behind the question mark; raises TwilioError for a wrong one."""
    return _checked({"properties": _REQUESTS[name].get("query", {})}, pairs)


def checked_form(name: str, pairs: Pairs) -> dict[str, str]:
    """The fields of a form; raises TwilioError for a wrong one, or one that misses."""
    return _checked(_REQUESTS[name].get("form", {}), pairs)


def checked_json(name: str, body: bytes) -> dict[str, Any]:
    """A body of JSON; raises TwilioError when it is not as published."""
    schema = _REQUESTS[name]["json"]
    try:
        found = json.loads(body)
        jsonschema.validate(found, schema)
    except (ValueError, jsonschema.ValidationError) as error:
        raise TwilioError(400, 20001, str(error).splitlines()[0]) from error
    for unknown in set(found) - set(schema["properties"]):
        raise TwilioError(400, 20001, f"Unknown property: {unknown}")
    for unknown in set(found.get("types", ())) - set(_properties_of_types(schema)):
        raise TwilioError(400, 20001, f"Unknown content type: {unknown}")
    return dict(found)


def check_message(shown: dict[str, Any]) -> dict[str, Any]:
    """A message as we show it must be one that Twilio could show."""
    jsonschema.validate(shown, _TABLE["message"])
    return shown


def _properties_of_types(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["properties"].get("types", {}).get("properties", {})
    return found


def _checked(schema: dict[str, Any], pairs: Pairs) -> dict[str, str]:
    known = schema.get("properties", {})
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise TwilioError(400, 20001, f"Unknown parameter: {name}")
        is_list = known[name].get("type") == "array"
        if name in fields and not is_list:
            raise TwilioError(400, 20001, f"Parameter {name} stands there twice")
        if not _fits(known[name]["items"] if is_list else known[name], value):
            raise TwilioError(400, _OWN_CODE.get(name, 20001), f"Invalid parameter: {name}")
        fields[name] = value
    return fields


def _fits(schema: dict[str, Any], value: str) -> bool:
    match schema.get("type"):
        case "integer":
            is_one = _INTEGER.fullmatch(value) is not None
            low, high = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63)
            return is_one and low <= int(value) <= high
        case "number":
            return _NUMBER.fullmatch(value) is not None
        case "boolean":
            return value in {"true", "false"}
    if "enum" in schema:
        return value in schema["enum"]
    if schema.get("format") == "date-time":
        return _is_moment(value)
    return re.fullmatch(schema.get("pattern", r"(?s).*"), value) is not None


def _is_moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
