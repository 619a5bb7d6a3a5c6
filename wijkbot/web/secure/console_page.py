"""How does the workers' console look before anything of it runs? One page, without any content.

What is told about conversations, team and account is asked by the script, after somebody came in.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from wijkbot.app.pin import read_pin, shown
from wijkbot.storage.staff import ROLES
from wijkbot.web.pages import bot_of, language_of, page
from wijkbot.web.secure.built import built_files

ADDRESSES = ("/werk", "/werk/uitnodiging")


def add_console_page(app: FastAPI) -> None:
    """Serve ``/werk`` and ``/werk/uitnodiging``: the same page, that looks where it is."""
    for address in ADDRESSES:
        app.add_api_route(address, _console, methods=["GET", "HEAD"], response_class=HTMLResponse)


async def _console(request: Request) -> HTMLResponse:
    bot = bot_of(request)
    language = language_of(request)
    files = built_files("werk")
    return HTMLResponse(
        page(
            "werk.html",
            language,
            organisation=bot.house.settings.organisation.name,
            files=files["werk"],
            roles=ROLES,
            data={
                "lang": language,
                "pin": shown(read_pin(bot.folder)),
                "exit": "",
                "list": language,
                "words": files["words"],
            },
        )
    )
