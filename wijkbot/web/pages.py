"""How does a page get its words, and in which language?"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, select_autoescape

from wijkbot.app.assemble import Bot
from wijkbot.content.translations import page_texts

PAGE_LANGUAGES = {"nl": "Nederlands", "fr": "Français", "en": "English"}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    extensions=["jinja2.ext.i18n"],
)


def bot_of(request: Request) -> Bot:
    """The bot whose page is asked for."""
    bot: Bot = request.app.state.bot
    return bot


def language_of(request: Request, among: Collection[str] = PAGE_LANGUAGES) -> str:
    """The first known language of: the address (``?lang=``), the browser; else Dutch."""
    asked = request.headers.get("accept-language", "").split(",")
    wanted = [request.query_params.get("lang", ""), *asked]
    codes = [code.strip()[:2].lower() for code in wanted]
    return next((code for code in codes if code in among), "nl")


async def body_of(request: Request, limit: int) -> bytes | None:
    """The body; None when it is larger than so many bytes, and then it is not read to the end."""
    parts = bytearray()
    async for part in request.stream():
        parts.extend(part)
        if len(parts) > limit:
            return None
    return bytes(parts)


def page(template: str, language: str, **values: object) -> str:
    """A page in that language."""
    environment = _TEMPLATES.overlay()
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        page_texts(language), newstyle=True
    )
    found = environment.get_template(template)
    return found.render(lang=language, languages=PAGE_LANGUAGES.items(), **values)
