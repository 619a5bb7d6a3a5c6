"""What is wrong in which file and line, and what should be done?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the content. ``line`` counts from 1."""

    path: Path
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        """ "file:line: what is wrong; what to do"."""
        return f"{self.path}:{self.line}: {self.what}; {self.remedy}"
