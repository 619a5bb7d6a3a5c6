"""Is a body looked at before it is read, and a photo its conversation's only?"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.securechat.room import Chat, somewhere
from wijkbot.securechat.encoding import b64

pytestmark = pytest.mark.storage


def _photo(size: int = 65_536) -> bytes:
    return os.urandom(12 + size + 16)


async def test_29_a_photo_is_its_conversations_only(chat: Chat) -> None:
    one, other = await chat.resident(), await chat.resident()
    blob, path = _photo(), f"/api/c/blobs/{b64(os.urandom(16))}"
    sent = {"content": blob, "headers": {"Content-Type": "application/octet-stream"}}
    assert (await chat.tab(one).ask("PUT", path, **sent)).status_code == 201
    assert (await chat.tab(one).ask("PUT", path, **sent)).status_code == 200
    answer = await chat.tab(one).ask("PUT", path, **{**sent, "content": _photo()})
    assert (answer.status_code, answer.json()["error"]) == (409, "taken")
    got = await chat.tab(one).ask("GET", path)
    assert got.content == blob and got.headers["content-type"] == "application/octet-stream"
    assert (await chat.tab(other).ask("GET", path)).status_code == 404


async def test_29_what_is_too_large_is_not_read(chat: Chat) -> None:
    resident = await chat.resident()
    read = 0

    async def body() -> Any:
        nonlocal read
        for _ in range(64):
            read += 1
            yield bytes(65_536)

    path = f"/api/c/blobs/{b64(os.urandom(16))}"
    kind = {"Content-Type": "application/octet-stream"}
    said = {**kind, "Content-Length": str(64 * 65_536)}
    answer = await chat.tab(resident).ask("PUT", path, content=body(), headers=said)
    assert (answer.status_code, answer.json()["error"], read) == (413, "large", 0)
    answer = await chat.tab(resident).ask("PUT", path, content=body(), headers=kind)
    assert answer.status_code == 413 and read <= 34
    big = {"Content-Type": "application/json", "Content-Length": str(64 * 1024 + 1)}
    answer = await chat.client.post("/api/c/return", content=b"{", headers=big)
    assert answer.status_code == 413


async def test_only_json_is_taken(chat: Chat) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await chat.client.post(
            "/api/c/return", content=b"{}", headers={"Content-Type": kind, **somewhere()}
        )
        assert (answer.status_code, answer.json()["error"]) == (415, "type")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"locator": NaN}', b"\xff", b"[" * 30_000])
async def test_a_body_that_is_no_object_is_refused(chat: Chat, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = await chat.client.post("/api/c/return", content=body, headers=kind)
    assert (answer.status_code, answer.json()["error"]) == (422, "shape")
