"""How does a resident's page look before anything of it runs? Whole, readable, with the numbers.

The page carries no state and sets nothing: to fetch it is to read it. What the script needs
stands in it as data, the pin of the organisation's root first of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from wijkbot.app.house import House, local_time
from wijkbot.app.lookup import helpline_hours, helpline_of
from wijkbot.app.pin import read_pin, shown
from wijkbot.content.model import Item
from wijkbot.settings import SecureChatSettings
from wijkbot.web.pages import bot_of, language_of, page
from wijkbot.web.secure.built import built_files

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


def crisis_lines(
    items: Mapping[str, Item], country: str, language: str, today: date
) -> tuple[Line, ...]:
    """One line for each role that this country has one for; one in the language comes first."""
    lines = []
    for role in ROLES:
        first = helpline_of(items, role, country, language)
        if first is not None:
            checked = first.confidence == "checked" and language in REVIEWED
            hours = helpline_hours(items, [role], country, language, today) if checked else ""
            lines.append(Line(role, first.name, first.phone, hours))
    return tuple(lines)


async def _chat(request: Request) -> Response:
    bot = bot_of(request)
    language = language_of(request, CHAT_LANGUAGES)
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
    files = built_files("c")
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
    own = language if language in words else "en"
    return {
        "lang": language,
        "pin": shown(read_pin(folder)),
        "list": own,
        "words": words,
        **addresses,
    }
