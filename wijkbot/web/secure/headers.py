"""Which headers does every answer of the secure chat have, also the ones nobody planned?

This stands before everything else: an address that is not there and an error have them too.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wijkbot.storage.errors import StorageProblem

log = structlog.get_logger()

SECURE = ("/c", "/api/c", "/api/w", "/werk", "/static/c", "/static/werk")
"""Addresses below these belong to the secure chat."""
CONSOLE = ("/werk", "/api/w")

HEADER_LIMIT = 16 * 1024
"""Bytes of all the headers of a request."""
_TOO_LARGE = 431

AGAIN_SECONDS = 5
"""When to ask again, while the database is away."""

_POLICY = (
    "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(),"
    " bluetooth=(), midi=(), accelerometer=(), gyroscope=(), magnetometer=(), clipboard-read=(),"
    " browsing-topics=(), publickey-credentials-get="
)

SECURE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
        " font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script';"
        " trusted-types 'none'"
    ),
    "Integrity-Policy": "blocked-destinations=(script)",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": f"{_POLICY}()",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
CONSOLE_HEADERS = {**SECURE_HEADERS, "Permissions-Policy": f"{_POLICY}(self)"}

CLEAR = {"Clear-Site-Data": '"cache", "cookies", "storage"'}
"""Of leaving: the worker's logout, and the resident's quick exit."""


def is_below(path: str, *tops: str) -> bool:
    """Whether an address is one of these, or below one."""
    return any(path == top or path.startswith(f"{top}/") for top in tops)


def headers_of(path: str) -> dict[str, str] | None:
    """The headers of an address of the secure chat; None for any other."""
    if not is_below(path, *SECURE):
        return None
    return CONSOLE_HEADERS if is_below(path, *CONSOLE) else SECURE_HEADERS


def _raw_of(path: str) -> Mapping[bytes, bytes] | None:
    wanted = headers_of(path)
    if wanted is None:
        return None
    return _CONSOLE_RAW if wanted is CONSOLE_HEADERS else _SECURE_RAW


class Headers:
    """Adds them, and to answers of other addresses the ordinary ones that they lack.

    In the secure chat, an error that nobody caught becomes an answer that says nothing of it.
    """

    def __init__(self, app: ASGIApp, ordinary: Mapping[str, str]) -> None:
        self._app = app
        self._ordinary = _raw(ordinary)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        secure = _raw_of(scope["path"])
        if secure is None:
            adding = _Adding(send, self._ordinary, replaces=False)
            await self._app(scope, receive, adding)
            return
        adding = _Adding(send, secure, replaces=True)
        try:
            if _size(scope) > HEADER_LIMIT:
                answer = _refusal(_TOO_LARGE, "large", f"headers: at most {HEADER_LIMIT} bytes")
                await answer(scope, receive, adding)
            else:
                await self._app(scope, receive, adding)
        except Exception as error:
            if adding.has_begun:
                raise
            await _broken(error)(scope, receive, adding)


class _Adding:
    """Sends on, with these headers; ``replaces``: also instead of those that are there."""

    def __init__(self, send: Send, wanted: Mapping[bytes, bytes], *, replaces: bool) -> None:
        self._send = send
        self._wanted = wanted
        self._replaces = replaces
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            told, wanted = list(message.get("headers", ())), self._wanted
            if self._replaces:
                told = [(name, value) for name, value in told if name not in wanted]
            there = {name for name, _ in told}
            added = [(name, value) for name, value in wanted.items() if name not in there]
            message["headers"] = [*told, *added]
        await self._send(message)


def _raw(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """Headers as ASGI has them: every answer gets some, so no text is made of them again."""
    return {name.lower().encode(): value.encode() for name, value in headers.items()}


_SECURE_RAW, _CONSOLE_RAW = _raw(SECURE_HEADERS), _raw(CONSOLE_HEADERS)


def _broken(error: Exception) -> JSONResponse:
    """The answer to an error that nobody caught: the log names its place, and no more."""
    if isinstance(error, StorageProblem):
        answer = _refusal(503, "away", "try again in a moment")
        answer.headers["Retry-After"] = str(AGAIN_SECONDS)
        return answer
    log.error("secure-chat-failed", exc_info=error)
    return _refusal(500, "broken", "this is our mistake; try again")


def _refusal(status: int, code: str, detail: str) -> JSONResponse:
    return JSONResponse({"error": code, "detail": detail}, status)


def _size(scope: Scope) -> int:
    return sum(len(name) + len(value) for name, value in scope["headers"])
