"""What does a YAML file say, and on which line does each part of it stand?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from wijkbot.content.problems import Problem

Place = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"-?[1-9][0-9]{0,17}")
"""Shorter than what Python refuses to read; a longer one is no number of ours, but text."""
DEEPEST = 20
"""Levels of indents; the deepest kind of content has eight."""
_PREFIX = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Source:
    """One file as data; ``lines`` gives the line of every key and list entry."""

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, place: Place) -> int:
        """The line of a part, or of the nearest part around it."""
        parts = tuple(place)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return self.lines.get(parts, 1)

    def problem(self, place: Place, what: str, remedy: str) -> Problem:
        """A problem at a part of this file."""
        return Problem(self.path, self.line_of(place), what, remedy)


def read_source(path: Path) -> Source:
    """Read one file; everything that is wrong with it stands in ``problems``."""
    source = Source(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        source.problems.append(
            Problem(path, 1, "this file is no readable UTF-8 text", "save it as UTF-8")
        )
        return source
    node = _compose(text, source)
    if node is None:
        return source
    if not isinstance(node, yaml.MappingNode):
        source.problems.append(
            Problem(path, 1, "this file is no mapping", 'begin with "kind: …" and "id: …"')
        )
        return source
    built = _build(node, (), source, set())
    source.data = built if isinstance(built, dict) else {}
    return source


def _compose(text: str, source: Source) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"this is no valid YAML ({error.problem or 'unreadable'})"
        source.problems.append(
            Problem(source.path, line, what, "look at indents, colons and quotes near this line")
        )
        return None
    except (yaml.YAMLError, RecursionError):
        source.problems.append(
            Problem(source.path, 1, "this is no valid YAML", "look for odd characters")
        )
        return None
    if node is None:
        source.problems.append(Problem(source.path, 1, "this file is empty", "remove or fill it"))
    return node


def _build(node: yaml.Node, place: Place, source: Source, seen: set[int]) -> Any:
    source.lines.setdefault(place, node.start_mark.line + 1)
    if len(place) > DEEPEST:
        source.problems.append(
            source.problem(place, "this is nested too deep", "look at brackets and indents")
        )
        return None
    if not isinstance(node, yaml.ScalarNode):
        if id(node) in seen:
            # an alias can make a small file huge; nobody needs one here
            source.problems.append(
                source.problem(place, "this repeats another part by an alias", "write it out")
            )
            return None
        seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, source, seen)
    if isinstance(node, yaml.SequenceNode):
        return [_build(n, (*place, i), source, seen) for i, n in enumerate(node.value)]
    return _scalar(node)


def _mapping(
    node: yaml.MappingNode, place: Place, source: Source, seen: set[int]
) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        here = (*place, key)
        if key in built:
            source.problems.append(
                Problem(
                    source.path,
                    key_node.start_mark.line + 1,
                    f"the key {key!r} stands here twice",
                    "keep one of them",
                )
            )
            continue
        source.lines[here] = key_node.start_mark.line + 1
        built[key] = _build(value_node, here, source, seen)
    return built


def _scalar(node: yaml.Node) -> Any:
    """A plain value. "ja", "no" and "14:00" stay text: only true/false are truth values."""
    text = str(node.value)
    match node.tag.removeprefix(_PREFIX):
        case "null":
            return None
        case "bool" if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        case "int" if _NUMBER.fullmatch(text):
            return int(text)
        case _:
            return text
