"""How does a resident's page look before anything of it runs? Whole, readable, with the numbers.

The page carries no state and sets nothing: to fetch it is to read it. What the script needs
stands in it as data, the pin of the organisation's root first of all.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from wijkbot.app.house import House, local_time
from wijkbot.app.lookup import helpline_hours
from wijkbot.app.pin import read_pin
from wijkbot.content.model import Helpline, Item
from wijkbot.settings import SecureChatSettings
from wijkbot.web.pages import bot_of, page

CHAT_LANGUAGES = {
    "nl": "Nederlands",
    "fr": "Français",
    "en": "English",
    "ar": "العربية",
    "de": "Deutsch",
    "tr": "Türkçe",
    "pl": "Polski",
    "uk": "Українська",
    "es": "Español",
}
REVIEWED = ("nl", "fr", "en")
"""Languages in which people wrote the texts. In the others no crisis text stands: only numbers."""

ROLES = ("emergency", "suicide", "listen", "violence", "child")
"""The lines of the page, in this order: the first three stand in the bar that never leaves."""

_IN_BAR = ("emergency", "suicide", "listen")
_BUILT = Path(__file__).parents[1] / "static" / "c" / "built.json"


@dataclass(frozen=True, slots=True)
class Line:
    """A number to call; ``hours`` only when they were checked and may still be believed."""

    role: str
    name: str
    phone: str
    hours: str

    @property
    def address(self) -> str:
        """What a telephone dials."""
        return "".join(sign for sign in self.phone if sign.isdigit() or sign == "+")


def add_resident_page(app: FastAPI) -> None:
    """Serve ``/c``."""
    app.add_api_route("/c", _chat, methods=["GET", "HEAD"], response_model=None)


def chat_language(request: Request) -> str:
    """The first known language of: the address (``?lang=``), the browser; else Dutch."""
    asked = request.headers.get("accept-language", "").split(",")
    wanted = [request.query_params.get("lang", ""), *asked]
    codes = [code.strip()[:2].lower() for code in wanted]
    return next((code for code in codes if code in CHAT_LANGUAGES), "nl")


def crisis_lines(
    items: Mapping[str, Item], country: str, language: str, today: date
) -> tuple[Line, ...]:
    """One line for each role that this country has one for; one in the language comes first."""
    lines = []
    for role in ROLES:
        fitting = [
            item
            for item in items.values()
            if isinstance(item, Helpline)
            and role in item.roles
            and item.country in {country, "both"}
            and item.phone
        ]
        fitting.sort(key=lambda item: _order(item, language))
        if fitting:
            first = fitting[0]
            checked = first.confidence == "checked" and language in REVIEWED
            hours = helpline_hours(items, [role], country, language, today) if checked else ""
            lines.append(Line(role, first.name, first.phone, hours))
    return tuple(lines)


def _order(item: Helpline, language: str) -> tuple[bool, bool, str]:
    return language not in item.languages, "en" not in item.languages, item.id


@lru_cache(maxsize=1)
def built_files() -> Mapping[str, Any]:
    """Which files the page loads, and with which integrity: as the build wrote it down."""
    found: dict[str, Any] = json.loads(_BUILT.read_text(encoding="utf-8"))
    return found


async def _chat(request: Request) -> Response:
    bot = bot_of(request)
    language = chat_language(request)
    chat = bot.house.settings.secure_chat
    if chat is not None and chat.static_origin:
        return RedirectResponse(f"{chat.static_origin}/c/{language}/", 307)
    return HTMLResponse(resident_page(bot.house, bot.folder, language))


def resident_page(house: House, folder: Path, language: str, api: str = "") -> str:
    """The whole page; with ``api``, the origin of the chat, it is for another party to serve.

    Such a copy tells no hours of other helplines: it cannot know when they are over.
    """
    settings = house.settings
    area = next(iter(settings.areas()))
    today = local_time(settings, area, house.clock.now_ms()).date()
    items = house.library.shelf(area).items
    lines = crisis_lines(items, settings.country_of(area), language, today)
    if api:
        lines = tuple(replace(line, hours="") for line in lines)
    files = built_files()
    chat = settings.secure_chat or SecureChatSettings()
    return page(
        "chat.html",
        language,
        chat_languages=[
            (code, title, f"/c/{code}/" if api else f"/c?lang={code}")
            for code, title in CHAT_LANGUAGES.items()
        ],
        is_rtl=language == "ar",
        is_reviewed=language in REVIEWED,
        organisation=settings.organisation.name,
        lines=lines,
        bar=[line for line in lines if line.role in _IN_BAR],
        exit_url=chat.exit_url,
        keeps=chat,
        files=files["c"],
        data=_data(folder, language, files.get("words", {}), exit=chat.exit_url, api=api),
    )


def _data(
    folder: Path, language: str, words: Mapping[str, Mapping[str, str]], **addresses: str
) -> dict[str, object]:
    pin = read_pin(folder)
    raw = base64.urlsafe_b64encode(bytes.fromhex(pin)).rstrip(b"=").decode() if pin else ""
    own = language if language in words else "en"
    return {"lang": language, "pin": raw, "list": own, "words": words, **addresses}
