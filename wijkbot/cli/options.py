"""Which options do all commands share?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path, typer.Option("-c", "--config", help="The configuration file, wijkbot.toml.")
]
DEFAULT = Path("wijkbot.toml")
