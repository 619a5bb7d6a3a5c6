"""Over which address does the console read the texts that are ready for a worker?"""

from __future__ import annotations

from dataclasses import asdict

from fastapi import FastAPI, Request
from starlette.responses import Response

from wijkbot.app.ready_texts import ready_texts
from wijkbot.content.model import LANGUAGES
from wijkbot.securechat.encoding import Refused
from wijkbot.web.pages import bot_of
from wijkbot.web.secure.sessions import current_staff
from wijkbot.web.secure.staff_answers import reply, serve


def add_texts_api(app: FastAPI) -> None:
    """Serve ``GET /api/w/texts``."""
    serve(app, [("GET", "texts", _texts)])


async def _texts(request: Request) -> Response:
    await current_staff(request)
    language = request.query_params.get("lang", "")
    if language and language not in LANGUAGES:
        raise Refused("shape", f"lang is one of {', '.join(LANGUAGES)}")
    return reply({"texts": [asdict(one) for one in ready_texts(bot_of(request).house, language)]})
