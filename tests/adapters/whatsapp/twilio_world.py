"""What does the local Twilio remember, and how does it show that in JSON?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.adapters.whatsapp.twilio_rules import TwilioError


def new_sid() -> str:
    """A sid as Twilio makes them."""
    return f"SM{uuid4().hex}"


@dataclass(frozen=True)
class Call:
    """One request to the API."""

    method: str
    path: str
    fields: dict[str, str]


@dataclass
class Fault:
    """What goes wrong at the next message: a refusal, or ``seconds`` and then no answer."""

    error: TwilioError | None = None
    takes: bool = True
    seconds: float | None = None


@dataclass
class Sent:
    """One message of the bot. ``status`` is how far it has come."""

    to: str
    sender: str
    body: str
    at: datetime
    callback: str = ""
    sid: str = field(default_factory=new_sid)
    status: str = "queued"
    code: int | None = None

    def as_json(self, account: str) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": account,
            "to": self.to,
            "from": self.sender,
            "body": self.body,
            "status": self.status,
            "error_code": self.code,
            "direction": "outbound-api",
            "date_created": format_datetime(self.at),
            "date_updated": format_datetime(self.at),
            "date_sent": format_datetime(self.at),
            "num_segments": "1",
            "num_media": "0",
            "uri": f"/2010-04-01/Accounts/{account}/Messages/{self.sid}.json",
        }


def listing(messages: Sequence[Sent], asked: Mapping[str, str], account: str) -> dict[str, Any]:
    """One page of messages, newest first."""
    since = datetime.fromisoformat(asked["DateSent>"]) if "DateSent>" in asked else None
    found = [
        message.as_json(account)
        for message in reversed(messages)
        if asked.get("To", message.to) == message.to
        and asked.get("From", message.sender) == message.sender
        and (since is None or message.at >= since)
    ]
    return {"messages": found, "page": 0, "page_size": len(found), "next_page_uri": None}


class Broken(Response):
    """Promises more than it gives, so that the connection breaks off."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def broken() -> Response:
    """An answer that never becomes whole."""
    return Broken()
