"""Which addresses does the console ask for its conversations? Those of docs/secure-chat-api.md.

Who is asking, and whether their roles allow it, was looked at before: the gate stands before
every address. Here it is about this one conversation.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from time import monotonic

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.responses import Response

from wijkbot.app import secure_chat, secure_desk, secure_work
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import Json
from wijkbot.app.secure_wakes import Hint
from wijkbot.app.secure_work import Worker
from wijkbot.securechat.encoding import b64
from wijkbot.web.secure.answers import (
    BLOB_TYPE,
    Endpoint,
    answering,
    blob_of,
    id_in,
    json_of,
    no_body,
    room_of,
)
from wijkbot.web.secure.resident_api import kept_answer, polled
from wijkbot.web.secure.sessions import current_staff, is_still_in

PERMISSION = "conversation.others"
LOOK_SECONDS = 0.8
"""An open stream ends within a second after its session."""
_ALIVE_EVERY = 20
_DONE, _CREATED = 204, 201

Step = Callable[[SecureRoom, Worker, bytes, Json], Awaitable[int]]


def add_conversation_api(app: FastAPI) -> None:
    """Serve all of them."""
    conv = "conversations/{conv}"
    routes: list[tuple[str, str, Endpoint]] = [
        ("GET", "queue", _queue),
        ("GET", "events", _events),
        ("POST", f"{conv}/claim", _step(secure_work.claim, "version")),
        ("POST", f"{conv}/release", _step(secure_work.release, "version wrapsets")),
        ("POST", f"{conv}/offer", _step(secure_work.offer, "version to wrapsets")),
        ("POST", f"{conv}/withdraw", _step(secure_work.withdraw, "version")),
        ("POST", f"{conv}/accept", _step(secure_work.accept, "version")),
        ("POST", f"{conv}/decline", _step(secure_work.decline, "version")),
        ("POST", f"{conv}/close", _step(secure_work.close, "version abusive")),
        ("POST", f"{conv}/guests", _step(secure_work.invite_guest, "version to wrapsets")),
        ("DELETE", f"{conv}/guests/{{id}}", _dismiss_guest),
        ("GET", f"{conv}/keys", _keys),
        ("GET", f"{conv}/messages", _news),
        ("POST", f"{conv}/messages", _write),
        ("GET", f"{conv}/blobs/{{id}}", _get_blob),
        ("PUT", f"{conv}/blobs/{{id}}", _put_blob),
        ("GET", f"{conv}/drafts", _drafts),
        ("PUT", f"{conv}/drafts", _put_draft),
        ("DELETE", f"{conv}/drafts", _drop_drafts),
    ]
    for method, path, endpoint in routes:
        app.add_api_route(
            f"/api/w/{path}", answering(endpoint), methods=[method], response_model=None
        )


async def _worker(request: Request) -> tuple[SecureRoom, Worker]:
    staff = await current_staff(request)
    worker = Worker(staff.account, staff.member, steps_in=PERMISSION in staff.permissions)
    return room_of(request), worker


def _step(act: Step, needed: str) -> Endpoint:
    """An endpoint that does one step and tells the version after it."""

    async def step(request: Request) -> Response:
        room, worker = await _worker(request)
        conv = id_in(request, "conv")
        row = await json_of(request, needed)
        return JSONResponse({"version": await act(room, worker, conv, row)})

    return step


async def _queue(request: Request) -> Response:
    room, worker = await _worker(request)
    return JSONResponse(await secure_desk.queue(room, worker))


async def _keys(request: Request) -> Response:
    room, worker = await _worker(request)
    return JSONResponse(await secure_desk.keys(room, worker, id_in(request, "conv")))


async def _news(request: Request) -> Response:
    room, worker = await _worker(request)
    return await polled(request, partial(secure_desk.news, room, worker, id_in(request, "conv")))


async def _write(request: Request) -> Response:
    room, worker = await _worker(request)
    conv = id_in(request, "conv")
    row = await json_of(request, "envelope", "wrapset")
    stored = await secure_desk.write(room, worker, conv, row)
    return JSONResponse({"seq": stored.seq}, _CREATED if stored.is_new else 200)


async def _get_blob(request: Request) -> Response:
    room, worker = await _worker(request)
    conv = id_in(request, "conv")
    await secure_desk.check_reads(room, worker, conv)
    sealed = await secure_chat.blob_of(room, conv, id_in(request, "id"))
    return Response(sealed, media_type=BLOB_TYPE)


async def _put_blob(request: Request) -> Response:
    room, worker = await _worker(request)
    conv, blob = id_in(request, "conv"), id_in(request, "id")
    await secure_desk.check_writes(room, worker, conv)
    return kept_answer(await secure_chat.put_blob(room, conv, blob, await blob_of(request)))


async def _dismiss_guest(request: Request) -> Response:
    room, worker = await _worker(request)
    await no_body(request)
    conv, guest = id_in(request, "conv"), id_in(request, "id")
    await secure_work.dismiss_guest(room, worker, conv, guest)
    return Response(status_code=_DONE)


async def _drafts(request: Request) -> Response:
    room, worker = await _worker(request)
    return JSONResponse(await secure_desk.drafts(room, worker, id_in(request, "conv")))


async def _put_draft(request: Request) -> Response:
    room, worker = await _worker(request)
    conv = id_in(request, "conv")
    row = await json_of(request, "draft e iv ct")
    await secure_desk.put_draft(room, worker, conv, row)
    return Response(status_code=_DONE)


async def _drop_drafts(request: Request) -> Response:
    room, worker = await _worker(request)
    await no_body(request)
    await secure_desk.drop_drafts(room, worker, id_in(request, "conv"))
    return Response(status_code=_DONE)


async def _events(request: Request) -> Response:
    room, worker = await _worker(request)
    return StreamingResponse(_hints(request, room, worker), media_type="text/event-stream")


async def _hints(request: Request, room: SecureRoom, worker: Worker) -> AsyncIterator[str]:
    """What to read again, as it happens; ends with the session."""
    told_at = looked_at = monotonic()
    with room.wakes.console() as hints:
        yield ": here\n\n"
        while True:
            hint = await _next(hints)
            now = monotonic()
            # many hints are one look at the session: each console hears of every message
            if hint is None or now - looked_at >= LOOK_SECONDS:
                looked_at = now
                if not await is_still_in(request):
                    return
            told = await _told(room, worker, hint) if hint else None
            if hint is not None and told is not None:
                told_at = now
                yield f"event: {hint.kind}\ndata: {json.dumps(told)}\n\n"
            elif now - told_at >= _ALIVE_EVERY:
                told_at = now
                yield ": alive\n\n"


async def _next(hints: asyncio.Queue[Hint]) -> Hint | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await hints.get()
    except TimeoutError:
        return None


async def _told(room: SecureRoom, worker: Worker, hint: Hint) -> Json | None:
    """What is told of a hint; of a conversation that is not theirs, nothing."""
    if hint.kind != "conversation":
        return {}
    stands = await hint.once(lambda: secure_desk.standing(room, hint.conv))
    seq = stands.seq_for(room, worker) if stands else None
    return None if seq is None else {"conv": b64(hint.conv), "seq": seq}
