"""Which JSON Schema helps an editor while a moderator types?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wijkbot.content.model import KINDS


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of content, by kind."""
    made = {kind: model.model_json_schema(by_alias=True) for kind, model in KINDS.items()}
    example = made["example"]["properties"]
    # filled in while loading, never written by a moderator
    example.pop("path")
    example.pop("lines")
    return made


def write_schemas(folder: Path) -> None:
    """Write one file for each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, schema in schemas().items():
        text = json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True)
        (folder / f"{kind}.json").write_text(f"{text}\n", encoding="utf-8")
