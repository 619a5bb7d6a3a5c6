"""A copy of the pack, for every test that breaks it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wijkbot.content.locate import content_dir


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the pack, to break."""
    folder = tmp_path / "dialogs"
    shutil.copytree(content_dir("dialogs"), folder, ignore=shutil.ignore_patterns("_*"))
    return folder
