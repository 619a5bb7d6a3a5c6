"""How does a page get its words, and in which language?"""

from __future__ import annotations

from pathlib import Path

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, select_autoescape

from wijkbot.content.translations import page_texts

PAGE_LANGUAGES = {"nl": "Nederlands", "fr": "Français", "en": "English"}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    extensions=["jinja2.ext.i18n"],
)


def language_of(request: Request, wanted: str = "") -> str:
    """The first known language of: the wish, the address, the browser; else Dutch."""
    asked = request.headers.get("accept-language", "").split(",")
    codes = [code.strip()[:2].lower() for code in (wanted, request.query_params.get("lang", ""))]
    codes += [code.strip()[:2].lower() for code in asked]
    return next((code for code in codes if code in PAGE_LANGUAGES), "nl")


def page(template: str, language: str, **values: object) -> str:
    """A page in that language."""
    environment = _TEMPLATES.overlay()
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        page_texts(language), newstyle=True
    )
    found = environment.get_template(template)
    return found.render(lang=language, languages=PAGE_LANGUAGES.items(), **values)
