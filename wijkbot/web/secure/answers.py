"""How is something asked of the secure chat, and what is the answer when it is refused?

The body is looked at last: its type and its size are refused before it is read.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from wijkbot.app.secure_refusal import Turned, UnknownToken
from wijkbot.app.secure_room import SecureRoom
from wijkbot.securechat.encoding import ID_LENGTH, Refused, unb64
from wijkbot.storage.errors import StorageProblem
from wijkbot.web.pages import body_of, bot_of
from wijkbot.web.secure.headers import AGAIN_SECONDS, is_below
from wijkbot.web.secure.sessions import Denied

JSON_TYPE = "application/json"
BLOB_TYPE = "application/octet-stream"
JSON_LIMIT = 64 * 1024
BLOB_LIMIT = 2 * 1024 * 1024
READ_SECONDS = 15
"""So long a body may take to come."""
_DIGITS = 15

STATUS = {
    "shape": 422,
    "signature": 422,
    "wrapset": 422,
    "manifest": 409,
    "taken": 409,
    "chain": 409,
    "epoch": 409,
    "closed": 409,
    "version": 409,
    "unknown": 404,
    "pow": 428,
    "slow": 429,
    "full": 503,
    "no_team": 503,
    "away": 503,
    "type": 415,
    "large": 413,
    "late": 408,
}
"""Each code that stands in docs/secure-chat-api.md, and its status."""

Endpoint = Callable[[Request], Awaitable[Response]]
Json = dict[str, Any]


def room_of(request: Request) -> SecureRoom:
    """The secure chat of this server.

    Raises:
        Refused: unknown: it has none.
    """
    room = bot_of(request).secure
    if room is None:
        raise Refused("unknown", "there is no such address")
    return room


def answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, whose refusals become answers."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Denied as denied:
            return denied.answer()
        except Refused as refused:
            return refusal(refused)
        except StorageProblem:
            return told("away", "try again in a moment", retry_after=AGAIN_SECONDS)

    answer.__name__ = endpoint.__name__
    return answer


def refusal(refused: Refused) -> JSONResponse:
    """What somebody is told who is refused."""
    if isinstance(refused, UnknownToken):
        return told("unknown", refused.detail, status=401)
    if isinstance(refused, Turned):
        more, retry_after = refused.more, refused.retry_after
        return told(refused.code, refused.detail, more=more, retry_after=retry_after)
    return told(refused.code, refused.detail)


def told(
    code: str,
    detail: str,
    *,
    status: int = 0,
    more: dict[str, object] | None = None,
    retry_after: int = 0,
) -> JSONResponse:
    """A refusal as it travels."""
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    body = {"error": code, "detail": detail, **(more or {})}
    return JSONResponse(body, status or STATUS[code], headers)


async def json_of(request: Request, needed: str, optional: str = "") -> Json:
    """The body: a JSON object with exactly these fields (names with spaces between).

    Raises:
        Refused: type, large, shape.
    """
    body = await _body(request, JSON_TYPE, JSON_LIMIT)
    try:
        row = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused("shape", "not JSON") from error
    if not isinstance(row, dict):
        raise Refused("shape", "not an object")
    names = set(needed.split())
    if not names <= row.keys() <= names | set(optional.split()):
        raise Refused("shape", f"expected: {needed}" + (f", perhaps {optional}" * bool(optional)))
    return row


async def blob_of(request: Request) -> bytes:
    """The body: a sealed photo.

    Raises:
        Refused: type, large.
    """
    return await _body(request, BLOB_TYPE, BLOB_LIMIT)


async def no_body(request: Request) -> None:
    """Nothing happens when the body is empty, or an empty object.

    Raises:
        Refused: large, shape.
    """
    if await _read(request, JSON_LIMIT) not in {b"", b"{}"}:
        raise Refused("shape", "nothing is expected here")


def id_in(request: Request, name: str) -> bytes:
    """An id in the path.

    Raises:
        Refused: unknown: it is none.
    """
    try:
        return unb64(request.path_params[name], ID_LENGTH)
    except Refused:
        raise Refused("unknown", "there is no such address") from None


def number_in(request: Request, name: str, default: int | None = None) -> int | None:
    """A whole number in the query; the default when it is not there.

    Raises:
        Refused: shape.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise Refused("shape", f"{name} is a whole number")
    return int(text)


def addresses_of(request: Request) -> tuple[str, list[str]]:
    """From where the request came, and what X-Forwarded-For adds, the nearest last."""
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    return peer, [one for one in forwarded if one.strip()]


def plain_refusal(request: Request, status: int, detail: str) -> JSONResponse | None:
    """The answer to what no route takes, below /api; None elsewhere."""
    if not is_below(request.url.path, "/api/c", "/api/w"):
        return None
    code = {404: "unknown", 405: "method"}.get(status, "shape")
    return told(code, detail, status=status)


async def _body(request: Request, wanted: str, limit: int) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != wanted:
        raise Refused("type", f"send {wanted}")
    return await _read(request, limit)


async def _read(request: Request, limit: int) -> bytes:
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        raise Refused("large", f"at most {limit} bytes")
    try:
        async with asyncio.timeout(READ_SECONDS):
            body = await body_of(request, limit)
    except TimeoutError:
        raise Refused("late", "the body did not come in time") from None
    if body is None:
        raise Refused("large", f"at most {limit} bytes")
    return body


def _refuse_constant(_name: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")
