"""What stands on the picture of news that has no photo, and how large is that picture?

Apart from what draws it, so that only who wants a picture loads a library for pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

PNG = "image/png"
SIDE = 1080
"""Pixels: a square shows whole in a list of messages, on every app."""


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on the picture: a title, lines such as day, hour and place, and who says it."""

    title: str
    lines: tuple[str, ...]
    sender: str

    @property
    def alt(self) -> str:
        """The same in one line, for who does not see it."""
        return ". ".join(part for part in (self.title, *self.lines, self.sender) if part)
