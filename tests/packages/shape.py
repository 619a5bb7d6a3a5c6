"""Is this a CycloneDX 1.6 bill of materials, as far as we use that format?

The rules are those of the published JSON schema (cyclonedx.org/docs/1.6/json) for the parts that
the bill has; anything else in it is a mistake too, so that a new part comes with its rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PURL = re.compile(r"pkg:(pypi|npm)/(%40[a-z0-9._-]+/)?[a-z0-9._-]+@[A-Za-z0-9._+!-]+")
_HEX = {"SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
_TYPES = {"application", "framework", "library", "platform", "file"}
_SCOPES = {"required", "optional", "excluded"}
_EXPRESSION = re.compile(r"[A-Za-z0-9.-]+( (AND|OR) [A-Za-z0-9.-]+)*")

_Rule = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_DOCUMENT: Mapping[str, _Rule] = {
    "bomFormat": lambda value: value == "CycloneDX",
    "specVersion": lambda value: value == "1.6",
    "serialNumber": lambda value: _is_text(value) and bool(_SERIAL.fullmatch(value)),
    "version": lambda value: type(value) is int and value >= 1,
    "metadata": lambda value: isinstance(value, dict) and value.keys() == {"component"},
    "components": _is_list,
    "dependencies": _is_list,
}
_COMPONENT: Mapping[str, _Rule] = {
    "type": lambda value: value in _TYPES,
    "bom-ref": _is_text,
    "name": _is_text,
    "version": _is_text,
    "scope": lambda value: value in _SCOPES,
    "licenses": lambda value: _is_list(value) and len(value) == 1 and _is_licence(value[0]),
    "hashes": lambda value: _is_list(value) and all(map(_is_hash, value)),
    "purl": lambda value: _is_text(value) and bool(_PURL.fullmatch(value)),
}
_MAY_LACK = {"scope", "hashes", "purl"}
_DEPENDENCY: Mapping[str, _Rule] = {
    "ref": _is_text,
    "dependsOn": lambda value: _is_list(value) and len(value) == len(set(value)),
}


def mistakes(bill: Any) -> list[str]:
    """What is wrong with the bill; nothing when it is right."""
    found = list(_wrong("the bill", bill, _DOCUMENT, set()))
    if found:
        return found
    own = bill["metadata"]["component"]
    parts = [own, *bill["components"]]
    for part in parts:
        found += _wrong(f"component {part.get('bom-ref')}", part, _COMPONENT, _MAY_LACK)
    for link in bill["dependencies"]:
        found += _wrong(f"dependency {link.get('ref')}", link, _DEPENDENCY, set())
    return found or list(_loose([part["bom-ref"] for part in parts], bill["dependencies"]))


def _wrong(what: str, given: Any, rules: Mapping[str, _Rule], may_lack: set[str]) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"{what} is no object"
        return
    yield from (f"{what} lacks {name}" for name in rules.keys() - may_lack - given.keys())
    yield from (f"{what} has an unknown {name}" for name in given.keys() - rules.keys())
    for name in given.keys() & rules.keys():
        if not rules[name](given[name]):
            yield f"{what}: {name} is not as it must be"


def _is_licence(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"expression"}
        and _is_text(value["expression"])
        and bool(_EXPRESSION.fullmatch(value["expression"]))
    )


def _is_hash(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"alg", "content"}
        and value["alg"] in _HEX
        and bool(re.fullmatch(rf"[0-9a-f]{{{_HEX[value['alg']]}}}", value["content"]))
    )


def _loose(refs: list[str], links: list[dict[str, Any]]) -> Iterator[str]:
    """References that are there twice, or that lead nowhere."""
    told = [link["ref"] for link in links]
    for what, names in (("component", refs), ("dependency", told)):
        yield from (f"{what} {name} twice" for name in names if names.count(name) > 1)
    aimed = {aim for link in links for aim in (link["ref"], *link["dependsOn"])}
    yield from (f"{name} is no component" for name in sorted(aimed - set(refs)))
    yield from (f"{name} has no line among the dependencies" for name in set(refs) - set(told))
