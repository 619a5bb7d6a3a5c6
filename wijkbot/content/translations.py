"""How do the .po files of the pages become texts? Read at start, in memory, no build step."""

from __future__ import annotations

from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from wijkbot.content.locate import content_dir


@lru_cache(maxsize=16)
def page_texts(language: str) -> NullTranslations:
    """The texts of the pages in a language; an unknown one gives the English originals."""
    path = content_dir("locales") / language / "LC_MESSAGES" / "wijkbot.po"
    if not path.is_file():
        return NullTranslations()
    with path.open("rb") as source:
        catalog = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)
