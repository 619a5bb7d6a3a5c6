"""How do tests read a configuration as it is written, and see that a mistake is one clear line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from wijkbot.settings import Settings, SettingsError, load_settings

ORGANISATION = '[organisation]\nname = "De Brug"\ncountry = "BE"\n'
CHANNEL = '[channels.buurt-telegram]\nadapter = "telegram"\n'
SMALLEST = ORGANISATION + CHANNEL


def read_settings(folder: Path, text: str) -> Settings:
    """The settings that this text is."""
    path = folder / "wijkbot.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def check_mistake(folder: Path, text: str, key: str, remedy: str) -> None:
    """It is refused with one line that names the key and the remedy."""
    with pytest.raises(SettingsError) as caught:
        read_settings(folder, text)
    (line,) = str(caught.value).splitlines()
    assert caught.value.key == key
    assert line.startswith(f"{key}: ")
    assert remedy in caught.value.remedy
