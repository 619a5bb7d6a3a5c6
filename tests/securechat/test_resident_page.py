"""Does the page of the chat stand whole in nine languages, with numbers and no invented help?"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Helpline, Item
from wijkbot.web.secure.resident_page import CHAT_LANGUAGES, REVIEWED, crisis_lines

TEMPLATES = Path(__file__).resolve().parents[2] / "wijkbot" / "web" / "templates"
BY_MACHINE = sorted(set(CHAT_LANGUAGES) - set(REVIEWED))
ASKED = re.compile(r'_\("([^"]+)"')
ONLY_REVIEWED = re.compile(r"{% if is_reviewed %}(.*?){% endif %}", re.DOTALL)


def _asked() -> tuple[set[str], set[str]]:
    """The sentences of every language, and those of reviewed languages alone."""
    pages = "".join(
        (TEMPLATES / name).read_text(encoding="utf-8") for name in ("chat.html", "chat_texts.html")
    )
    everywhere = set(ASKED.findall(ONLY_REVIEWED.sub("", pages)))
    return everywhere, set(ASKED.findall(pages)) - everywhere


@pytest.mark.parametrize("language", CHAT_LANGUAGES)
def test_59_every_sentence_of_the_page_is_there(language: str) -> None:
    everywhere, reviewed = _asked()
    assert len(everywhere) > 80
    assert len(reviewed) >= 6
    path = content_dir("locales") / language / "LC_MESSAGES" / "wijkbot.po"
    with path.open("rb") as source:
        catalog = read_po(source, locale=language)
    written = {str(one.id): str(one.string) for one in catalog if one.id}
    if language in REVIEWED:
        assert everywhere | reviewed <= set(written)
    else:
        assert everywhere == set(written), "and no sentence about danger"
        assert "X-Read-By-Native-Speaker: no" in path.read_text(encoding="utf-8")
    for asked, told in written.items():
        holes = sorted(re.findall(r"\{\w+\}|%\(\w+\)s", asked))
        assert told, asked
        assert holes == sorted(re.findall(r"\{\w+\}|%\(\w+\)s", told)), asked
    if language != "en":
        assert [] == [one for one in everywhere if written[one] == one and len(one) > 12]


@pytest.fixture(scope="module")
def items() -> dict[str, Item]:
    return dict(load(content_dir("dialogs")).items)


@pytest.mark.parametrize("country", ["BE", "NL"])
@pytest.mark.parametrize("language", CHAT_LANGUAGES)
def test_lines_are_those_of_the_country_and_in_the_language_when_there_is_one(
    items: dict[str, Item], country: str, language: str
) -> None:
    lines = crisis_lines(items, country, language, date(2026, 11, 21))
    assert "112" == lines[0].phone
    for line in lines:
        same = [
            one for one in items.values() if isinstance(one, Helpline) and one.name == line.name
        ]
        assert [line.phone] == [one.phone for one in same if one.country in {country, "both"}]
    suicide = next(line for line in lines if line.role == "suicide")
    if (country, language) == ("BE", "fr"):
        assert "0800 32 123" == suicide.phone
    elif country == "BE":
        assert "1813" == suicide.phone
    else:
        assert "113" == suicide.phone


def test_hours_stand_only_where_they_were_checked_and_may_be_believed(
    items: dict[str, Item],
) -> None:
    late = crisis_lines(items, "NL", "nl", date(2040, 1, 1))
    assert {""} == {line.hours for line in late}
    early = crisis_lines(items, "NL", "nl", date(2022, 1, 1))
    assert "" != next(line for line in early if line.role == "suicide").hours
    unchecked = {
        name: item.model_copy(update={"confidence": "unchecked"})
        if isinstance(item, Helpline)
        else item
        for name, item in items.items()
    }
    asked = crisis_lines(unchecked, "NL", "nl", date(2022, 1, 1))
    assert {""} == {line.hours for line in asked}
    assert [line.phone for line in early] == [line.phone for line in asked]


@pytest.mark.parametrize("language", BY_MACHINE)
def test_where_a_machine_translated_there_are_only_names_and_numbers(
    items: dict[str, Item], language: str
) -> None:
    lines = crisis_lines(items, "NL", language, date(2022, 1, 1))
    assert {""} == {line.hours for line in lines}


def test_a_number_is_dialled_without_its_spaces(items: dict[str, Item]) -> None:
    lines = crisis_lines(items, "BE", "fr", date(2026, 11, 21))
    assert "080032123" == next(line for line in lines if line.role == "suicide").address
