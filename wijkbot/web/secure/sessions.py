"""Who of the team is asking, and may they?

A session is looked up with every request, so that it is dead the moment its row is.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import JSONResponse, Response

from wijkbot.securechat.encoding import b64
from wijkbot.storage import staff_sessions
from wijkbot.storage.staff_sessions import presence
from wijkbot.web.pages import bot_of
from wijkbot.web.secure.permissions import Line, table

__all__ = [
    "STAFF",
    "Denied",
    "Staff",
    "admit",
    "come_in_first",
    "cookie_name",
    "csrf_of",
    "current_staff",
    "is_still_in",
    "presence",
    "set_cookie",
]

CSRF_HEADER = "x-wb-csrf"
COOKIE_BYTES = 32
SAFE = ("GET", "HEAD")
STAFF = "wijkbot.staff"
"""Where in a request stands who is asking."""


class Denied(Exception):
    """The answer is no: ``status`` and ``code`` are what the other side is told."""

    def __init__(self, status: int, code: str, detail: str, retry_after: int = 0) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after

    def answer(self) -> JSONResponse:
        """As it travels."""
        headers = {"Cache-Control": "no-store"}
        if self.retry_after:
            headers["Retry-After"] = str(self.retry_after)
        body = {"error": self.code, "detail": self.detail}
        return JSONResponse(body, self.status, headers)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is asking. ``member`` is the id in the list of the team."""

    account: int
    member: bytes
    roles: frozenset[str]
    permissions: frozenset[str]
    is_available: bool
    step_up_at: int
    cookie: str = field(repr=False)

    def may(self, permission: str) -> bool:
        """Whether one of their roles has it."""
        return permission in self.permissions


async def current_staff(request: Request) -> Staff:
    """Who is asking, when the table lets them use this address.

    Raises:
        Denied: 401 without a living session, 403 or 404 without the permission, 403 when a
            request that changes something does not come from our own page.
    """
    found = request.scope.get(STAFF)
    if isinstance(found, Staff):
        return found
    staff = await admit(request)
    if staff is None:
        raise Denied(401, "session", "this address knows nobody")
    return staff


async def is_still_in(request: Request) -> bool:
    """Whether the session of a long answer is alive; it is marked as here, not as busy."""
    cookie = request.cookies.get(cookie_name(request), "")
    house = bot_of(request).house
    now = house.clock.now_ms() // 1000
    session = await house.database.read(lambda c: staff_sessions.find(c, cookie, now))
    if session is None:
        return False
    if now - session.seen_at >= staff_sessions.TOUCH_SECONDS:
        await house.database.write(lambda c: staff_sessions.touch(c, cookie, now, is_active=False))
    return True


async def admit(request: Request) -> Staff | None:
    """Who is asking; None at an address for everybody.

    Raises:
        Denied: as :func:`current_staff`.
    """
    line = table().line(request.method, request.scope["path"])
    if line is None:
        raise Denied(404, "unknown", "there is no such address")
    if request.method not in SAFE:
        _check_origin(request)
    if line.is_public:
        return None
    staff = await _staff_of(request)
    if request.method not in SAFE:
        shown = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(shown.encode(), csrf_of(staff.cookie).encode()):
            raise Denied(403, "csrf", "X-WB-CSRF is not that of this session")
    _check_permission(staff, line)
    return staff


async def _staff_of(request: Request) -> Staff:
    cookie = request.cookies.get(cookie_name(request), "")
    house = bot_of(request).house
    now = house.clock.now_ms() // 1000
    session = await house.database.read(lambda c: staff_sessions.find(c, cookie, now))
    if session is None:
        raise come_in_first()
    if staff_sessions.needs_touch(session, now):
        await house.database.write(lambda c: staff_sessions.touch(c, cookie, now))
    return Staff(
        account=session.account_id,
        member=session.member,
        roles=session.roles,
        permissions=table().granted(session.roles),
        is_available=session.is_available,
        step_up_at=session.step_up_at or 0,
        cookie=cookie,
    )


def come_in_first() -> Denied:
    """There is no session, or it has ended."""
    return Denied(401, "session", "come in first")


def _check_permission(staff: Staff, line: Line) -> None:
    if staff.may(line.permission):
        return
    if line.hidden:
        raise Denied(404, "unknown", "there is no such conversation")
    raise Denied(403, "forbidden", "your roles do not allow this")


def _check_origin(request: Request) -> None:
    """A request that changes something comes from a page of ours, and says so.

    A program that is no browser says it too; a browser without Sec-Fetch-Site has Origin.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or request.headers.get("origin") not in _own_origins(request):
        raise Denied(403, "origin", "this does not come from a page of this server")


def own_origin(public_url: str) -> str:
    """The scheme, host and port of our pages."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _own_origins(request: Request) -> set[str]:
    """Ours; on one machine that has several names (localhost, 127.0.0.1), the one asked for."""
    public_url = bot_of(request).house.settings.organisation.public_url
    origins = {own_origin(public_url)}
    here = f"http://{request.headers.get('host', '')}".lower()
    if _is_plain_loopback(public_url) and _is_plain_loopback(here):
        origins.add(here)
    return origins


def cookie_name(request: Request) -> str:
    """The name of the session's cookie."""
    return "wb" if _is_on_loopback(request) else "__Host-wb"


def set_cookie(request: Request, response: Response, cookie: str) -> None:
    """Give a browser its session; it forgets it when it is closed."""
    response.set_cookie(
        cookie_name(request),
        cookie,
        path="/",
        secure=not _is_on_loopback(request),
        httponly=True,
        samesite="strict",
    )


def csrf_of(cookie: str) -> str:
    """The word that only a page of ours can know: made from the cookie, which no page can read."""
    made = hmac.digest(cookie.encode(), b"wijkbot:csrf", "sha256")
    return b64(made)


def _is_on_loopback(request: Request) -> bool:
    """Everywhere else a cookie without https would be seen on the way: it is not even stored."""
    return _is_plain_loopback(bot_of(request).house.settings.organisation.public_url)


def _is_plain_loopback(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http":
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
