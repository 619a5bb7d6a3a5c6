"""What does the pretend app look like, and what can be done on its page?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from wijkbot_sandbox.world import BOT, GROUP, RESIDENTS, Line, name_of, private_chat

if TYPE_CHECKING:
    from wijkbot_sandbox.adapter import SandboxAdapter

WAIT_SECONDS = 15.0
TEXT_LIMIT = 4000
LANGUAGES = ("nl", "fr", "en")
_HERE = Path(__file__).parent
_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
_NAMES = {r.id for r in RESIDENTS}
_AS_IT_IS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def build_page(adapter: SandboxAdapter) -> FastAPI:
    """The ASGI application of one pretend neighbourhood."""
    view = _View(adapter)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=_HERE / "static"))
    app.add_api_route("/", view.page, methods=["GET"], response_class=HTMLResponse)
    app.add_api_route("/lines", view.lines, methods=["GET"], response_class=JSONResponse)
    app.add_api_route("/photo/{number}", view.photo, methods=["GET"], response_class=Response)
    app.add_api_route("/file/{number}", view.file, methods=["GET"], response_class=Response)
    app.add_api_route("/say", view.say, methods=["POST"], response_class=Response)
    app.add_api_route("/choose", view.choose, methods=["POST"], response_class=Response)
    app.add_api_route("/start", view.start, methods=["POST"], response_class=Response)
    app.add_api_route("/clock", view.clock, methods=["POST"], response_class=Response)
    return app


class _View:
    def __init__(self, adapter: SandboxAdapter) -> None:
        self._adapter = adapter
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=select_autoescape(),
            extensions=["jinja2.ext.i18n"],
        )

    async def page(
        self,
        request: Request,
        me: str = Query(RESIDENTS[0].id, alias="as"),
        chat: str = GROUP,
        start: str = "",
        lang: str = "",
    ) -> HTMLResponse:
        """The whole app, readable and usable without script."""
        me, chat = _resident(me), _chat(chat)
        language = lang if lang in LANGUAGES else _preferred(request)
        environment = self._templates.overlay()
        environment.install_gettext_translations(  # type: ignore[attr-defined]
            self._adapter.gettext(language), newstyle=True
        )
        html = environment.get_template("sandbox.html").render(
            title=self._adapter.title,
            residents=RESIDENTS,
            me=me,
            chat=chat,
            start=start[:64],
            lang=language,
            languages=LANGUAGES,
            lines=self._drawn(me, chat, 0),
            last=self._adapter.world.last,
            revision=self._adapter.world.revision,
            now=self._adapter.clock.now(),
            bot=BOT,
        )
        return HTMLResponse(html)

    async def lines(
        self,
        me: str = Query(RESIDENTS[0].id, alias="as"),
        chat: str = GROUP,
        after: int = 0,
        revision: int = 0,
    ) -> JSONResponse:
        """The newer lines of one chat as soon as there are any; empty after 15 seconds.

        All lines when one that was shown has changed since: ``revision`` tells.
        """
        me, chat = _resident(me), _chat(chat)
        world = self._adapter.world
        await world.wait(after, WAIT_SECONDS, revision)
        since = after if world.revision == revision else 0
        told = {"last": world.last, "revision": world.revision, "all": since == 0 < after}
        return JSONResponse({**told, "lines": self._drawn(me, chat, since)})

    async def photo(self, number: int) -> Response:
        """The picture of a line."""
        line = self._adapter.world.line(number)
        if line is None or line.photo is None:
            return Response(status_code=404)
        return Response(line.photo.data, media_type=line.photo.mime_type, headers=_AS_IT_IS)

    async def file(self, number: int) -> Response:
        """The file of a line, to be opened by the calendar of whoever asks for it."""
        line = self._adapter.world.line(number)
        if line is None or line.attachment is None:
            return Response(status_code=404)
        name = line.attachment.name
        headers = {**_AS_IT_IS, "content-disposition": f'attachment; filename="{name}"'}
        return Response(
            line.attachment.data, media_type=line.attachment.mime_type, headers=headers
        )

    async def say(
        self,
        request: Request,
        me: str = Form(alias="as"),
        chat: str = Form(),
        text: str = Form(""),
        lang: str = Form(""),
    ) -> Response:
        """Type something."""
        words = text.strip()[:TEXT_LIMIT]
        if words:
            await self._adapter.say(_resident(me), _chat(chat), words)
        return _back(request, _resident(me), _chat(chat), lang)

    async def choose(
        self,
        request: Request,
        me: str = Form(alias="as"),
        chat: str = Form(),
        choice: str = Form(),
        title: str = Form(""),
        lang: str = Form(""),
    ) -> Response:
        """Press a button."""
        await self._adapter.choose(
            _resident(me), _chat(chat), choice[:200], title[:200] or choice[:200]
        )
        return _back(request, _resident(me), _chat(chat), lang)

    async def start(
        self,
        request: Request,
        me: str = Form(alias="as"),
        token: str = Form(""),
        lang: str = Form(""),
    ) -> Response:
        """Open the private chat; only this uses a token, never a GET."""
        await self._adapter.open_private(_resident(me), token[:64])
        return _back(request, _resident(me), "private", lang)

    async def clock(
        self,
        request: Request,
        me: str = Form(alias="as"),
        chat: str = Form(),
        hours: int = Form(0),
        lang: str = Form(""),
    ) -> Response:
        """Move the demo's clock, or put it back to now (0)."""
        if hours:
            self._adapter.clock.shift(max(-8760, min(8760, hours)) * 3600)
        else:
            self._adapter.clock.reset()
        return _back(request, _resident(me), _chat(chat), lang)

    def _drawn(self, me: str, chat: str, after: int) -> list[dict[str, Any]]:
        address = private_chat(me) if chat != GROUP else GROUP
        lines = self._adapter.world.lines(address, after)
        return [_line(line, me, self._adapter.private_link("")) for line in lines]


def _line(line: Line, me: str, own_url: str) -> dict[str, Any]:
    return {
        "number": line.number,
        "author": line.author,
        "name": name_of(line.author),
        "mine": line.author == me,
        "bot": line.author == BOT,
        "pinned": line.is_pinned,
        "silent": line.is_silent,
        "photo": _photo(line),
        "file": {"name": line.attachment.name} if line.attachment else None,
        "html": str(_linked(line.text, me, own_url)),
        "at": f"{line.at:%H:%M}",
        "choices": [{"id": c.id, "title": c.title, "url": c.url} for c in line.choices],
    }


def _photo(line: Line) -> dict[str, Any] | None:
    photo = line.photo
    if photo is None:
        return None
    return {"alt": photo.alt, "width": photo.width, "height": photo.height}


def _linked(text: str, me: str, own_url: str) -> Markup:
    """The text with its links made tappable; links of this sandbox keep who is looking."""
    own = own_url.split("?", maxsplit=1)[0]
    parts, end = [], 0
    for match in _URL.finditer(text):
        url = match[0]
        target = f"{url}{'&' if '?' in url else '?'}as={me}" if url.startswith(own) else url
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{}" rel="noreferrer">{}</a>').format(target, url))
        end = match.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _resident(name: str) -> str:
    return name if name in _NAMES else RESIDENTS[0].id


def _chat(name: str) -> str:
    return GROUP if name != "private" else "private"


def _preferred(request: Request) -> str:
    for wanted in request.headers.get("accept-language", "").split(","):
        base = wanted.strip()[:2].lower()
        if base in LANGUAGES:
            return base
    return LANGUAGES[0]


def _back(request: Request, me: str, chat: str, lang: str) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return Response(status_code=204)
    language = f"&lang={lang}" if lang in LANGUAGES else ""
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/?as={me}&chat={chat}{language}#end", status_code=303)
