"""How a moderator changes a file, and what the check says then."""

from __future__ import annotations

from pathlib import Path

from wijkbot.app.publish import check_folder, problems_of
from wijkbot.content.problems import Problem


def change(folder: Path, name: str, old: str, new: str) -> Path:
    """Replace the first occurrence in the one file of that name; it must be there."""
    (path,) = folder.glob(f"**/{name}")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def remove(folder: Path, name: str) -> Path:
    """Throw the one file of that name away."""
    (path,) = folder.glob(f"**/{name}")
    path.unlink()
    return path


def problems(folder: Path) -> tuple[Problem, ...]:
    """Everything that ``wijkbot check`` prints for this folder."""
    return problems_of(check_folder(folder))
