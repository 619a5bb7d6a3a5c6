"""How can a request to the pretend Telegram go wrong on its way, or on the way back?

Each of these stands in the place of the answer; whether the request was carried out before that
is up to who plants it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.adapters.telegram.bot_api_world import ApiError

_RAW_SEND = "send of the server itself"


@dataclass
class Fault:
    """A refusal, or an answer that gets lost, that waits for the next call of a method.

    ``answer`` goes out in the place of the real one; ``is_done``: the request is carried out
    all the same.
    """

    method: str
    error: ApiError | None = None
    chat: int | None = None
    after: int = 0
    answer: Response | None = None
    is_done: bool = True


def page(code: int) -> Response:
    """What a proxy in front of Telegram shows by itself."""
    said = f"<html><head><title>{code}</title></head><body><h1>{code}</h1>nginx</body></html>"
    return HTMLResponse(said, code)


def other_json(code: int) -> Response:
    """What a gateway in front of Telegram says by itself."""
    return Response('{"message":"no healthy upstream"}', code, media_type="application/json")


def cut_json() -> Response:
    """An answer that ends in the middle, though its length is right."""
    return Response('{"ok":true,"result":{"message_', media_type="application/json")


def nonsense() -> Response:
    """Good JSON, of a shape that no method gives."""
    return Response('{"ok":true,"result":7}', media_type="application/json")


def drip(seconds: float) -> Response:
    """A body that comes in byte by byte, for so long."""

    async def drops() -> Any:
        yield b'{"ok":'
        for _ in range(int(seconds / 0.2)):
            await asyncio.sleep(0.2)
            yield b" "
        yield b"true}"

    return StreamingResponse(drops(), media_type="application/json")


class Broken(Response):
    """Promises more than it gives, so that the connection breaks off."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


class Reset(Response):
    """The connection is torn down without a word."""

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        transport = scope[_RAW_SEND].__self__.transport
        linger = struct.pack("ii", 1, 0)  # the system sends a reset and nothing else
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()


def resettable(app: ASGIApp) -> ASGIApp:
    """The app, in which a :class:`Reset` finds its connection."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, _RAW_SEND: send}, receive, send)

    return serve
