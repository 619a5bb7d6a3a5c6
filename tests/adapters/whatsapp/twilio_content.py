"""Which content does the local Twilio hold, how far is its approval, and what does it show?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.adapters.whatsapp.twilio_rules import MAX_CONTENT, units
from tests.adapters.whatsapp.twilio_world import Shown, TwilioError, new_sid

QUICK, LIST, TEXT = "twilio/quick-reply", "twilio/list-picker", "twilio/text"
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_ENDS_IN_PLACE = re.compile(r"^\s*\{\{\w+\}\}|\{\{\w+\}\}[\s.!?]*$")
_ADJACENT = re.compile(r"\}\}\s*\{\{")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_CATEGORIES = {"UTILITY", "MARKETING", "AUTHENTICATION"}
_GAP = re.compile(r" {5,}")
_LINE_END = re.compile(r"[\n\t]")
"""Inside the 24 hours a value may have lines; in a template never."""


@dataclass
class Content:
    """One content resource. ``approval`` is Twilio's own word; "" was never asked for."""

    name: str
    language: str
    types: dict[str, Any]
    variables: dict[str, str]
    at: datetime
    sid: str = field(default_factory=lambda: new_sid("HX"))
    approval: str = ""
    category: str = ""
    template: str = ""
    reason: str = ""

    @property
    def type(self) -> str:
        """The type that WhatsApp shows: the richest there is."""
        return next(one for one in (QUICK, LIST, *self.types) if one in self.types)

    @property
    def is_approved(self) -> bool:
        """May it open a talk?"""
        return self.approval == "approved"

    @property
    def inner(self) -> dict[str, Any]:
        """What stands under that type."""
        found: dict[str, Any] = self.types[self.type]
        return found

    @property
    def body(self) -> str:
        """The text with its places."""
        return str(self.inner.get("body", ""))

    def as_json(self, account: str) -> dict[str, Any]:
        moment = self.at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return {
            "sid": self.sid,
            "account_sid": account,
            "friendly_name": self.name,
            "language": self.language,
            "variables": self.variables,
            "types": self.types,
            "date_created": moment,
            "date_updated": moment,
            "url": f"https://content.twilio.com/v1/Content/{self.sid}",
            "links": {},
        }

    def request(self) -> dict[str, Any]:
        """How far the approval is, as Twilio tells it; {} when it was not asked for."""
        if not self.approval:
            return {}
        return {
            "name": self.template,
            "category": self.category,
            "content_type": self.type,
            "status": self.approval,
            "rejection_reason": self.reason,
            "allow_category_change": True,
        }


class Contents:
    """All content of the account."""

    def __init__(self) -> None:
        self.all: dict[str, Content] = {}

    def add(
        self,
        name: str,
        language: str,
        types: dict[str, Any],
        variables: dict[str, str],
        at: datetime,
    ) -> Content:
        """Keep new content; raises where the Content API would say no."""
        known = {one: inner for one, inner in types.items() if inner is not None}
        if not known:
            raise TwilioError(400, 20001, "types: at least one is needed")
        for inner in known.values():
            _check_type(inner)
        made = Content(name, language, known, dict(variables), at)
        self.all[made.sid] = made
        return made

    def of(self, sid: str) -> Content:
        """The content with this sid; raises when there is none."""
        if sid not in self.all:
            raise TwilioError(404, 20404, "The requested resource was not found")
        return self.all[sid]

    def of_message(self, sid: str) -> Content | None:
        """The content that a message names; raises when there is none, None without a name."""
        if sid and sid not in self.all:
            raise TwilioError(400, 21655, "The ContentSid is Invalid")
        return self.all[sid] if sid else None

    def ask(self, sid: str, name: str, category: str) -> Content:
        """Ask WhatsApp to approve; what it never approves is rejected at once."""
        content = self.of(sid)
        if not _NAME.fullmatch(name):
            raise TwilioError(400, 20001, "name: lower case letters, digits and underscores")
        if category not in _CATEGORIES:
            raise TwilioError(400, 20001, "category: UTILITY, MARKETING or AUTHENTICATION")
        content.template, content.category = name, category
        content.reason = _never(content)
        content.approval = "rejected" if content.reason else "pending"
        return content


def _check_type(inner: Mapping[str, Any]) -> None:
    if not str(inner.get("body", "")).strip():
        raise TwilioError(400, 20001, "body: is needed")
    if len(inner.get("actions", ())) > 10 or len(inner.get("items", ())) > 10:
        raise TwilioError(400, 20001, "at most 10 to choose from")
    if ("actions" in inner and not inner["actions"]) or ("items" in inner and not inner["items"]):
        raise TwilioError(400, 20001, "nothing to choose from")


def _never(content: Content) -> str:
    """Why WhatsApp would never approve it; "" when it may."""
    places = [int(one) for one in _PLACE.findall(content.body) if one.isdecimal()]
    if content.type == LIST:
        return "a list cannot be a template"
    if _ENDS_IN_PLACE.search(content.body) or _ADJACENT.search(content.body):
        return "a place at the beginning, at the end or beside another"
    if sorted(set(places)) != list(range(1, len(set(places)) + 1)):
        return "places must be numbered from 1"
    if set(map(str, places)) - set(content.variables):
        return "every place needs an example"
    titles = [str(one.get("title", "")) for one in content.inner.get("actions", ())]
    if any(_PLACE.search(title) for title in titles):
        return "no place in a button"
    return "" if units(content.body) <= MAX_CONTENT else "too long"


def shown(content: Content, values: Mapping[str, str]) -> Shown:
    """What a resident would see; the places are filled in."""
    filled = {**content.variables, **values}

    def fill(text: object) -> str:
        return _PLACE.sub(lambda found: filled.get(found[1], found[0]), str(text))

    inner = content.inner
    choices = [(fill(one.get("id", one["title"])), fill(one["title"])) for one in _actions(inner)]
    choices += [(fill(one["id"]), fill(one["item"])) for one in inner.get("items", ())]
    kind = content.type.removeprefix("twilio/")
    return Shown(fill(content.body), kind, tuple(choices))


def _actions(inner: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in inner.get("actions", ()) if one.get("type") == "QUICK_REPLY"]


def trouble(content: Content, seen: Shown, values: Mapping[str, str]) -> tuple[int, str]:
    """(code, why) with which this would fail afterwards; (0, "") when it is good."""
    titles = [title for _, title in seen.choices]
    if any(_GAP.search(value) for value in values.values()):
        return 63013, "five spaces in a value"
    if content.is_approved and any(_LINE_END.search(value) for value in values.values()):
        return 63013, "a line end or a tab in a value of a template"
    if _PLACE.search(seen.body) or any(_PLACE.search(title) for title in titles):
        return 63013, "a place without a value"
    if units(seen.body) > MAX_CONTENT:
        return 63021, "more than 1024 characters"
    if seen.kind == "quick-reply" and len(titles) > 3 and not content.is_approved:
        return 63021, "more than 3 buttons"
    return _choice_trouble(content, seen, titles)


def _choice_trouble(content: Content, seen: Shown, titles: list[str]) -> tuple[int, str]:
    longest_title, longest_id = (24, 200) if seen.kind == "list-picker" else (20, 256)
    if any(not title.strip() or units(title) > longest_title for title in titles):
        return 63021, f"a title of more than {longest_title} characters, or none"
    if len(set(titles)) < len(titles) or len({one for one, _ in seen.choices}) < len(titles):
        return 63021, "two choices that are the same"
    if any(units(one) > longest_id for one, _ in seen.choices):
        return 63021, "an id that is too long"
    return _list_trouble(content) if seen.kind == "list-picker" else (0, "")


def _list_trouble(content: Content) -> tuple[int, str]:
    if units(str(content.inner.get("button", ""))) > 20:
        return 63021, "the button of a list is too long"
    if any(units(str(one.get("description", ""))) > 72 for one in content.inner["items"]):
        return 63021, "a description of more than 72 characters"
    return 0, ""
