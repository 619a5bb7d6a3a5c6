"""Do the rules of the house hold, and does each of them really fail when it is broken?"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(sys.executable).parent
ENGINE_MAY_IMPORT = (
    "__future__",
    "collections",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "itertools",
    "re",
    "typing",
    "unicodedata",
    "wijkbot.engine",
)
"""The whole of the standard library that the engine may know; zoneinfo is out: it reads files."""
FILE_LINES = 400
FUNCTION_LINES = 50
Problems = list[str]


def sources(*folders: Path) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path, ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def impure_imports(engine: Path) -> Problems:
    found = []
    for path, tree in sources(engine):
        for name in imports(tree):
            allowed = any(
                name == known or name.startswith(f"{known}.") for known in ENGINE_MAY_IMPORT
            )
            if not allowed:
                found.append(f"{path.name} imports {name}")
    return found


def lines_over(limit: int, spans: Iterator[tuple[str, int]]) -> Problems:
    """Return what is longer than the limit, after printing the ten longest."""
    ranked = sorted(spans, key=lambda span: -span[1])
    for name, length in ranked[:10]:
        print(f"{length:5} {name}")
    return [f"{name}: {length} lines" for name, length in ranked if length > limit]


def functions() -> Iterator[tuple[str, int]]:
    for path, tree in sources(ROOT / "wijkbot", ROOT / "adapters"):
        if "migrations" in path.parts:  # a revision is a list of tables, not a thought
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{path.relative_to(ROOT)}:{node.name}", length


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the house in which a test may break something."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for folder in ("wijkbot", "adapters"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / "lint-imports", "--no-cache", "--no-logo"],
        cwd=house,
        env=os.environ | {"PYTHONPATH": f"{house}{os.pathsep}{house / 'adapters'}"},
        capture_output=True,
        text=True,
        check=False,
    )


def ruff(house: Path, *folders: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / "ruff", "check", "--no-cache", "--output-format=concise", *folders],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )


def add(house: Path, file: str, line: str) -> None:
    path = house / file
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")


def test_house_as_it_stands_keeps_every_contract(house: Path) -> None:
    done = lint_imports(house)
    assert done.returncode == 0, done.stdout + done.stderr


def test_engine_imports_only_what_is_on_its_list() -> None:
    assert impure_imports(ROOT / "wijkbot" / "engine") == []


def test_nobody_imports_through_the_folder_adapters() -> None:
    tops = (ROOT / "wijkbot", ROOT / "adapters", ROOT / "tests")
    wrong = [
        str(path)
        for path, tree in sources(*tops)
        if any(name.split(".")[0] == "adapters" for name in imports(tree))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [
        ("wijkbot imports no adapter", "wijkbot/adapter_api.py", "import wijkbot_matrix.adapter"),
        ("The engine is pure", "wijkbot/engine/policy.py", "import time"),
        ("The engine is pure", "wijkbot/engine/policy.py", "from zoneinfo import ZoneInfo"),
        ("Each room has its floor", "wijkbot/engine/policy.py", "import wijkbot.clock"),
        ("Each room has its floor", "wijkbot/content/__init__.py", "import wijkbot.storage"),
        ("Each room has its floor", "wijkbot/app/__init__.py", "import wijkbot.web"),
        ("Each room has its floor", "wijkbot/loose.py", '"""A module without a place."""'),
        ("An adapter sees", "adapters/wijkbot_telegram/__init__.py", "import wijkbot.storage"),
        ("An adapter sees", "adapters/wijkbot_matrix/__init__.py", "import wijkbot.clock"),
        ("Adapters do not", "adapters/wijkbot_telegram/__init__.py", "import wijkbot_matrix"),
        ("Randomness comes from", "wijkbot/storage/__init__.py", "import secrets"),
        ("Nothing of the secure", "wijkbot/app/secure_room.py", "import wijkbot.app.info_card"),
        ("What sends an info card", "wijkbot/app/info_card.py", "import wijkbot.app.secure_room"),
        ("The secure chat's rules are pure", "wijkbot/securechat/limits.py", "import time"),
        ("The secure chat's rules are pure", "wijkbot/securechat/work.py", "import json"),
    ],
    ids=lambda value: value if " " in value and "/" not in value else "",
)
def test_a_broken_contract_is_noticed(house: Path, contract: str, file: str, line: str) -> None:
    add(house, file, line)
    done = lint_imports(house)
    assert done.returncode != 0
    broken = re.findall(r"^(.*) BROKEN", done.stdout, flags=re.MULTILINE)
    assert [name for name in broken if name.startswith(contract)], done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "import datetime\nNOW = datetime.datetime.now(tz=datetime.UTC)",
        "import datetime\nTODAY = datetime.date.today()",
        "import time\nNOW = time.time()",
        "import uuid\nNAME = uuid.uuid4()",
        "import random",
        "import os\nNOISE = os.urandom(8)",
    ],
)
@pytest.mark.parametrize(
    "folder", ["wijkbot/engine", "wijkbot/storage", "adapters/wijkbot_matrix"]
)
def test_a_clock_outside_the_clock_is_noticed(house: Path, folder: str, line: str) -> None:
    add(house, f"{folder}/broken.py", f'"""A broken file."""\n\n{line}')
    assert "TID251" in ruff(house, f"{folder}/broken.py").stdout


def test_the_clock_itself_may_read_the_clock(house: Path) -> None:
    assert "TID251" not in ruff(house, "wijkbot/clock.py").stdout


def test_an_import_that_is_not_on_the_engines_list_is_noticed(house: Path) -> None:
    add(house, "wijkbot/engine/policy.py", "import json\nimport collections.abc")
    assert impure_imports(house / "wijkbot" / "engine") == ["policy.py imports json"]


def test_every_file_opens_with_the_question_it_answers() -> None:
    tops = (ROOT / "wijkbot", ROOT / "adapters", ROOT / "tests")
    without = [
        str(path.relative_to(ROOT))
        for path, tree in sources(*tops)
        if tree.body and ast.get_docstring(tree) is None
    ]
    assert without == []


def test_no_file_is_too_long_to_read() -> None:
    spans = (
        (str(path.relative_to(ROOT)), len(path.read_text(encoding="utf-8").splitlines()))
        for path, _ in sources(ROOT / "wijkbot", ROOT / "adapters", ROOT / "tests")
        if "migrations" not in path.parts  # a revision is a list of tables, not a thought
    )
    assert lines_over(FILE_LINES, spans) == []


def test_no_function_is_too_long_to_read() -> None:
    assert lines_over(FUNCTION_LINES, functions()) == []
