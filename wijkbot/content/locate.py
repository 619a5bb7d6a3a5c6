"""Where are the folders that come with wijkbot? In the wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent.parent


def content_dir(name: Literal["dialogs", "locales"]) -> Path:
    """The folder of the starter pack or of the page texts.

    Raises:
        FileNotFoundError: the installation is damaged; install wijkbot again.
    """
    for folder in (_PACKAGE / "_content" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name} is missing; install wijkbot again")
