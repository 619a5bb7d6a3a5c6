"""Do the published schemas say what the code accepts, and does the pack follow them?"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.schema import schemas
from wijkbot.content.store_format import from_json, to_json
from wijkbot.content.yaml_lines import read_source

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schema"


@pytest.mark.parametrize("kind", sorted(schemas()))
def test_published_schema_is_the_one_of_the_code(kind: str) -> None:
    """Run `python -c "…write_schemas…"` of CONTRIBUTING after a change of the model."""
    written = json.loads((PUBLISHED / f"{kind}.json").read_text(encoding="utf-8"))
    assert schemas()[kind] == written


def test_every_file_of_the_pack_follows_its_schema() -> None:
    """An editor that checks by schema finds nothing wrong in what we ship."""
    known = schemas()
    checked = 0
    for path in sorted(content_dir("dialogs").rglob("*.yaml")):
        data = read_source(path).data
        jsonschema.validate(data, known[data["kind"]])
        checked += 1
    assert checked > 150


def test_every_item_survives_the_database() -> None:
    """What is stored comes back the same, and the same item gives the same bytes."""
    items = load(content_dir("dialogs")).items
    assert items
    for item in items.values():
        back = from_json(item.kind, to_json(item))
        assert item == back
        assert to_json(item) == to_json(back)
