"""How does a test publish the content of a bot that it made?"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from wijkbot.app.assemble import Bot
from wijkbot.app.publish import Edition, read_edition
from wijkbot.app.run import prepare
from wijkbot.content.locate import content_dir


async def prepared(bot: Bot, dialogs: Path | None = None) -> None:
    """Check and publish the starter pack, or another folder, with the overlays of its settings."""
    settings = bot.house.settings
    if dialogs or any(area.content for area in settings.areas().values()):
        folder = dialogs or content_dir("dialogs")
        edition = read_edition(folder, settings, bot.house.library.readers)
    else:
        edition = starter_pack()
    assert await prepare(bot, edition) == ()


@cache
def starter_pack() -> Edition:
    """Once for all tests of this process: they do not change it."""
    return read_edition(content_dir("dialogs"))
