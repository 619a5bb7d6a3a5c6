"""A small local Twilio: how do we test WhatsApp without WhatsApp?

``async with LocalTwilio() as twilio`` serves on a free port of 127.0.0.1. Give the channel
``account_sid``, ``auth_token``, ``sender`` and ``api_base_url=twilio.base_url``, then say with
``connect`` where its webhooks are. Residents speak with ``resident_says`` and pick with
``resident_taps``; ``sent(address)`` is what the bot sent them. Every request is checked as the
real server would; refusals stand in ``refused``. Messages outside the 24 hours are taken, and
fail afterwards, as at Twilio.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.adapters.telegram.bot_api import QuietServer
from tests.adapters.whatsapp.twilio_residents import Residents
from tests.adapters.whatsapp.twilio_rules import TwilioError, check_create
from tests.adapters.whatsapp.twilio_world import Call, Fault, Sent, broken, listing

_API = "/2010-04-01/Accounts/{account}"


def _now() -> datetime:
    return datetime.now(UTC)


class LocalTwilio(Residents):
    """The server, what it took and refused, and the residents behind it."""

    def __init__(
        self, *, sender: str = "whatsapp:+3212345678", now: Callable[[], datetime] = _now
    ) -> None:
        super().__init__("AC" + "0123456789abcdef" * 2, "plainly-pretend-token", sender, now)
        self.calls: list[Call] = []
        self.refused: list[tuple[int, str]] = []
        """(Twilio's code, its words) of each request that was refused, also on demand."""
        self.account_status = "active"
        self.media: dict[str, bytes] = {}
        self.media_host = ""
        """Where media really are, when not here."""
        self.shown_at_media: list[str] = []
        """The authorization that came with each request for the file itself; "" is none."""
        self._faults: list[Fault] = []
        self._list_faults: list[TwilioError] = []
        self._port = 0
        self._server: QuietServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """What stands for https://api.twilio.com; known once it serves."""
        return f"http://127.0.0.1:{self._port}"

    def options(self, **more: Any) -> dict[str, Any]:
        """The keys of a channel that speaks with this server."""
        own = {
            "account_sid": self.account_sid,
            "auth_token": self.auth_token,
            "sender": self.sender,
            "api_base_url": self.base_url,
        }
        return own | more

    def fail_next(self, status: int, code: int, *, after: int = 0) -> None:
        """Refuse the next message, or a later one when ``after`` messages go well first."""
        self._faults += [Fault() for _ in range(after)]
        self._faults.append(Fault(error=TwilioError(status, code, "on demand")))

    def fail_next_list(self, status: int, code: int) -> None:
        """Refuse the next time that somebody asks which messages there are."""
        self._list_faults.append(TwilioError(status, code, "on demand"))

    def lose_answer(self, *, takes: bool = True) -> None:
        """Break the connection at the next message; ``takes``: after it was taken."""
        self._faults.append(Fault(takes=takes, seconds=0))

    def stall_next(self, seconds: float, *, takes: bool = True) -> None:
        """Answer the next message only after some time."""
        self._faults.append(Fault(takes=takes, seconds=seconds))

    def creations(self) -> list[dict[str, str]]:
        """The fields of every message that was asked for, refused ones too."""
        return [call.fields for call in self.calls if call.method == "POST"]

    def medium(self, name: str, content: bytes) -> str:
        """Put a file up, and give the address that a webhook would carry."""
        self.media[name] = content
        return f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}/Messages/MM1/Media/{name}"

    async def __aenter__(self) -> Self:
        """Serve; from now on connections wait for an answer."""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        self._port = listening.getsockname()[1]
        app = Starlette(
            routes=[
                Route(f"{_API}/Messages.json", self._messages, methods=["GET", "POST"]),
                Route(f"{_API}/Messages/MM1/Media/{{name}}", self._medium),
                Route("/cdn/{name}", self._cdn),
                Route("/2010-04-01/Accounts/{account}.json", self._account),
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
        await self.close()
        if self._server and self._task:
            self._server.should_exit = True
            await self._task

    async def _messages(self, request: Request) -> Response:
        is_list = request.method == "GET"
        raw = request.query_params if is_list else await request.form()
        fields = {name: str(value) for name, value in raw.items()}
        self.calls.append(Call(request.method, request.url.path, fields))
        try:
            self._check_access(request)
            if is_list:
                if self._list_faults:
                    raise self._list_faults.pop(0)
                return JSONResponse(listing(self.messages, fields, self.account_sid))
            return await self._create(fields)
        except TwilioError as error:
            self.refused.append((error.code, str(error)))
            return JSONResponse(error.as_json(), error.status)

    async def _create(self, fields: dict[str, str]) -> Response:
        fault = self._faults.pop(0) if self._faults else Fault()
        if fault.error:
            raise fault.error
        check_create(fields, self.sender)
        if fault.seconds is None:
            return JSONResponse(self._take(fields).as_json(self.account_sid), 201)
        if fault.takes:
            self._take(fields)
        await asyncio.sleep(fault.seconds)
        return broken()

    def _take(self, fields: dict[str, str]) -> Sent:
        now = self.now()
        message = Sent(
            to=fields["To"],
            sender=fields["From"],
            body=fields.get("Body", ""),
            at=now,
            callback=fields.get("StatusCallback", ""),
        )
        self.messages.append(message)
        last = self.last_inbound.get(message.to)
        is_open = last is not None and now - last < timedelta(hours=24)
        # Outside the window only an approved template may go.
        self.follow(message, is_delivered=is_open or "ContentSid" in fields)
        return message

    async def _account(self, request: Request) -> Response:
        try:
            self._check_access(request)
        except TwilioError as error:
            return JSONResponse(error.as_json(), error.status)
        return JSONResponse({"sid": self.account_sid, "status": self.account_status})

    async def _medium(self, request: Request) -> Response:
        try:
            self._check_access(request)
        except TwilioError as error:
            return JSONResponse(error.as_json(), error.status)
        host = self.media_host or self.base_url
        return RedirectResponse(f"{host}/cdn/{request.path_params['name']}", 307)

    async def _cdn(self, request: Request) -> Response:
        self.shown_at_media.append(request.headers.get("authorization", ""))
        content = self.media.get(request.path_params["name"])
        return Response(status_code=404) if content is None else Response(content)

    def _check_access(self, request: Request) -> None:
        shown = request.headers.get("authorization", "")
        if shown != self.authorization or request.path_params["account"] != self.account_sid:
            raise TwilioError(401, 20003, "Authenticate")
