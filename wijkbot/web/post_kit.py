"""Which page does whoever posts in a group by hand find behind their link?

Looking at it changes nothing, so that the preview of a chat app ticks nothing off.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from wijkbot.app.hand_page import Act, Board, Shown, board_of, picture_of, press
from wijkbot.app.post_kit import Ready, Seen, Version, seen
from wijkbot.app.secure_limits import Limits
from wijkbot.app.secure_refusal import Turned
from wijkbot.app.when_text import day_text
from wijkbot.storage.errors import StorageProblem
from wijkbot.storage.post_cards import State
from wijkbot.web.pages import body_of, bot_of, language_of, page
from wijkbot.web.secure.answers import addresses_of
from wijkbot.web.secure.headers import AGAIN_SECONDS

FORM_LIMIT = 200
"""Bytes of the form: which button, and the edition that was seen."""
_DIGITS = 15
_NO_STORE = {"Cache-Control": "no-store"}
_OURS = frozenset({"", "same-origin", "none"})
"""What a browser says of a form of our own page; an old one says nothing."""

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A card in one language; ``picture`` is the address of its picture, ``seen`` its size."""

    version: Version
    share: str
    picture: str
    file: str
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A card on the page; ``made`` is its day in words, ``action`` where its form goes."""

    shown: Shown
    sheets: tuple[Sheet, ...]
    made: str
    action: str


def add_post_kit(app: FastAPI) -> None:
    """Serve the page and its pictures, and take its forms."""
    app.state.post_limits = Limits(app.state.bot.house.clock)
    for path, endpoint, methods in (
        ("/post/{token}", _look, ["GET", "HEAD"]),
        ("/post/{token}/{card}", _press, ["POST"]),
        ("/post/{token}/{card}/{language}", _picture, ["GET", "HEAD"]),
    ):
        app.add_api_route(path, _guarded(endpoint), methods=methods, response_model=None)


def _guarded(endpoint: Endpoint) -> Endpoint:
    """The endpoint, for whoever does not ask too much, while the database is there."""

    async def answer(request: Request) -> Response:
        house = bot_of(request).house
        chat = house.settings.secure_chat
        limits: Limits = request.app.state.post_limits
        visitor = limits.visitor(*addresses_of(request), chat.proxies if chat else 0)
        try:
            limits.claim(("post", visitor))
            return await endpoint(request)
        except Turned as turned:
            again = {"Retry-After": str(turned.retry_after)}
            return _page(request, 429, again, is_slow=True)
        except StorageProblem:
            return _page(request, 503, {"Retry-After": str(AGAIN_SECONDS)}, is_away=True)

    answer.__name__ = endpoint.__name__
    return answer


async def _look(request: Request) -> Response:
    bot = bot_of(request)
    board = await board_of(bot.house, bot.adapters, request.path_params["token"])
    if board is None:
        return _page(request, 404)
    entries = [_entry(request, board, one) for one in board.cards]
    said = request.query_params.get("said", "")
    return _page(
        request,
        200,
        board=board,
        said=said if said in set(Act) else "",
        todo=[one for one in entries if one.shown.state is not State.POSTED],
        posted=[one for one in entries if one.shown.state is State.POSTED],
    )


async def _press(request: Request) -> Response:
    house, params = bot_of(request).house, request.path_params
    if request.headers.get("sec-fetch-site", "") not in _OURS:
        return _page(request, 403)
    form = parse_qs((await body_of(request, FORM_LIMIT) or b"").decode("utf-8", "replace"))
    card, edition = _number(params["card"]), _number(form.get("edition", [""])[0])
    act = form.get("act", [""])[0]
    if card is None or edition is None or act not in set(Act):
        return _page(request, 404)
    if not await press(house, params["token"], card, edition, Act(act)):
        return _page(request, 404)
    to = f"{_base(request)}?lang={language_of(request)}&said={act}#said"
    return RedirectResponse(to, 303, _NO_STORE)


async def _picture(request: Request) -> Response:
    bot, params = bot_of(request), request.path_params
    card = _number(params["card"])
    if card is None:
        return _page(request, 404)
    wanted = (params["token"], card, params["language"])
    found = await picture_of(bot.house, bot.adapters, *wanted)
    if found is None:
        return _page(request, 404)
    return Response(found.data, media_type=found.mime_type, headers=_NO_STORE)


def _entry(request: Request, board: Board, one: Shown) -> Entry:
    settings = bot_of(request).house.settings
    card, language = one.tick.card, language_of(request)
    zone = ZoneInfo(settings.timezone_of(board.group.neighbourhood))
    made = datetime.fromtimestamp(card.made_at / 1000, UTC).astimezone(zone)
    base = f"{_base(request)}/{card.id}"
    sheets = tuple(_sheet(one.ready, version, base) for version in one.ready.versions)
    return Entry(one, sheets, day_text(made.date(), language), f"{base}?lang={language}")


def _sheet(ready: Ready, version: Version, base: str) -> Sheet:
    look = seen(ready, version)
    return Sheet(
        version,
        share=f"https://wa.me/?text={quote(version.text, safe='')}",
        picture=f"{base}/{version.language}" if look else "",
        file=f"card-{ready.card.id}-{version.language}.{look.ending}" if look else "",
        seen=look,
    )


def _base(request: Request) -> str:
    return f"/post/{quote(request.path_params['token'], safe='')}"


def _number(text: str) -> int | None:
    is_whole = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return int(text) if is_whole else None


def _page(
    request: Request, status: int, headers: Mapping[str, str] | None = None, **values: object
) -> HTMLResponse:
    organisation = bot_of(request).house.settings.organisation.name
    html = page("post.html", language_of(request), organisation=organisation, **values)
    return HTMLResponse(html, status, headers={**_NO_STORE, **(headers or {})})
