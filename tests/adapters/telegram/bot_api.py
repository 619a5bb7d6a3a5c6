"""A small local Bot API: how do we test against Telegram without Telegram?

``async with LocalBotApi() as api`` serves on a free port of 127.0.0.1. Give ``api.token``,
``api.base_url`` and ``api.base_file_url`` to the channel. Residents speak with ``user_says``
and press with ``user_presses``; ``sent(chat)`` is what the bot shows there. Every request is
checked as the real server would; a refused one stands in ``refused``. What no well-behaved bot
does (a wrong shape, too much in a minute, going on with a refused token) stands in
``violations`` too, and a test that ends with one fails; who provokes them clears the list.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.adapters.telegram.bot_api_faults import Broken, Fault, resettable
from tests.adapters.telegram.bot_api_methods import METHODS
from tests.adapters.telegram.bot_api_pace import Pace
from tests.adapters.telegram.bot_api_queue import UpdateQueue
from tests.adapters.telegram.bot_api_residents import Residents
from tests.adapters.telegram.bot_api_rules import checked
from tests.adapters.telegram.bot_api_world import START_OF_TIME, ApiError, Call, Json, World


class LocalBotApi(Residents):
    """The server, the world behind it, and the residents in it."""

    def __init__(
        self,
        *,
        token: str = "7000000001:AAF-plainly_pretend_token_for_tests",
        username: str = "wijkbot",
        privacy_mode: bool = True,
        is_paced: bool = True,
        start: int = START_OF_TIME,
    ) -> None:
        super().__init__(World(username, privacy_mode=privacy_mode, start=start))
        self.token = token
        self.calls: list[Call] = []
        self.refused: list[tuple[str, str]] = []
        """(method, description) of each request that was refused, also on demand."""
        self.violations: list[str] = []
        self.pace = Pace(is_on=is_paced)
        self.slowness = 0.0
        """Seconds that every answer takes."""
        self.slow: dict[str, float] = {}
        """Seconds that an answer of one method takes."""
        self.delay: Callable[[str], float] = lambda _method: 0.0
        """So many seconds later this request of a method arrives."""
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

    def spoil(
        self, method: str, answer: Response, *, is_done: bool, chat: int | None = None
    ) -> None:
        """Give this answer to the next call, whether or not it is carried out."""
        self._faults.append(Fault(method, chat=chat, answer=answer, is_done=is_done))

    def lose_answer(self, method: str) -> None:
        """Do the next call, but break the connection before the answer is out."""
        self.spoil(method, Broken(), is_done=True)

    def lose_answers(self, method: str, *, count: int, every: int) -> None:
        """Break the connection after every nth call of a method, ``count`` times."""
        self._faults += [
            Fault(method, after=every * number - number, answer=Broken())
            for number in range(1, count + 1)
        ]

    def revoke_token(self) -> None:
        """@BotFather gave out a new one; the old one is refused from now on."""
        self.token = "7000000001:AAF-plainly_another_token_for_tests"

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
            resettable(app),
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
        """Stop serving; a bot that broke the rules fails its test."""
        await self.queue.close()
        if self._server and self._task:
            self._server.should_exit = True
            await self._task
        if error is None:
            assert not self.violations, self.violations

    async def _answer(self, request: Request) -> Response:
        method, fault = request.path_params["method"], None
        try:
            self._check_token(request.path_params["token"])
            params = checked(method, dict(request.query_params) | await _sent_in(request))
            self.calls.append(Call(method, params))
            await asyncio.sleep(self.slow.get(method, self.slowness) + self.delay(method))
            fault = self._fault_for(method, params)
            if fault and fault.error:
                raise fault.error
            if fault and fault.answer and not fault.is_done:
                return fault.answer
            if method.startswith("send") and method != "sendChatAction":
                self._pass(params)
            result = await self._done(method, params)
        except ApiError as error:
            self.refused.append((method, str(error)))
            self._judge(method, error, fault)
            self._tell_change()
            headers = {}
            if wait := error.body.get("parameters", {}).get("retry_after"):
                headers["Retry-After"] = str(wait)
            return JSONResponse(error.body, error.code, headers)
        self._tell_change()
        if fault and fault.answer:
            return fault.answer
        return JSONResponse({"ok": True, "result": result})

    def _pass(self, params: Json) -> None:
        """Count a message that would be shown; who may not write there uses nothing up."""
        chat = int(params["chat_id"]) if str(params["chat_id"]).lstrip("-").isdecimal() else 0
        where = self.world.chats.get(chat)
        if where and where.bot_status in {"member", "administrator"} and not where.migrated_to:
            self.pace.take(chat)

    def _judge(self, method: str, error: ApiError, fault: Fault | None) -> None:
        is_state = any(text in str(error) for text in _OF_THE_WORLD)
        is_wrong = error.code in {404, 429, 501} or (error.code == 400 and not is_state)
        if is_wrong and fault is None:
            self.violations.append(f"{method}: {error}")

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


_OF_THE_WORLD = (
    "chat not found",
    "not found",
    "upgraded to a supergroup",
    "is not modified",
    "can't be deleted",
    "can't be edited",
    "not enough rights",
    "query is too old",
    "PARTICIPANT_ID_INVALID",
    "bad webhook",
    "wrong file_id",
    "ephemeral messages aren't supported",
)
"""Refusals that depend on what others did: a good bot meets them too."""


async def _sent_in(request: Request) -> Json:
    """The parameters of a form or of JSON; an attached file stands where it is named."""
    if request.headers.get("content-type", "").startswith("application/json"):
        given: Json = await request.json()
        return {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    async with request.form() as form:
        found: Json = {
            name: value if isinstance(value, str) else await value.read()
            for name, value in form.items()
        }
    told = " ".join(value for value in found.values() if isinstance(value, str))
    named = set(re.findall(r"attach://(\w+)", told))
    return {name: value for name, value in found.items() if name not in named}


class QuietServer(uvicorn.Server):
    """A server within a test leaves the signals to the test runner."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()
