"""Which page of another origin may ask the chat of residents? The one of ``static_origin``, alone.

Without that setting nothing is shared: a browser then keeps every foreign page away by itself.
Residents have no cookie, so nothing is allowed here that would carry one.
"""

from __future__ import annotations

from starlette.datastructures import Headers as Received
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wijkbot.web.secure.headers import SECURE_HEADERS, is_below

SHARED = "/api/c"
"""Only this is shared; the team's own pages never are."""
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
ASKED_HEADERS = ("authorization", "content-type")
_ALLOWED = {
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": ", ".join(ASKED_HEADERS),
    "Access-Control-Max-Age": "600",
}


class Sharing:
    """Lets one other origin ask; everybody else is answered as if this were not there."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not is_below(scope["path"], SHARED):
            await self._app(scope, receive, send)
            return
        asked = Received(scope=scope)
        is_ours = asked.get("origin") == self._origin

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if is_ours:
                    headers["Access-Control-Allow-Origin"] = self._origin
                    headers["Access-Control-Expose-Headers"] = "Retry-After"
            await send(message)

        if is_ours and scope["method"] == "OPTIONS":
            await _preflight(asked)(scope, receive, send_with)
        else:
            await self._app(scope, receive, send_with)


def _preflight(asked: Received) -> Response:
    """What a browser is told that asks whether it may ask."""
    wanted = asked.get("access-control-request-headers", "").lower()
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    is_known = asked.get("access-control-request-method", "") in METHODS
    if not is_known or not names <= set(ASKED_HEADERS):
        return Response(status_code=403, headers=SECURE_HEADERS)
    return Response(status_code=204, headers=SECURE_HEADERS | _ALLOWED)
