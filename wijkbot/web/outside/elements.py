"""Which elements does a page have, read so strictly that no browser can see another one?

A page of ours is plain: every ``<`` begins a tag that the templates of this release use, with the
attributes that they use. What a browser could read otherwise (comments, foreign content, other
tags, control characters) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

_META_NAMES = frozenset({"viewport", "referrer", "robots"})
_TEMPLATES = Path(__file__).parents[1] / "templates"
_JINJA = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_TAG = re.compile(r"<([A-Za-z][^\s/>]*)")
_STRANGE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Unreadable(Exception):
    """The page is no UTF-8."""


@dataclass(frozen=True, slots=True)
class Element:
    """One start tag; of an attribute that stands there twice the first counts."""

    tag: str
    attributes: Mapping[str, str]

    def get(self, name: str) -> str:
        """An attribute; "" when it is not there."""
        return self.attributes.get(name, "")


@dataclass(frozen=True, slots=True)
class Read:
    """The elements in their order, and what does not belong in a page of ours."""

    elements: tuple[Element, ...]
    strange: tuple[str, ...]

    def all(self, tag: str) -> list[Element]:
        """Every element with that tag."""
        return [one for one in self.elements if one.tag == tag]

    def with_id(self, name: str) -> Element | None:
        """The element with that id; None when there is none, or more than one."""
        found = [one for one in self.elements if one.get("id") == name]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tags and attributes that may occur."""

    tags: frozenset[str]
    attributes: frozenset[str]


@cache
def vocabulary(pattern: str) -> Vocabulary:
    """What the templates of this installation use whose names fit the pattern."""
    parser = _Parser()
    for path in sorted(_TEMPLATES.glob(pattern)):
        parser.feed(_JINJA.sub("", path.read_text(encoding="utf-8")))
    names = {name for one in parser.elements for name in one.attributes}
    return Vocabulary(frozenset(one.tag for one in parser.elements), frozenset(names))


def read_page(content: bytes, known: Vocabulary) -> Read:
    """Read a page in which these tags and attributes may occur.

    Raises:
        Unreadable: it is no UTF-8.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("the page is no UTF-8") from error
    parser = _Parser()
    parser.feed(text)
    parser.close()
    return Read(
        tuple(parser.elements), (*_strange_text(text, parser), *_strange_parts(parser, known))
    )


def _strange_text(text: str, parser: _Parser) -> list[str]:
    found = []
    if _STRANGE.search(text):
        found.append("a control character")
    if "<?" in text or text.count("<!") != 1 or not text.lower().startswith("<!doctype html>"):
        found.append("a comment, or no plain <!doctype html>")
    raw = sorted(name.lower() for name in _TAG.findall(text))
    if raw != sorted(one.tag for one in parser.elements):
        found.append("tags that can be read in two ways")
    return found


def _strange_parts(parser: _Parser, known: Vocabulary) -> list[str]:
    found = [f"text inside <{tag}>: it is inline" for tag in sorted(parser.inside)]
    for one in parser.elements:
        if one.tag not in known.tags:
            found.append(f"an element <{one.tag}>")
        if one.tag == "meta" and not ("charset" in one.attributes or _is_known(one)):
            found.append(f"a <meta> with {' '.join(one.attributes) or 'nothing'}")
        for name in one.attributes:
            if name.startswith("on"):
                found.append(f"an event handler: {name} of <{one.tag}>")
            elif name not in known.attributes:
                found.append(f"an attribute {name} of <{one.tag}>")
    return found


def _is_known(meta: Element) -> bool:
    return meta.get("name") in _META_NAMES


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.inside: set[str] = set()
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes: dict[str, str] = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        self.elements.append(Element(tag, attributes))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in {"script", "style"} and data.strip():
            self.inside.add(self._open)
