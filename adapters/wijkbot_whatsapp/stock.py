"""Which texts with places does an account have, and does one fit what we need? Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from wijkbot.adapter_api import Approval, Template, TemplateState, TemplateText

MAX_BODY = 1024
"""UTF-16 units of a text with buttons, or of a template, with its places filled."""

PREFIX = "wijkbot"
_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_NOT_A_SIGN = re.compile(r"[^a-z0-9]+")
_EMPTY = "-"
_APPROVED = "approved"
_UNDER_WAY = frozenset({"received", "pending", "in_review", "in_appeal"})
_REFUSED = frozenset({"rejected", "paused", "disabled"})


@dataclass(frozen=True, slots=True)
class Content:
    """One text with places at Twilio. ``status`` is WhatsApp's word, "" when never asked."""

    sid: str
    name: str
    body: str
    buttons: tuple[str, ...]
    places: frozenset[str]
    status: str = ""
    reason: str = ""

    @property
    def is_approved(self) -> bool:
        """May it go to somebody who did not just write to us?"""
        return self.status == _APPROVED


def content_from(listed: Any) -> Content:
    """What Twilio's library lists, in our words."""
    types = [each for each in (listed.types or {}).values() if isinstance(each, dict)]
    body = next((str(each["body"]) for each in types if each.get("body")), "")
    actions = next((each["actions"] for each in types if each.get("actions")), ())
    approval = listed.approval_requests or {}
    return Content(
        sid=str(listed.sid),
        name=str(listed.friendly_name or ""),
        body=body,
        buttons=tuple(str(each.get("title", "")) for each in actions),
        places=frozenset(_PLACE.findall(json.dumps(types, ensure_ascii=False))),
        status=str(approval.get("status") or "").lower(),
        reason=str(approval.get("rejection_reason") or ""),
    )


def plain_name(name: str) -> str:
    """A name as it is compared: capitals, dashes and spaces make no other one of it."""
    return _NOT_A_SIGN.sub("_", name.lower()).strip("_")


def names_for(name: str, language: str) -> tuple[str, ...]:
    """What a template may be called at Twilio: of this land first, then of the language."""
    languages = dict.fromkeys((language, language.partition("-")[0]))
    return tuple(plain_name(f"{PREFIX}_{name}_{each}") for each in languages)


def variables_for(content: Content, template: Template) -> dict[str, str] | None:
    """What fills the places of an approved text; None when they are others than ours.

    Each value is one line without wide gaps, and never empty: WhatsApp refuses those.
    """
    values = {
        str(number): " ".join(value.split()) or _EMPTY
        for number, value in enumerate(template.values, start=1)
    }
    if content.places != values.keys():
        return None
    while (over := units(filled(content.body, values)) - MAX_BODY) > 0:
        longest = max(values, key=lambda place: units(values[place]))
        left = units(values[longest]) - over - 1
        if left < 1:
            return None
        values[longest] = _beginning(values[longest], left).rstrip() + "…"
    return values


def _beginning(text: str, length: int) -> str:
    """So many UTF-16 units from the start; half an emoji is none."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * length].decode("utf-16-le", "ignore")


def filled(body: str, values: dict[str, str]) -> str:
    """A body with its places filled, as the resident and Twilio's list show it."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), body)


def units(text: str) -> int:
    """The length of a text as WhatsApp counts: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def state_of(wanted: TemplateText, found: Content | None) -> TemplateState:
    """How far a template is that the product needs."""

    def state(approval: Approval, detail: str = "") -> TemplateState:
        return TemplateState(wanted.name, wanted.language, approval, detail)

    if found is None:
        return state(Approval.MISSING)
    if difference := _difference(wanted, found):
        return state(Approval.DIFFERS, difference)
    if found.is_approved:
        return state(Approval.APPROVED)
    if found.status in _UNDER_WAY:
        return state(Approval.WAITS)
    if found.status in _REFUSED:
        return state(Approval.REJECTED, found.reason or found.status)
    return state(Approval.MISSING, "it is there, but was not submitted")


def _difference(wanted: TemplateText, found: Content) -> str:
    places = len(set(_PLACE.findall(wanted.body)))
    if places != len(found.places):
        return f"{places} places are wanted, and it has {len(found.places)}"
    if wanted.body.split() != found.body.split():
        return "its text is another"
    return "" if wanted.buttons == found.buttons else "its buttons are others"
