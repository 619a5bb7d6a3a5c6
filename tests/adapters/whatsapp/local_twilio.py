"""A small local Twilio: how do we test WhatsApp without WhatsApp?

``async with LocalTwilio() as twilio`` serves on a free port of 127.0.0.1. Give the channel
``account_sid``, ``auth_token``, ``sender`` and ``api_base_url=twilio.base_url``, then say with
``connect`` where its webhooks are. Residents speak with ``resident_says`` and pick with
``resident_taps``; ``sent(address)`` is what the bot sent them. Every request is held against
the published OpenAPI and the manual; refusals stand in ``refused``. Messages outside the 24
hours are taken, and fail afterwards, as at Twilio; what a line would be punished for stands in
``violations``.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.adapters.telegram.bot_api import QuietServer
from tests.adapters.whatsapp.twilio_content import shown, trouble
from tests.adapters.whatsapp.twilio_content_api import ContentApi
from tests.adapters.whatsapp.twilio_rules import check_create, variables_of
from tests.adapters.whatsapp.twilio_shape import (
    check_message,
    checked_form,
    checked_query,
    operation,
)
from tests.adapters.whatsapp.twilio_world import (
    Call,
    Fault,
    Heard,
    Sent,
    Shown,
    TwilioError,
    broken,
    listing,
)

_MEDIUM = re.compile(r"/2010-04-01/Accounts/AC\w+/Messages/(?P<message>\w+)/Media/(?P<sid>\w+)")


def _now() -> datetime:
    return datetime.now(UTC)


class LocalTwilio(ContentApi):
    """The server, what it took and refused, and the residents behind it."""

    def __init__(
        self, *, sender: str = "whatsapp:+3212345678", now: Callable[[], datetime] = _now
    ) -> None:
        super().__init__("AC" + "0123456789abcdef" * 2, "plainly-pretend-token", sender, now)
        self.calls: list[Call] = []
        self.refused: list[tuple[int, str]] = []
        """(Twilio's code, its words) of each request that was refused, also on demand."""
        self.account_status = "active"
        self.answer_late = 0.0
        """Seconds between taking a message and telling so."""
        self.list_late = 0.0
        """Seconds before it is told which messages there are."""
        self._faults: list[Fault] = []
        self._call_faults: list[tuple[str, TwilioError]] = []
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

    def fail_next_call(self, name: str, status: int, code: int) -> None:
        """Refuse the next request of this published name, as "ListContentAndApprovals"."""
        self._call_faults.append((name, TwilioError(status, code, "on demand")))

    def fail_next_list(self, status: int, code: int) -> None:
        """Refuse the next time that somebody asks which messages there are."""
        self.fail_next_call("ListMessage", status, code)

    def lose_answer(self, *, takes: bool = True, after: int = 0) -> None:
        """Break the connection at the next message; ``takes``: after it was taken."""
        self._faults += [Fault() for _ in range(after)]
        self._faults.append(Fault(takes=takes, seconds=0))

    def stall_next(self, seconds: float, *, takes: bool = True) -> None:
        """Answer the next message only after some time."""
        self._faults.append(Fault(takes=takes, seconds=seconds))

    def creations(self) -> list[dict[str, str]]:
        """The fields of every message that was asked for, refused ones too."""
        made = (call for call in self.calls if call.path.endswith("/Messages.json"))
        return [call.fields for call in made if call.method == "POST"]

    async def __aenter__(self) -> Self:
        """Serve; from now on connections wait for an answer."""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        self._port = listening.getsockname()[1]
        methods = ["GET", "POST", "DELETE", "PUT"]
        routes = [
            Route("/cdn/{name}", self.cdn),
            Route("/{path:path}", self._any, methods=methods),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
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
        """Stop serving, and then bring nothing more: a late message would bring its receipts."""
        if self._server and self._task:
            self._server.should_exit = True
            await self._task
        await self.close()

    async def _any(self, request: Request) -> Response:
        path = request.url.path
        try:
            if medium := _MEDIUM.fullmatch(path):
                self._check_access(request)
                return self._to_file(medium["sid"])
            name, values = operation(request.method, path)
            fields = await _fields_of(request)
            self.calls.append(Call(request.method, path, dict(fields)))
            self._tell()
            self._check_access(request)
            self._fail_on_demand(name)
            return await self._answer(name, values, fields, request)
        except TwilioError as error:
            self.refused.append((error.code, str(error)))
            self._tell()
            return JSONResponse(error.as_json(), error.status)

    async def _answer(
        self, name: str, values: dict[str, str], fields: list[tuple[str, str]], request: Request
    ) -> Response:
        query = checked_query(name, request.query_params.multi_items())
        match name:
            case "CreateMessage":
                return await self._create(checked_form(name, fields))
            case "ListMessage":
                await asyncio.sleep(self.list_late)
                return JSONResponse(listing(self._all(), query, self.account_sid))
            case "FetchMessage":
                return JSONResponse(self._message(values["Sid"]).as_json(self.account_sid))
            case "FetchAccount":
                shown = {"sid": self.account_sid, "status": self.account_status}
                return JSONResponse(shown)
            case "DeleteMessage" | "UpdateMessage":
                self._message(values["Sid"])
                raise TwilioError(400, 20009, "This message cannot be changed")
        if "Media" in name:
            return self.answer_media(name, values)
        return self.answer_content(name, values, query, await request.body())

    async def _create(self, fields: dict[str, str]) -> Response:
        fault = self._faults.pop(0) if self._faults else Fault()
        if fault.error:
            raise fault.error
        check_create(fields, self.sender)
        if self.people.person(fields["To"]) in self._opted_out:
            raise TwilioError(400, 21610, "Attempt to send to unsubscribed recipient")
        if fault.seconds is None:
            told = check_message(self._take(fields).as_json(self.account_sid))
            await asyncio.sleep(self.answer_late)
            return JSONResponse(told, 201)
        if fault.takes:
            self._take(fields)
        await asyncio.sleep(fault.seconds)
        return broken()

    def _take(self, fields: dict[str, str]) -> Sent:
        content = self.contents.of_message(fields.get("ContentSid", ""))
        values = variables_of(fields.get("ContentVariables", "{}"))
        seen = shown(content, values) if content else Shown(fields.get("Body", ""))
        message = Sent(
            to=fields["To"],
            sender=fields["From"],
            body=seen.body,
            at=self.now(),
            callback=fields.get("StatusCallback", ""),
            kind=seen.kind,
            choices=seen.choices,
            content_sid=content.sid if content else "",
            name=content.name if content else "",
            variables=fields.get("ContentVariables", ""),
            validity=fields.get("ValidityPeriod", ""),
            is_unasked=not self.is_open(fields["To"]),
        )
        person = self.people.person(message.to)
        code = self.limits.check(person, message, self.now())
        code = self.failure_for(person) or code
        if content and not code:
            code, why = trouble(content, seen, values)
            if code:
                self.limits.note_shape(why, message)
        code = code or self._window_code(message, person, bool(content and content.is_approved))
        known = {heard.sender for heard in self.heard.values()} - {message.to}
        others = (each for each in known if self.people.person(each) != person)
        self.limits.check_numbers(message, others)
        self.messages.append(message)
        self.follow(message, code)
        return message

    def _window_code(self, message: Sent, person: str, is_approved: bool) -> int:
        """Outside the window only an approved template may go."""
        if not message.is_unasked or is_approved:
            return 0
        if not self._was_heard(person):
            self.limits.note_window(message)
        return 63016

    def _all(self) -> list[Sent | Heard]:
        return [*self.messages, *self.heard.values()]

    def _message(self, sid: str) -> Sent | Heard:
        found = [each for each in self._all() if each.sid == sid]
        if not found:
            raise TwilioError(404, 20404, "The requested resource was not found")
        return found[0]

    def _to_file(self, sid: str) -> Response:
        host = self.media_host or self.base_url
        return RedirectResponse(f"{host}/cdn/{self.medium_name(sid)}", 307)

    def _fail_on_demand(self, name: str) -> None:
        for place, (wanted, error) in enumerate(self._call_faults):
            if wanted == name:
                del self._call_faults[place]
                raise error

    def _check_access(self, request: Request) -> None:
        account = re.search(r"/Accounts/(AC[0-9a-fA-F]{32})", request.url.path)
        is_other = account is not None and account[1] != self.account_sid
        if request.headers.get("authorization", "") != self.authorization or is_other:
            raise TwilioError(401, 20003, "Authenticate")


async def _fields_of(request: Request) -> list[tuple[str, str]]:
    is_form = "form" in request.headers.get("content-type", "") and request.method == "POST"
    if not is_form:
        return [(name, str(value)) for name, value in request.query_params.multi_items()]
    return [(name, str(value)) for name, value in (await request.form()).multi_items()]
