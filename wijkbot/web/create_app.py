"""Which addresses does the bot serve? Health, webhooks, the secure chat, and the sandbox."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.routing import Route

from wijkbot.adapter_api import Adapter, Mounted, WebhookReply, WebhookRequest
from wijkbot.app.assemble import Bot
from wijkbot.app.demo_team import PASSWORD, shown
from wijkbot.app.health import look
from wijkbot.app.logging import Seldom
from wijkbot.app.metrics import CONTENT_TYPE, exposition, may_look
from wijkbot.app.receive import ChannelPort
from wijkbot.storage.errors import DatabaseAway, StorageProblem
from wijkbot.web.activation import add_activation
from wijkbot.web.pages import body_of, bot_of, language_of, page
from wijkbot.web.post_kit import add_post_kit
from wijkbot.web.secure.answers import plain_refusal
from wijkbot.web.secure.console_page import add_console_page
from wijkbot.web.secure.conversation_api import add_conversation_api
from wijkbot.web.secure.headers import Headers
from wijkbot.web.secure.resident_api import add_resident_api
from wijkbot.web.secure.resident_page import add_resident_page
from wijkbot.web.secure.sharing import Sharing
from wijkbot.web.secure.staff_api import add_staff_api

log = structlog.get_logger()

BODY_LIMIT = 1_000_000
"""Bytes of a webhook's body; no platform sends more than a fraction of it."""

STORE_SECONDS = 4.0
"""No platform waits for ever; one that is told to come again brings the same later."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

_HERE = Path(__file__).parent


def create_app(bot: Bot, *, is_demo: bool = False) -> FastAPI:
    """The ASGI application of one bot; ``is_demo``: its front page says how to be a worker.

    Routes are plain functions that find the bot in ``app.state``: FastAPI keeps every route it
    ever saw, and would keep whatever a route closes over.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.bot = bot
    app.state.is_demo = is_demo
    app.state.seldom = Seldom()
    app.add_api_route("/health", _health, methods=["GET"])
    app.add_api_route("/metrics", _metrics, methods=["GET"])
    if bot.role.receives:
        _add_doors(app, bot)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_middleware(Headers, ordinary=HEADERS)  # the last one added stands outermost
    chat = bot.house.settings.secure_chat
    if chat is not None and chat.static_origin:
        app.add_middleware(Sharing, origin=chat.static_origin)
    return app


def _add_doors(app: FastAPI, bot: Bot) -> None:
    """Webhooks and pages: only of a process that receives."""
    # a plain route: what FastAPI does to find the arguments takes longer than reading an update
    hook = Route("/hooks/{channel}/{rest:path}", _hook, methods=["GET", "POST"])
    app.router.routes.append(hook)
    add_activation(app)
    add_post_kit(app)
    app.mount("/static", StaticFiles(directory=_HERE / "static"))
    rooms = _rooms(bot)
    for name in rooms:
        adapter = bot.adapters[name]
        if isinstance(adapter, Mounted):
            app.mount(f"/sandbox/{name}", adapter.asgi())
    if bot.secure is not None:
        add_resident_page(app)
        add_resident_api(app)
        add_conversation_api(app)
        add_console_page(app)
        add_staff_api(app)
    if rooms:
        app.add_api_route("/", _front, methods=["GET"], response_class=HTMLResponse)


def _rooms(bot: Bot) -> list[str]:
    """The channels that have pages of their own."""
    return [name for name, adapter in bot.adapters.items() if isinstance(adapter, Mounted)]


async def _no_route(request: Request, error: Exception) -> Response:
    """What no route takes; below /api it is answered as everything else there."""
    if not isinstance(error, HTTPException):
        raise error
    refused = plain_refusal(request, error.status_code, str(error.detail))
    return refused or await http_exception_handler(request, error)


async def _health(request: Request) -> JSONResponse:
    report = await look(bot_of(request))
    return JSONResponse(report, status_code=200 if report["ready"] else 503)


async def _metrics(request: Request) -> Response:
    house = bot_of(request).house
    client = request.client.host if request.client else ""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not may_look(client, headers, house.settings.server.metrics_token):
        return Response("Not Found", 404, media_type="text/plain")
    channels = house.settings.channels
    now_ms = house.clock.now_ms()
    told = await exposition(house.meters, house.database, now_ms, channels)
    return Response(told, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


async def _hook(request: Request) -> Response:
    bot = bot_of(request)
    channel, rest = request.path_params["channel"], request.path_params["rest"]
    adapter = bot.adapters.get(channel)
    if adapter is None:
        return Response("There is no such channel.", 404)
    body = await body_of(request, BODY_LIMIT)
    if body is None:
        return Response("This is too large.", 413)
    asked = _asked(bot, channel, rest, request, body)
    try:
        with bot.house.doorway.passing():
            reply = await _stored(adapter, bot.ports[channel], asked)
    except StorageProblem as error:
        bot.house.meters.not_stored(channel)
        if request.app.state.seldom.may_tell(channel):
            what = {"error": type(error).__name__, "remedy": error.remedy}
            log.error("webhook-not-stored", channel=channel, **what)
        return Response("Please try again later.", 503, {"Retry-After": "5"})
    return Response(reply.body, reply.status, media_type=reply.media_type)


async def _stored(adapter: Adapter, port: ChannelPort, asked: WebhookRequest) -> WebhookReply:
    """Read and store what came; in time, because what is stored too late is brought again.

    Raises:
        StorageProblem: it was not stored (or late: then the next one is seen to be the same).
    """
    try:
        async with asyncio.timeout(STORE_SECONDS):
            reply = await adapter.read_webhook(asked)
            if reply.events:
                await port.accept(reply.events)
            return reply
    except TimeoutError:
        remedy = "look whether the database hangs, or is held by another program"
        raise DatabaseAway("the database does not answer in time", remedy) from None


def _asked(bot: Bot, channel: str, rest: str, request: Request, body: bytes) -> WebhookRequest:
    query = f"?{request.url.query}" if request.url.query else ""
    return WebhookRequest(
        method=request.method,
        url=f"{bot.house.settings.organisation.public_url}/hooks/{channel}/{rest}{query}",
        rest=rest,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


async def _front(request: Request) -> HTMLResponse:
    bot = bot_of(request)
    settings = bot.house.settings
    areas = [
        (name, settings.areas()[settings.neighbourhood_of(name)].name) for name in _rooms(bot)
    ]
    language = language_of(request)
    team = await shown(bot.house) if request.app.state.is_demo else []
    told = page(
        "front.html",
        language,
        organisation=settings.organisation.name,
        areas=areas,
        team=team,
        password=PASSWORD,
    )
    return HTMLResponse(told, headers={"Cache-Control": "no-store"} if team else None)
