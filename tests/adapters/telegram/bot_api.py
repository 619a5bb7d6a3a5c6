"""A small local Bot API: how do we test against Telegram without Telegram?

``async with LocalBotApi() as api`` serves on a free port of 127.0.0.1. Give ``api.token``,
``api.base_url`` and ``api.base_file_url`` to the channel. Residents speak with ``user_says``
and press with ``user_presses``; ``sent(chat)`` is what the bot shows there. Every request is
checked as the real server would; a refused one stands in ``refused``.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.adapters.telegram.bot_api_methods import METHODS
from tests.adapters.telegram.bot_api_queue import UpdateQueue
from tests.adapters.telegram.bot_api_residents import Residents
from tests.adapters.telegram.bot_api_rules import checked
from tests.adapters.telegram.bot_api_world import ApiError, Call, Json, World


@dataclass
class Fault:
    """A refusal, or a lost answer, that waits for the next call of a method."""

    method: str
    error: ApiError | None
    chat: int | None
    after: int = 0


class LocalBotApi(Residents):
    """The server, the world behind it, and the residents in it."""

    def __init__(
        self,
        *,
        token: str = "7000000001:AAF-plainly_pretend_token_for_tests",
        username: str = "wijkbot",
        privacy_mode: bool = True,
    ) -> None:
        super().__init__(World(username, privacy_mode=privacy_mode))
        self.token = token
        self.calls: list[Call] = []
        self.refused: list[tuple[str, str]] = []
        """(method, description) of each request that was refused, also on demand."""
        self._faults: list[Fault] = []
        self._port = 0
        self._server: QuietServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """What goes before the token; known once it serves."""
        return f"http://127.0.0.1:{self._port}/bot"

    @property
    def base_file_url(self) -> str:
        """What goes before the token for files."""
        return f"http://127.0.0.1:{self._port}/file/bot"

    def fail(
        self,
        method: str,
        code: int,
        description: str,
        *,
        parameters: Json | None = None,
        chat: int | None = None,
        after: int = 0,
    ) -> None:
        """Refuse a call of a method (in one chat), in the server's words.

        The next one, or a later one when ``after`` calls go well first.
        """
        self._faults.append(Fault(method, ApiError(code, description, parameters), chat, after))

    def flood(self, method: str, seconds: int, *, chat: int | None = None) -> None:
        """Answer the next call with 429."""
        text = f"Too Many Requests: retry after {seconds}"
        self.fail(method, 429, text, parameters={"retry_after": seconds}, chat=chat)

    def lose_answer(self, method: str) -> None:
        """Do the next call, but break the connection before the answer is out."""
        self._faults.append(Fault(method, None, None))

    def calls_of(self, method: str) -> list[Json]:
        """The parameters of every call of a method, refused ones too."""
        return [call.params for call in self.calls if call.method == method]

    async def wait_refused(self, method: str, seconds: float = 10.0) -> str:
        """Wait until a call of a method was refused; gives the server's words."""
        async with asyncio.timeout(seconds):
            while not (said := [text for name, text in self.refused if name == method]):
                self._told.clear()
                await self._told.wait()
        return said[0]

    async def __aenter__(self) -> Self:
        """Serve; from now on connections wait for an answer."""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        self._port = listening.getsockname()[1]
        self.queue = UpdateQueue()
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"]),
                Route("/file/bot{token}/documents/{file_id}", self._file),
            ]
        )
        config = uvicorn.Config(
            app,
            access_log=False,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
            ws="none",
        )
        self._server = QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        await self.queue.close()
        if self._server and self._task:
            self._server.should_exit = True
            await self._task

    async def _answer(self, request: Request) -> Response:
        method = request.path_params["method"]
        try:
            self._check_token(request.path_params["token"])
            raw = {key: str(value) for key, value in (await request.form()).items()}
            params = checked(method, dict(request.query_params) | raw)
            self.calls.append(Call(method, params))
            fault = self._fault_for(method, params)
            if fault and fault.error:
                raise fault.error
            result = await self._done(method, params)
        except ApiError as error:
            self.refused.append((method, str(error)))
            self._tell_change()
            headers = {}
            if wait := error.body.get("parameters", {}).get("retry_after"):
                headers["Retry-After"] = str(wait)
            return JSONResponse(error.body, error.code, headers)
        self._tell_change()
        if fault:
            return _Broken()
        return JSONResponse({"ok": True, "result": result})

    async def _done(self, method: str, params: Json) -> Any:
        match method:
            case "getUpdates":
                return await self.queue.poll(params)
            case "setWebhook":
                self.queue.set_webhook(params)
                return True
            case "deleteWebhook":
                self.queue.set_webhook({})
                return True
            case "getWebhookInfo":
                return self.queue.info()
        work = METHODS.get(method)
        if work is None:
            raise ApiError(501, f"the local Bot API has no {method}")
        return work(self.world, params)

    async def _file(self, request: Request) -> Response:
        content = self.world.files.get(request.path_params["file_id"])
        is_known = request.path_params["token"] == self.token and content is not None
        return Response(content) if is_known else Response(status_code=404)

    def _check_token(self, token: str) -> None:
        if token != self.token:
            raise ApiError(401, "Unauthorized")

    def _fault_for(self, method: str, params: Json) -> Fault | None:
        for fault in self._faults:
            is_here = fault.chat is None or str(fault.chat) == str(params.get("chat_id"))
            if fault.method == method and is_here:
                fault.after -= 1
                if fault.after < 0:
                    self._faults.remove(fault)
                    return fault
        return None


class QuietServer(uvicorn.Server):
    """A server within a test leaves the signals to the test runner."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


class _Broken(Response):
    """Promises more than it gives, so that the connection breaks off."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})
