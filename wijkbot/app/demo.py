"""Which invented organisation does the demo show? One neighbourhood in each country."""

from __future__ import annotations

from wijkbot.content.locate import content_dir
from wijkbot.settings import Settings, settings_from


def demo_settings(port: int) -> Settings:
    """The settings of the demo: two neighbourhoods, sandbox channels only, on loopback."""
    overlays = content_dir("dialogs") / "_demo"
    return settings_from(
        {
            "organisation": {
                "name": "Buurthuis De Brug",
                "country": "BE",
                "languages": ["nl", "fr", "en"],
                "public_url": f"http://127.0.0.1:{port}",
            },
            "server": {"host": "127.0.0.1", "port": port},
            "policy": {"group_activation": "invite"},
            "secure_chat": {"kind": "builtin", "hours": "MO-FR 11:00-17:00"},
            "neighbourhoods": {
                "zonnewijk": {
                    "name": "Zonnewijk",
                    "country": "BE",
                    "region": "brussels",
                    "languages": ["nl", "fr", "en"],
                    "content": str(overlays / "zonnewijk"),
                },
                "havenkwartier": {
                    "name": "Havenkwartier",
                    "country": "NL",
                    "languages": ["nl", "en"],
                    "content": str(overlays / "havenkwartier"),
                },
            },
            "channels": {
                "zonnewijk": {"adapter": "sandbox", "neighbourhood": "zonnewijk"},
                "havenkwartier": {"adapter": "sandbox", "neighbourhood": "havenkwartier"},
            },
        }
    )
