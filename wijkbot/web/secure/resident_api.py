"""Which addresses does the page of residents ask? Those of docs/secure-chat-api.md, section 1."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from wijkbot.app import secure_begin, secure_chat
from wijkbot.app.secure_chat import Tab
from wijkbot.app.secure_refusal import UnknownToken
from wijkbot.app.secure_room import SecureRoom
from wijkbot.web.secure.answers import (
    BLOB_TYPE,
    Endpoint,
    Json,
    addresses_of,
    answering,
    blob_of,
    id_in,
    json_of,
    no_body,
    number_in,
    room_of,
    told,
)
from wijkbot.web.secure.headers import CLEAR

WAIT_SECONDS = 25
"""So long a request for news may wait."""
_BEGINNING = "conv kem sig locator_hash auth_hash kdf bundle lang wrapset envelope"
_NOT_FOUND, _CREATED, _DONE = 404, 201, 204


def add_resident_api(app: FastAPI) -> None:
    """Serve all of them."""
    routes: list[tuple[str, str, Endpoint]] = [
        ("GET", "config", _config),
        ("POST", "conversations", _begin),
        ("POST", "return", _come_back),
        ("GET", "messages", _news),
        ("POST", "messages", _write),
        ("GET", "keys", _keys),
        ("PUT", "blobs/{blob}", _put_blob),
        ("GET", "blobs/{blob}", _get_blob),
        ("POST", "code", _code),
        ("POST", "close", _close),
        ("DELETE", "conversation", _delete),
        ("POST", "exit", _exit),
    ]
    for method, path, endpoint in routes:
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        app.add_api_route(
            f"/api/c/{path}", answering(endpoint), methods=methods, response_model=None
        )


def visitor_of(request: Request, room: SecureRoom) -> bytes:
    """Who is asking, for limits and for today only."""
    return room.limits.visitor(*addresses_of(request), room.settings.proxies)


async def polled(
    request: Request, news: Callable[[int, int | None, int], Awaitable[Json]]
) -> Response:
    """What is new since the place and version that the request names, at last after its wait."""
    after = number_in(request, "after", 0) or 0
    wait = min(number_in(request, "wait", 0) or 0, WAIT_SECONDS)
    version = number_in(request, "version")

    async def look() -> Response:
        return JSONResponse(await news(after, version, wait))

    return await (or_gone(request, look()) if wait else look())


async def or_gone(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """The answer; the work is dropped when whoever asked goes away while it waits."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else Response(status_code=_DONE)
    finally:
        gone.cancel()
        task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _tab(
    request: Request, find: Callable[[SecureRoom, str], Awaitable[Tab]] = secure_chat.tab_of
) -> tuple[SecureRoom, Tab]:
    room = room_of(request)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise UnknownToken
    return room, await find(room, token.strip())


async def _config(request: Request) -> Response:
    room = room_of(request)
    return JSONResponse(await secure_begin.config(room, visitor_of(request, room)))


async def _begin(request: Request) -> Response:
    room = room_of(request)
    row = await json_of(request, _BEGINNING, "pow")
    begun = await secure_begin.begin(room, visitor_of(request, room), row)
    answer = {"token": begun.token, "seq": begun.seq}
    return JSONResponse(answer, _CREATED if begun.is_new else 200)


async def _come_back(request: Request) -> Response:
    room = room_of(request)
    row = await json_of(request, "locator auth")
    return JSONResponse(await secure_chat.come_back(room, visitor_of(request, room), row))


async def _news(request: Request) -> Response:
    room, tab = await _tab(request, secure_chat.tab_as_known)
    return await polled(request, partial(secure_chat.news, room, tab))


async def _keys(request: Request) -> Response:
    room, tab = await _tab(request)
    return JSONResponse(await secure_chat.keys(room, tab))


async def _write(request: Request) -> Response:
    room, tab = await _tab(request, secure_chat.tab_as_known)
    stored = await secure_chat.write(room, tab, await json_of(request, "envelope", "wrapset"))
    return JSONResponse({"seq": stored.seq}, _CREATED if stored.is_new else 200)


async def _put_blob(request: Request) -> Response:
    room, tab = await _tab(request)
    blob = id_in(request, "blob")
    return kept_answer(await secure_chat.put_blob(room, tab.conv, blob, await blob_of(request)))


def kept_answer(kept: str) -> Response:
    """What is told of a photo that was sent."""
    if kept == "taken":
        return told("taken", "another photo has this id")
    return Response(status_code=_CREATED if kept == "new" else 200)


async def _get_blob(request: Request) -> Response:
    room, tab = await _tab(request)
    sealed = await secure_chat.blob_of(room, tab.conv, id_in(request, "blob"))
    return Response(sealed, media_type=BLOB_TYPE)


async def _code(request: Request) -> Response:
    room, tab = await _tab(request)
    row = await json_of(request, "locator_hash auth_hash kdf bundle")
    await secure_chat.new_code(room, tab, row)
    return Response(status_code=_DONE)


async def _close(request: Request) -> Response:
    room, tab = await _tab(request)
    await no_body(request)
    await secure_chat.close(room, tab)
    return Response(status_code=_DONE)


async def _delete(request: Request) -> Response:
    room, tab = await _tab(request)
    await no_body(request)
    await secure_chat.delete(room, tab)
    return Response(status_code=_DONE)


async def _exit(request: Request) -> Response:
    del request
    return Response(status_code=_DONE, headers=CLEAR)
