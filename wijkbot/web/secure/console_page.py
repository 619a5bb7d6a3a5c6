"""How does the workers' console look before anything of it runs? One page, without any content.

What is told about conversations, team and account is asked by the script, after somebody came in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from wijkbot.app.pin import read_pin
from wijkbot.storage.staff import ROLES
from wijkbot.web.pages import bot_of, language_of, page

ADDRESSES = ("/werk", "/werk/uitnodiging")
_BUILT = Path(__file__).parents[1] / "static" / "werk" / "built.json"


def add_console_page(app: FastAPI) -> None:
    """Serve ``/werk`` and ``/werk/uitnodiging``: the same page, that looks where it is."""
    for address in ADDRESSES:
        app.add_api_route(address, _console, methods=["GET", "HEAD"], response_class=HTMLResponse)


@lru_cache(maxsize=1)
def console_files() -> Mapping[str, Any]:
    """Which files the console loads, and with which integrity: as the build wrote it down."""
    found: dict[str, Any] = json.loads(_BUILT.read_text(encoding="utf-8"))
    return found


async def _console(request: Request) -> HTMLResponse:
    bot = bot_of(request)
    language = language_of(request)
    files = console_files()
    return HTMLResponse(
        page(
            "werk.html",
            language,
            organisation=bot.house.settings.organisation.name,
            files=files["werk"],
            roles=ROLES,
            data={
                "lang": language,
                "pin": _pin(bot.folder),
                "exit": "",
                "list": language,
                "words": files["words"],
            },
        )
    )


def _pin(folder: Path) -> str:
    """The pin as the page compares it; empty while nobody made the root."""
    pin = read_pin(folder)
    return base64.urlsafe_b64encode(bytes.fromhex(pin)).rstrip(b"=").decode() if pin else ""
