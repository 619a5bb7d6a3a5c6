"""How does the team's part of the server read a request, and what does it answer?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from wijkbot.app.staff_door import Door, Inside
from wijkbot.app.staff_invite import By
from wijkbot.app.staff_proof import LOGIN_BYTES, Proof
from wijkbot.securechat.encoding import Refused, text_of, unb64
from wijkbot.web.pages import bot_of
from wijkbot.web.secure import answers
from wijkbot.web.secure.answers import Endpoint
from wijkbot.web.secure.sessions import Staff, cookie_name, csrf_of, set_cookie

CODE_BYTES = 10
FACTORS = "code passkey"
_DIGITS = 18
_STATUS = {
    "login": 401,
    "session": 401,
    "forbidden": 403,
    "root": 409,
    "last": 409,
    "code": 422,
    "card": 404,
    "item": 409,
    "area": 409,
    "refused": 409,
}
"""Codes of the team's own; the others are those of :data:`wijkbot.web.secure.answers.STATUS`."""


def serve(app: FastAPI, routes: Iterable[tuple[str, str, Endpoint]]) -> None:
    """Serve endpoints below ``/api/w``, each a method, a path and what it does."""
    for method, path, endpoint in routes:
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        call = answers.answering(_answering(endpoint))
        app.add_api_route(f"/api/w/{path}", call, methods=methods, response_model=None)


def _answering(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            if refused.code not in _STATUS:
                raise
            return answers.told(refused.code, refused.detail, status=_STATUS[refused.code])

    answer.__name__ = endpoint.__name__
    return answer


def reply(body: object, status: int = 200) -> JSONResponse:
    """What was asked for."""
    return JSONResponse(body, status)


def done() -> Response:
    """Done; there is nothing to say."""
    return Response(status_code=204)


async def come_in(request: Request, now: Inside, status: int = 200) -> Response:
    """Somebody came in: what this browser was in before has ended."""
    before = request.cookies.get(cookie_name(request), "")
    await door_of(request).leave(Inside(now.account, before))
    return inside(request, now, status)


def inside(request: Request, now: Inside, status: int = 200, **more: object) -> Response:
    """Somebody is in, or goes on under another cookie."""
    response = reply({"csrf": csrf_of(now.cookie), **more}, status)
    set_cookie(request, response, now.cookie)
    return response


def proof_of(row: Mapping[str, object]) -> Proof:
    """What somebody shows of themselves: ``login``, and ``code`` or ``passkey``.

    Raises:
        Refused: shape.
    """
    code, passkey = row.get("code"), row.get("passkey")
    if passkey is not None and not isinstance(passkey, dict):
        raise Refused("shape", "passkey is what the browser gave, as JSON")
    shown = "" if code is None else text_of(code, CODE_BYTES)
    return Proof(unb64(row.get("login"), LOGIN_BYTES), shown, passkey)


def roles_of(value: object) -> tuple[str, ...]:
    """A list of roles; which there are is for whoever uses them.

    Raises:
        Refused: shape.
    """
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refused("shape", "roles: a list of names")
    return tuple(value)


def account_in(request: Request) -> int:
    """The number of the account in the address.

    Raises:
        Refused: unknown, when it is none.
    """
    shown = str(request.path_params["id"])
    if not (shown.isascii() and shown.isdigit() and len(shown) <= _DIGITS):
        raise Refused("unknown", "there is no such account")
    return int(shown)


def door_of(request: Request) -> Door:
    """The door of this process."""
    door: Door = request.app.state.staff_door
    return door


def visitor_of(request: Request) -> bytes:
    """Who is asking, for the limits of today only."""
    chat = bot_of(request).house.settings.secure_chat
    proxies = chat.proxies if chat else 0
    return door_of(request).limits.visitor(*answers.addresses_of(request), proxies)


def by(staff: Staff) -> By:
    """As whom they change accounts."""
    return By(staff.account, staff.roles)
