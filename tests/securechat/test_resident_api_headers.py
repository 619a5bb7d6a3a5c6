"""Does every answer have headers that a browser understands, and does no log say a thing?"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.prepared import prepared
from tests.securechat.making import Json
from tests.securechat.room import Chat, Resident, somewhere
from wijkbot.app.logging import _without_content, only_allowed
from wijkbot.securechat.encoding import b64
from wijkbot.web.create_app import create_app
from wijkbot.web.secure.headers import headers_of

pytestmark = pytest.mark.storage

FEATURE = re.compile(r"[a-z-]+=\((self)?\)")
DIRECTIVES = {
    "default-src", "script-src", "style-src", "img-src", "font-src", "connect-src", "worker-src",
    "form-action", "base-uri", "frame-ancestors", "require-trusted-types-for", "trusted-types",
}  # fmt: skip
SOURCES = {"'none'", "'self'", "blob:", "'script'"}


def valid_policy(value: str) -> bool:
    rows = [part.split() for part in value.split(";")]
    names = [row[0] for row in rows]
    known = set(names) == DIRECTIVES and len(names) == len(set(names))
    return known and all(set(row[1:]) <= SOURCES and row[1:] for row in rows)


VALID: dict[str, Callable[[str], bool]] = {
    "content-security-policy": valid_policy,
    "integrity-policy": lambda v: v == "blocked-destinations=(script)",
    "strict-transport-security": lambda v: (
        int(re.fullmatch(r"max-age=(\d+); includeSubDomains", v)[1]) >= 31_536_000  # type: ignore[index]
    ),
    "referrer-policy": lambda v: v == "no-referrer",
    "x-content-type-options": lambda v: v == "nosniff",
    "x-frame-options": lambda v: v in {"DENY", "SAMEORIGIN"},
    "cross-origin-opener-policy": lambda v: v in {"same-origin", "unsafe-none"},
    "cross-origin-embedder-policy": lambda v: v in {"require-corp", "credentialless"},
    "cross-origin-resource-policy": lambda v: v in {"same-origin", "same-site"},
    "origin-agent-cluster": lambda v: v == "?1",
    "permissions-policy": lambda v: all(FEATURE.fullmatch(one) for one in v.split(", ")),
    "cache-control": lambda v: v == "no-store",
    "x-robots-tag": lambda v: v == "noindex, nofollow, noarchive",
}
NEVER = ("server", "x-powered-by", "nel", "report-to", "set-cookie")


def check(answer: httpx.Response) -> None:
    for name, is_valid in VALID.items():
        assert len(answer.headers.get_list(name)) == 1, (name, answer.request.url)
        assert is_valid(answer.headers[name]), (name, answer.headers[name])
    for name in NEVER:
        assert name not in answer.headers


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every address of the secure chat, with a method it takes."""
    return [
        (method, re.sub(r"\{\w+\}", b64(bytes(16)), route.path))
        for route in app.routes
        if isinstance(route, APIRoute) and headers_of(route.path) is not None
        for method in sorted(route.methods or ())
    ]


async def test_52_every_route_has_valid_headers(chat: Chat) -> None:
    await prepared(chat.bot)
    found = routes(create_app(chat.bot))
    assert len(found) > 40
    for method, path in found:
        check(await chat.client.request(method, path, headers=somewhere()))


async def test_52_so_has_what_is_not_there_not_taken_and_broken(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, int, Json]] = [
        ("GET", "/api/c/nowhere", 404, {}),
        ("GET", "/api/w/nowhere", 404, {}),
        ("GET", "/werk/nowhere", 404, {}),
        ("GET", "/c/nowhere", 404, {}),
        ("PATCH", "/api/c/config", 405, {}),
        ("DELETE", "/api/c/messages", 405, {}),
        ("POST", "/api/c/return", 415, {"content": b"x"}),
        ("POST", "/api/c/return", 422, {"json": {}}),
        ("POST", "/api/c/return", 413, {"json": "x" * 70_000}),
        ("GET", "/api/c/messages", 401, {}),
        ("GET", "/static/c/nowhere.js", 404, {}),
    ]
    for method, path, status, more in asked:
        answer = await chat.client.request(method, path, **more)
        assert answer.status_code == status, (path, answer.text)
        check(answer)
        if path.startswith("/api"):
            assert set(answer.json()) >= {"error", "detail"}
    monkeypatch.setattr(type(chat.room.house.database), "read", _broken)
    answer = await chat.client.get("/api/c/config", headers=somewhere())
    assert answer.status_code == 500 and answer.json()["error"] == "broken"
    assert "geheim" not in answer.text
    check(answer)


async def _broken(*_asked: Any) -> None:
    raise RuntimeError("geheim")


async def test_52_only_the_console_may_ask_for_a_passkey(chat: Chat) -> None:
    resident = (await chat.client.get("/api/c/config")).headers["permissions-policy"]
    console = (await chat.client.get("/api/w/me")).headers["permissions-policy"]
    assert "publickey-credentials-get=()" in resident
    assert "publickey-credentials-get=(self)" in console


async def test_other_pages_keep_their_own_headers(chat: Chat) -> None:
    answer = await chat.client.get("/health")
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["x-robots-tag"] == "noindex"


async def test_a_resident_never_gets_a_cookie(chat: Chat) -> None:
    resident = await chat.resident()
    row = {"locator": b64(resident.locator), "auth": b64(resident.auth)}
    answers = [
        await chat.say(resident),
        await chat.client.post("/api/c/return", json=row, headers=somewhere()),
        await chat.tab(resident).ask("DELETE", "/api/c/conversation"),
    ]
    assert not any("set-cookie" in answer.headers for answer in answers)


async def test_50_no_log_line_tells_who_what_or_from_where(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = io.StringIO()
    structlog.configure(
        processors=[_without_content, only_allowed, structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: structlog.PrintLogger(lines),
        cache_logger_on_first_use=False,
    )
    try:
        resident = Resident()
        row = resident.beginning(chat.manifest)
        marked = {"X-Forwarded-For": "192.0.2.77", "User-Agent": "kenmerk-browser"}
        answer = await chat.client.post("/api/c/conversations", json=row, headers=marked)
        resident.token = answer.json()["token"]
        resident.sent(row["envelope"])
        found = routes(create_app(chat.bot))
        bearer = {"Authorization": f"Bearer {resident.token}", **marked}
        for _ in range(2):
            for method, path in found:
                if "conversation" in path and method == "DELETE" and "/api/c" in path:
                    continue
                await chat.client.request(
                    method, f"{path}?kenmerk=1", headers=bearer, json={"kenmerk-body": 1}
                )
            monkeypatch.setattr(type(chat.room.house.database), "read", _broken)
            monkeypatch.setattr(type(chat.room.house.database), "write", _broken)
    finally:
        structlog.reset_defaults()
    captured = capfd.readouterr()
    said = lines.getvalue() + captured.out + captured.err
    assert "secure-chat-failed" in said
    marks = ["192.0.2.77", "kenmerk", resident.token, b64(resident.conv), "geheim",
             b64(resident.locator), row["envelope"]["ct"]]  # fmt: skip
    assert [mark for mark in marks if mark in said] == []
