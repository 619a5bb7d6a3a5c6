"""How do requests reach Twilio? The only file here that knows the network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client as TwilioClient  # type: ignore[import-untyped]
from urllib3.exceptions import NewConnectionError

from wijkbot_whatsapp.options import API_BASE_URL, Options
from wijkbot_whatsapp.outgoing import Post

CALL_SECONDS = 10.0
"""How long one call may take; the socket's own limit is shorter, so that its thread ends."""

MAX_MEDIA = 16 * 1024 * 1024
_SOCKET_SECONDS = 8.0
_MAX_REDIRECTS = 3
_CHUNK = 65_536
_RECENT = 50
_HOSTS_OF_MEDIA = (".twilio.com", ".twiliocdn.com")

# Both write addresses, and one also bodies, into their lines.
for _name in ("twilio.http_client", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

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


class Client:
    """One account at Twilio. Every method ends within ``CALL_SECONDS``.

    Methods raise one of ``Failed`` or else of ``Unclear``; ``Stopped`` after ``close``.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._http = _Http(options.api_base_url)
        self._twilio = TwilioClient(
            options.account_sid, options.auth_token, http_client=self._http
        )
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="twilio")
        self._is_closed = False

    async def close(self) -> None:
        """Close all connections; a call that hangs ends by its own limit."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    async def create(self, post: Post) -> str:
        """Hand one message to Twilio and give its sid."""

        def call() -> str:
            made = self._twilio.messages.create(
                to=post.to,
                from_=self._options.sender,
                body=post.body,
                validity_period=post.validity,
                status_callback=f"{self._options.hooks_url}/status",
            )
            return str(made.sid)

        return await self._within(call)

    async def find(self, post: Post, since: datetime) -> tuple[str, ...]:
        """The sids of messages with this text to this address since then, newest first."""

        def call() -> tuple[str, ...]:
            listed = self._twilio.messages.list(
                to=post.to, from_=self._options.sender, date_sent_after=since, limit=_RECENT
            )
            return tuple(str(each.sid) for each in listed if each.body == post.body)

        return await self._within(call)

    async def status(self) -> str:
        """The standing of the account, in Twilio's words: "active" is well."""

        def call() -> str:
            return str(self._twilio.api.accounts(self._options.account_sid).fetch().status)

        return await self._within(call)

    async def download(self, url: str) -> bytes | None:
        """The bytes of a medium; None when it is not Twilio's, too large or not there."""
        return await self._within(lambda: self._download(url))

    async def _within(self, call: Callable[[], _T]) -> _T:
        if self._is_closed:
            raise Stopped
        async with asyncio.timeout(CALL_SECONDS):
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _download(self, url: str) -> bytes | None:
        own = urlsplit(self._options.api_base_url)
        url = self._http.at_server(url)
        for redirects in range(_MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
            host = parts.hostname or ""
            if not is_own and not (parts.scheme == "https" and host.endswith(_HOSTS_OF_MEDIA)):
                return None
            # The account's secret goes to the API only, never along with a redirect.
            auth = self._auth() if is_own and not redirects else None
            answer = self._http.get(url, auth)
            with answer:
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["location"])
                    continue
                return _capped(answer) if answer.ok else None
        return None

    def _auth(self) -> tuple[str, str]:
        return self._options.account_sid, self._options.auth_token


class _Http(TwilioHttpClient):  # type: ignore[misc]
    """The library's own client, with a limit in time and an address that can be another's."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=_SOCKET_SECONDS)
        self._base_url = base_url
        self._own = requests.Session() if self.session is None else self.session
        # A proxy of the machine is for the way out, not for a server of one's own.
        self._own.trust_env = base_url == API_BASE_URL

    def request(self, method: str, url: str, *args: Any, **named: Any) -> Response:
        """Send a request, to the configured server."""
        return super().request(method, self.at_server(url), *args, **named)

    def at_server(self, url: str) -> str:
        """The address at the configured server of what Twilio has at its own."""
        if url.startswith(f"{API_BASE_URL}/"):
            return self._base_url + url.removeprefix(API_BASE_URL)
        return url

    def get(self, url: str, auth: tuple[str, str] | None) -> requests.Response:
        """Begin to fetch an address, without following where it points."""
        return self._own.get(
            url, auth=auth, stream=True, timeout=_SOCKET_SECONDS, allow_redirects=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._own.close()


def did_not_leave(error: requests.RequestException) -> bool:
    """Is it certain that the request never reached the server?"""
    if isinstance(error, (requests.ConnectTimeout, Stopped)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _capped(answer: requests.Response) -> bytes | None:
    taken = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        taken += chunk
        if len(taken) > MAX_MEDIA:
            return None
    return bytes(taken)
