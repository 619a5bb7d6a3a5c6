"""Does the content keep its form: in the database, in an editor, in two countries?"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from wijkbot.app.render import Links, Setting, render
from wijkbot.content.load import Loaded, load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import KINDS, LANGUAGES, Text
from wijkbot.content.schema import schemas, write_schemas
from wijkbot.content.store_format import from_json, to_json
from wijkbot.content.texts import REQUIRED, all_texts, in_language, template
from wijkbot.content.yaml_lines import read_source
from wijkbot.engine.effects import Say
from wijkbot.engine.words import Purpose

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schema"


@cache
def _pack() -> Loaded:
    return load(content_dir("dialogs"))


@pytest.mark.parametrize("name", sorted(_pack().items))
def test_every_item_comes_back_from_the_database_as_it_was(name: str) -> None:
    item = _pack().items[name]
    stored = to_json(item)
    again = from_json(item.kind, stored)
    assert item == again
    assert stored == to_json(again), "the same item gives the same bytes"


@given(st.dictionaries(st.sampled_from(LANGUAGES), st.text(max_size=60), min_size=1))
def test_any_words_come_back_from_the_database(words: dict[str, str]) -> None:
    text = Text(id="X", kind="text", purpose="info", text=words)
    assert text == from_json("text", to_json(text))


def test_unknown_kind_of_a_newer_database_is_an_error() -> None:
    with pytest.raises(KeyError):
        from_json("poem", "{}")


def test_schemas_in_the_docs_are_those_of_the_code(tmp_path: Path) -> None:
    """After a change of the content: `write_schemas(Path("docs/schema"))`."""
    write_schemas(tmp_path)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    assert made == kept
    assert {f"{kind}.json" for kind in KINDS} == set(made)


def test_every_file_of_the_pack_fits_the_schema_that_an_editor_uses() -> None:
    made = {kind: Draft202012Validator(schema) for kind, schema in schemas().items()}
    paths = sorted(content_dir("dialogs").rglob("*.yaml"))
    assert len(paths) > 100
    for path in paths:
        data = read_source(path).data
        wrong = [error.message for error in made[data["kind"]].iter_errors(data)]
        assert [] == wrong, path


@pytest.mark.parametrize("name", sorted(_pack().items))
def test_every_text_of_every_item_is_there_in_every_language(name: str) -> None:
    item = _pack().items[name]
    for key, texts in all_texts(item).items():
        for language in REQUIRED:
            words = in_language(texts, language)
            assert words and words.strip(), (name, key, language)


def test_one_source_gives_the_words_of_both_countries() -> None:
    text = Text.model_validate(
        {
            "id": "X",
            "kind": "text",
            "purpose": "info",
            "text": {"nl": "{word.spreekuur}", "nl-BE": "de {word.spreekuur}", "fr": "f"},
        }
    )
    assert "{word.spreekuur}" == template(text, "text", "nl-NL")
    assert "de {word.spreekuur}" == template(text, "text", "nl-BE")
    assert "f" == template(text, "text", "fr-BE")
    assert None is template(text, "text", "en")


@pytest.mark.parametrize(
    ("country", "language", "words", "other"),
    [("BE", "nl-BE", "zitdag", "spreekuur"), ("NL", "nl-NL", "spreekuur", "zitdag")],
)
def test_vocabulary_is_that_of_the_country(
    country: str, language: str, words: str, other: str
) -> None:
    """T39 is written once, for both."""
    item = _pack().items["T39"]
    now = datetime(2026, 11, 24, 10, tzinfo=UTC)
    setting = Setting(_pack().items, country, now, Links(private=lambda _: "https://x.example"))
    say = Say(Purpose.INFO, "T39", 1)
    shown = render(say, item, language, setting).text.lower()
    assert words in shown and other not in shown
