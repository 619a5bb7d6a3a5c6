"""What does the local Twilio remember, and how does it show that in JSON?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

WINDOW_HOURS = 24


class TwilioError(Exception):
    """A refusal: the HTTP status, and Twilio's own code."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def new_sid(kind: str = "SM") -> str:
    """A sid as Twilio makes them."""
    return f"{kind}{uuid4().hex}"


@dataclass(frozen=True)
class Call:
    """One request to the API. ``fields`` are those of its form, or else of its query."""

    method: str
    path: str
    fields: dict[str, str]


@dataclass
class Fault:
    """What goes wrong at the next message: a refusal, or ``seconds`` and then no answer."""

    error: TwilioError | None = None
    takes: bool = True
    seconds: float | None = None


@dataclass(frozen=True)
class Shown:
    """What a resident sees: the text, and what can be tapped as (id, title)."""

    body: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()


@dataclass
class Sent:
    """One message of the bot. ``status`` is how far it has come, ``ranks`` all it has been.

    ``content_sid`` and ``name`` are those of the content that it was made of, if it was.
    ``is_unasked``: it went outside the 24 hours.
    """

    to: str
    sender: str
    body: str
    at: datetime
    callback: str = ""
    sid: str = field(default_factory=new_sid)
    status: str = "queued"
    code: int | None = None
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    content_sid: str = ""
    name: str = ""
    variables: str = ""
    validity: str = ""
    is_unasked: bool = False

    @property
    def is_template(self) -> bool:
        """Did approved content open the talk?"""
        return self.is_unasked and bool(self.content_sid)

    def as_json(self, account: str) -> dict[str, Any]:
        shown = _message(account, self.sid, self.sender, self.to, self.body, self.at)
        return shown | {
            "status": self.status,
            "error_code": self.code,
            "error_message": None if self.code is None else "See the error code",
        }


@dataclass(frozen=True)
class Heard:
    """One message of a resident, as Twilio keeps it: also one that never reached the bot."""

    sid: str
    sender: str
    to: str
    body: str
    at: datetime
    media: tuple[str, ...] = ()

    def as_json(self, account: str) -> dict[str, Any]:
        shown = _message(account, self.sid, self.sender, self.to, self.body, self.at)
        media = {"num_media": str(len(self.media))}
        return shown | {"status": "received", "direction": "inbound", **media}


def _message(
    account: str, sid: str, sender: str, to: str, body: str, at: datetime
) -> dict[str, Any]:
    path = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "sid": sid,
        "account_sid": account,
        "messaging_service_sid": None,
        "to": to,
        "from": sender,
        "body": body,
        "error_code": None,
        "error_message": None,
        "direction": "outbound-api",
        "date_created": format_datetime(at),
        "date_updated": format_datetime(at),
        "date_sent": format_datetime(at),
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"{path}.json",
        "subresource_uris": {"media": f"{path}/Media.json"},
    }


def listing(
    messages: Sequence[Sent | Heard], asked: Mapping[str, str], account: str
) -> dict[str, Any]:
    """One page of messages, newest first."""
    since, until = _moment(asked, "DateSent>"), _moment(asked, "DateSent<")
    found = [
        message.as_json(account)
        for message in sorted(messages, key=lambda each: each.at, reverse=True)
        if asked.get("To", message.to) == message.to
        and asked.get("From", message.sender) == message.sender
        and (since is None or message.at.replace(microsecond=0) >= since)
        and (until is None or message.at.replace(microsecond=0) <= until)
    ]
    size, page = int(asked.get("PageSize", "50")), int(asked.get("Page", "0"))
    shown = found[page * size : (page + 1) * size]
    rest = "".join(f"&{k.replace('>', '%3E')}={v}" for k, v in asked.items() if k != "Page")
    path = f"/2010-04-01/Accounts/{account}/Messages.json"
    more = f"{path}?Page={page + 1}{rest}".replace("+", "%2B")
    return {
        "messages": shown,
        "page": page,
        "page_size": size,
        "next_page_uri": more if (page + 1) * size < len(found) else None,
    }


def _moment(asked: Mapping[str, str], name: str) -> datetime | None:
    if name not in asked:
        return None
    found = datetime.fromisoformat(asked[name]).replace(microsecond=0)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Broken(Response):
    """Promises more than it gives, so that the connection breaks off."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def broken() -> Response:
    """An answer that never becomes whole."""
    return Broken()
