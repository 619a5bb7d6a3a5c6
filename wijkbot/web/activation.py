"""Which page does a moderator see behind the link that activates a group?

Looking at it changes nothing, so that the preview of a chat app does not use the link up.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from wijkbot.app.activation import activate, is_open
from wijkbot.web.pages import body_of, bot_of, language_of, page

FORM_LIMIT = 2_000
"""Bytes of the form; the one field has the name of a neighbourhood."""


def add_activation(app: FastAPI) -> None:
    """Serve the page and take its form."""
    app.add_api_route("/activate/{code}", _look, methods=["GET"], response_class=HTMLResponse)
    app.add_api_route("/activate/{code}", _activate, methods=["POST"], response_class=HTMLResponse)


async def _look(code: str, request: Request) -> HTMLResponse:
    house = bot_of(request).house
    return _page(request, "asked" if await is_open(house, code) else "over")


async def _activate(code: str, request: Request) -> HTMLResponse:
    house = bot_of(request).house
    areas = house.settings.areas()
    area = await _chosen(request)
    if area not in areas:
        return _page(request, "unknown")
    return _page(request, "done" if await activate(house, code, area) else "over")


async def _chosen(request: Request) -> str | None:
    """The neighbourhood of the form; None when there is no such field."""
    body = await body_of(request, FORM_LIMIT)
    if body is None:
        return None
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return found.get("neighbourhood", [None])[0]


_STATUS = {"asked": 200, "done": 200, "over": 404, "unknown": 400}


def _page(request: Request, state: str) -> HTMLResponse:
    settings = bot_of(request).house.settings
    html = page(
        "activate.html",
        language_of(request),
        organisation=settings.organisation.name,
        state=state,
        areas=[(key, area.name) for key, area in settings.areas().items()],
        trial_days=settings.policy.trial_days,
    )
    return HTMLResponse(html, _STATUS[state], headers={"Cache-Control": "no-store"})
