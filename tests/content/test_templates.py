"""Is a template that a platform would refuse refused by us first?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wijkbot.content.check import check
from wijkbot.content.check_plain_language import hard_texts
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import TemplateFile
from wijkbot.content.template_text import MAX_BODY, filled_in, room_for, units
from wijkbot.content.texts import REQUIRED, in_language

FILE = "templates/W01-nieuws.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(content_dir("dialogs"), tmp_path / "dialogs"))


def _problems(folder: Path, old: str, new: str) -> list[str]:
    path = folder / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    loaded = load(folder)
    return [str(one) for one in (*loaded.problems, *check(loaded))]


def test_the_templates_of_the_pack_are_right_and_plain() -> None:
    loaded = load(content_dir("dialogs"))
    assert not [one for one in check(loaded) if "templates" in str(one.path)]
    assert not [one for one in hard_texts(loaded) if "templates" in str(one.path)]
    found = {id_: one for id_, one in loaded.items.items() if isinstance(one, TemplateFile)}
    assert set(found) == {"W01", "W02"}
    for item in found.values():
        assert all(in_language(item.text, language) for language in REQUIRED)
    assert "STOP" in found["W01"].text["nl"]
    assert found["W02"].places == ("organisation",), "never the answer itself"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Nieuws van {{1}} voor je buurt:", "{{1}} meldt voor je buurt:", "begins or ends"),
        ("Wil je dit niet meer? Stuur STOP.", "{{2}}", "begins or ends"),
        ("Nieuws van {{1}} voor je buurt:", "Nieuws van {{1}}:", "beside each other"),
        ("voor je buurt:\n\n    {{2}}", "voor je buurt:\n\n    {{3}}", "{{1}} {{2}}"),
        ("Nieuws van {{1}}", "Nieuws van {org.name} en {{1}}", "a brace that is no place"),
        ("Wil je dit", "woord " * 150 + "Wil je dit", "longest values"),
        ('nl: "Lees verder op", ', "", "has no text in nl"),
        ('nl: ["Buurthuis De Brug", ', "nl: [", "2 places and 1 examples"),
        ("category: marketing", "category: news", "category"),
    ],
)
def test_a_template_that_would_be_refused_is_told_with_its_file(
    folder: Path, old: str, new: str, told: str
) -> None:
    assert any(told in one and "W01" in one for one in _problems(folder, old, new))


def test_a_name_that_does_not_fit_in_a_template_is_told(folder: Path) -> None:
    path = folder / "organisation.yaml"
    text = path.read_text(encoding="utf-8").replace("Buurthuis De Brug", "Buurthuis " * 8)
    path.write_text(text, encoding="utf-8")
    assert any("fits in a template" in str(one) for one in check(load(folder)))


def test_places_are_filled_by_their_number() -> None:
    assert filled_in("van {{1}}: {{2}}, van {{1}}.", ("A", "b {{1}}")) == "van A: b {{1}}, van A."
    assert room_for("van {{1}}", ("",)) == MAX_BODY - units("van ")
    assert units("🎉") == 2
