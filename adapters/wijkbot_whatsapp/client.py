"""How are Twilio's services asked for something? Each call through its library, in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.rest import Client as TwilioClient  # type: ignore[import-untyped]
from twilio.rest.content.v1.content import ContentList  # type: ignore[import-untyped]
from urllib3.exceptions import NewConnectionError

from wijkbot_whatsapp.options import RETRIES, Options
from wijkbot_whatsapp.outgoing import Post
from wijkbot_whatsapp.stock import Content, content_from
from wijkbot_whatsapp.wire import AT_ONCE, Wire

CALL_SECONDS = 10.0
"""How long one call may take; the socket's own limit is shorter, so that its thread ends."""

MAX_MEDIA = 16 * 1024 * 1024
MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
"""What may be fetched: nothing here reads a file, a film or a voice."""

_RECENT = 50
_PAGE = 200
_MOST_PAGES = 50
_SPARE_THREADS = 8
"""A call that ran out of time may hold its thread a little longer than its turn."""

_T = TypeVar("_T")

Failed = (TwilioRestException, TwilioServiceException)
"""An answer of Twilio that says no: it has ``status`` and ``code``."""

Unclear = (
    TwilioException,  # a page that was refused
    requests.RequestException,
    TimeoutError,
    AttributeError,  # JSON of another shape than Twilio's
    LookupError,
    TypeError,
    ValueError,
)
"""All the ways in which there is no answer, or one that is not Twilio's."""


class Stopped(requests.ConnectionError):
    """The client was closed: nothing left."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message of a resident as Twilio lists it: without button, opt-out or place."""

    sid: str
    sender: str
    body: str
    media: int
    at: datetime


class Client:
    """One account at Twilio. Every call ends within ``CALL_SECONDS`` of its turn.

    Methods raise one of ``Failed`` or else of ``Unclear``; ``Stopped`` after ``close``.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._wire = Wire(options.api_base_url)
        self._twilio = TwilioClient(
            options.account_sid, options.auth_token, http_client=self._wire
        )
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE + _SPARE_THREADS, thread_name_prefix="twilio")
        self._is_closed = False

    async def close(self) -> None:
        """Close all connections; a call that hangs ends by its own limit."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._wire.close()

    async def create(self, post: Post) -> str:
        """Hand one message to Twilio and give its sid."""
        what: dict[str, Any] = {"body": post.body}
        if post.content:
            what = {"content_sid": post.content, "content_variables": post.variables}

        def call() -> str:
            made = self._twilio.messages.create(
                to=post.to,
                from_=self._options.sender,
                validity_period=post.validity,
                status_callback=f"{self._options.hooks_url}/status{RETRIES}",
                **what,
            )
            return str(made.sid)

        return await self._within(call)

    async def find(self, post: Post, since: datetime) -> tuple[str, ...]:
        """The sids of messages with this text to this address since then, newest first."""

        def call() -> tuple[str, ...]:
            listed = self._twilio.messages.list(
                to=post.to, from_=self._options.sender, date_sent_after=since, limit=_RECENT
            )
            return tuple(
                str(each.sid)
                for each in listed
                if each.body == post.body
                # Twilio's own filter may look at the day only
                and (each.date_created is None or each.date_created >= since)
            )

        return await self._within(call)

    async def inbound(self, since: datetime) -> list[Arrived]:
        """What residents sent since then, oldest first; each page is a call of its own."""
        listed = await self._all(
            lambda: self._twilio.messages.page(
                to=self._options.sender,
                date_sent_after=since.astimezone(UTC),
                page_size=_PAGE,
            )
        )
        arrived = [_arrived(each) for each in listed]
        return sorted((each for each in arrived if each.at >= since), key=lambda each: each.at)

    async def contents(self) -> list[Content]:
        """All texts with places that the account has, and how far WhatsApp is with each."""
        kept = self._twilio.content.v1.content_and_approvals
        return [content_from(each) for each in await self._all(lambda: kept.page(page_size=_PAGE))]

    async def make_content(self, asked: dict[str, Any]) -> str:
        """Make a text with places, and give its sid."""
        request = ContentList.ContentCreateRequest(asked)
        return await self._within(
            lambda: str(self._twilio.content.v1.contents.create(request).sid)
        )

    async def status(self) -> str:
        """The standing of the account, in Twilio's words: "active" is well."""

        def call() -> str:
            return str(self._twilio.api.accounts(self._options.account_sid).fetch().status)

        return await self._within(call)

    async def download(self, url: str) -> bytes | None:
        """The bytes of a medium; None when it is not Twilio's, too large or of another type."""
        auth = (self._options.account_sid, self._options.auth_token)
        return await self._within(
            lambda: self._wire.download(url, auth, MEDIA_TYPES.__contains__, MAX_MEDIA)
        )

    async def media_of(self, message: str) -> list[tuple[str, str]]:
        """(sid, type) of each medium of a message."""

        def call() -> list[tuple[str, str]]:
            listed = self._twilio.messages(message).media.list(limit=_RECENT)
            return [(str(each.sid), str(each.content_type or "")) for each in listed]

        return await self._within(call)

    async def erase(self, message: str, medium: str) -> None:
        """Take a medium away from Twilio; one that is gone already is fine."""

        def call() -> None:
            self._twilio.messages(message).media(medium).delete()

        try:
            await self._within(call)
        except Failed as error:
            if error.status != requests.codes.not_found:
                raise

    async def _all(self, first: Callable[[], Any]) -> list[Any]:
        found: list[Any] = []
        page = await self._within(first)
        for _ in range(_MOST_PAGES):
            if page is None:
                break
            found += list(page)
            page = await self._within(page.next_page)
        return found

    async def _within(self, call: Callable[[], _T]) -> _T:
        if self._is_closed:
            raise Stopped
        # Waiting for a turn does not count: who gets no thread in time would be sent twice.
        async with self._turns:
            if self._is_closed:
                raise Stopped
            async with asyncio.timeout(CALL_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def did_not_leave(error: requests.RequestException) -> bool:
    """Is it certain that the request never reached the server?"""
    if isinstance(error, (requests.ConnectTimeout, Stopped)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _arrived(listed: Any) -> Arrived:
    at = listed.date_sent or listed.date_created
    return Arrived(
        sid=str(listed.sid),
        sender=str(listed.from_ or ""),
        body=str(listed.body or ""),
        media=int(listed.num_media or 0),
        at=at if isinstance(at, datetime) else datetime.fromtimestamp(0, UTC),
    )
