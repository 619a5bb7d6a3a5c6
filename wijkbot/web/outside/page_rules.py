"""Is a page that came from outside the one of this release, and nothing besides?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wijkbot.web.outside.elements import Element, Read
from wijkbot.web.outside.expected import Expected, File, texts
from wijkbot.web.outside.fetching import joined, origin_of
from wijkbot.web.outside.rooms import Room
from wijkbot.web.secure.headers import is_below

_PHONE = re.compile(r"tel:\+?\d{2,15}")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ``problems`` is empty when it is right."""

    what: str
    fine: str
    problems: tuple[str, ...] = ()
    is_note: bool = False


def checks_of(read: Read, url: str, right: Expected) -> Iterator[Check]:
    """Everything about one page, but not its headers."""
    yield Check("elements", "nothing inline, nothing unknown, no event handler", read.strange)
    yield Check("loads", "one script and its styles, with integrity", tuple(_loads(read, right)))
    yield Check("addresses", "no third party", tuple(_addresses(read, url, right)))
    data, problems = data_of(read)
    if data is not None:
        problems += _data(read, data, right)
    yield Check("pin and data", "the pin, the words and the texts are right", tuple(problems))


def links_of(read: Read, url: str, room: Room) -> list[str]:
    """The addresses of the same page in other languages."""
    found = (joined(url, one.get("href")) for one in read.all("a"))
    return [one for one in dict.fromkeys(found) if _is_page(one, url, room)]


def data_of(read: Read) -> tuple[dict[str, Any] | None, list[str]]:
    """The data that the script reads; None with the reason."""
    holder = read.with_id("chat")
    try:
        data = json.loads(holder.get("data-page") if holder else "")
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return None, ["the page has no data for its script"]
    return data, []


def _loads(read: Read, right: Expected) -> Iterator[str]:
    scripts = read.all("script")
    if len(scripts) != 1:
        yield f"{len(scripts)} scripts where one belongs"
    for one in scripts:
        yield from _loaded(one, "src", (right.script,))
    sheets = [one for one in read.all("link") if one.get("rel") == "stylesheet"]
    if len(sheets) != len(right.styles):
        yield f"{len(sheets)} style sheets where {len(right.styles)} belong"
    for one in sheets:
        yield from _loaded(one, "href", right.styles)
    for one in read.all("link"):
        is_icon = one.get("rel") == "icon" and one.get("href") == right.icon.href
        if one not in sheets and not is_icon:
            yield f"a link {one.get('rel')!r} to {one.get('href')[:80]!r}"


def _loaded(one: Element, name: str, files: tuple[File, ...]) -> Iterator[str]:
    """A script or style: one of ours, which the browser checks byte by byte."""
    href = one.get(name)
    mine = next((file for file in files if file.href == href), None)
    if mine is None:
        yield f"<{one.tag}> loads {href[:80]!r}, which this installation does not have"
    elif one.get("integrity") != mine.integrity:
        yield f"the integrity of {href} is not that of this installation"
    if one.get("crossorigin") != "anonymous":
        yield f"<{one.tag}> of {href[:80]!r} lacks crossorigin: the integrity rule would not hold"
    if "type" in one.attributes:
        yield f"<{one.tag}> of {href[:80]!r} has a type"


def _addresses(read: Read, url: str, right: Expected) -> Iterator[str]:
    for one in read.elements:
        for name in {"href", "src"} & one.attributes.keys():
            value = one.get(name)
            if (one.tag, name) in {("link", "href"), ("script", "src")}:
                if origin_of(joined(url, value)) != origin_of(url):
                    yield f"<{one.tag}> loads from elsewhere: {value[:80]!r}"
            elif (one.tag, name) != ("a", "href"):
                yield f"<{one.tag}> has an address: {value[:80]!r}"
            elif one.get("id") == "exit" and right.room.has_exit:
                yield from _exit(value, right)
            elif not _may_lead(value, url, right.room):
                yield f"a link leads to {value[:80]!r}"


def _may_lead(value: str, url: str, room: Room) -> bool:
    if value.startswith("#") or _PHONE.fullmatch(value):
        return True
    return _is_page(joined(url, value), url, room)


def _is_page(target: str, url: str, room: Room) -> bool:
    same = origin_of(target) == origin_of(url)
    return same and is_below(urlsplit(target).path, room.path) and "#" not in target


def _exit(value: str, right: Expected) -> Iterator[str]:
    if right.exit_url and value != right.exit_url:
        yield f"the way out leads to {value[:80]!r}, not to [secure_chat] exit_url"
    elif not value.startswith("https://"):
        yield f"the way out leads to {value[:80]!r}"


def _data(read: Read, data: dict[str, Any], right: Expected) -> list[str]:
    words = {
        code: {"href": file.href, "integrity": file.integrity}
        for code, file in right.words.items()
    }
    way_out = read.with_id("exit")
    leads = way_out.get("href") if way_out else ""
    room, language = right.room, str(data.get("lang"))
    api = right.api or "the page's own server"
    claims = [
        (data.get("pin") == right.pin_on_page, f"the pin is another one: {data.get('pin')!r}"),
        (data.get("words") == words, "the word lists are not those of this installation"),
        (str(data.get("list")) in words, "codes are drawn from a list that is not there"),
        (data.get("api", "") == right.api, f"the chat is at {data.get('api')!r}, not at {api}"),
        (bool(leads) or not room.has_exit, "there is no way out"),
        (data.get("exit") == leads, "two ways out"),
        (
            language in room.languages and _says(data.get("texts"), texts(room, language)),
            "the texts are not those of this installation",
        ),
        (
            data.keys() <= room.fields,
            f"unknown data: {', '.join(sorted(data.keys() - room.fields))}",
        ),
    ]
    return [problem for holds, problem in claims if not holds]


def _says(given: object, wanted: Mapping[str, str]) -> bool:
    """The same texts; the name of the organisation is its own."""
    return isinstance(given, dict) and given == {**wanted, **_name(given, wanted)}


def _name(given: Mapping[str, object], wanted: Mapping[str, str]) -> dict[str, object]:
    own = given.get("organisation")
    return {"organisation": own} if isinstance(own, str) and "organisation" in wanted else {}
