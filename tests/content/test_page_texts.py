"""Is every sentence of every page there in Dutch, French and English?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from wijkbot.content.locate import content_dir
from wijkbot.content.translations import page_texts

ROOT = Path(__file__).resolve().parents[2]
PAGES = (*ROOT.glob("wijkbot/web/templates/*.html"), *ROOT.glob("adapters/*/templates/*.html"))
_ASKED = re.compile(r"""_\((?:"([^"]+)"|'([^']+)')""")


def _asked() -> set[str]:
    found = set()
    for page in PAGES:
        for match in _ASKED.finditer(page.read_text(encoding="utf-8")):
            found.add(match[1] or match[2])
    return found


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_every_sentence_of_the_pages_is_translated(language: str) -> None:
    """No page falls back on another language, and no old sentence stays behind."""
    path = content_dir("locales") / language / "LC_MESSAGES" / "wijkbot.po"
    with path.open("rb") as source:
        written = {str(m.id): str(m.string) for m in read_po(source) if m.id}
    assert len(PAGES) >= 2
    assert _asked() == set(written)
    assert all(written.values())


def test_page_text_is_given_in_the_language_asked() -> None:
    """Without a build step, and English for a language that we lack."""
    assert "Stuur" == page_texts("nl").gettext("Send")
    assert "Send" == page_texts("xx").gettext("Send")
