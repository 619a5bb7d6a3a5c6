"""What stands before every address of the team? The table of permissions, and nothing else opens.

An address without a line in the table is not there, whatever route somebody adds.
"""

from __future__ import annotations

from time import monotonic

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wijkbot.web.secure.permissions import is_guarded
from wijkbot.web.secure.sessions import (
    SAFE,
    STAFF,
    Denied,
    admit,
    come_in_first,
    is_still_in,
)

_NOT_ALLOWED = 1008
_SOON = 0.5
"""Seconds; an answer that took longer was waited for, and much may have happened."""


class Gate:
    """Lets through what the table of permissions allows; the rest is answered here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at one request."""
        is_ours = scope["type"] != "lifespan" and is_guarded(scope["path"])
        if is_ours and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _NOT_ALLOWED})
            return
        if is_ours:
            request = Request(scope)
            try:
                scope[STAFF] = await admit(request)
            except Denied as denied:
                await denied.answer()(scope, receive, send)
                return
            if scope[STAFF] is not None and request.method in SAFE:
                send = _only_while_in(request, receive, send)
        await self._app(scope, receive, send)


def _only_while_in(request: Request, receive: Receive, send: Send) -> Send:
    """Send an answer that was waited for only to somebody who is in at that moment still."""
    began, is_out = monotonic(), False

    async def send_if_in(message: Message) -> None:
        nonlocal is_out
        begins = message["type"] == "http.response.start"
        if begins and monotonic() - began > _SOON and not await is_still_in(request):
            is_out = True
            await come_in_first().answer()(request.scope, receive, send)
        if not is_out:
            await send(message)

    return send_if_in
