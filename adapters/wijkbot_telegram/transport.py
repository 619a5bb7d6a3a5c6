"""How does one request reach Telegram, and what becomes of it when something goes wrong?

In the place of the library's own transport, which takes several times as much processor time.
The token is part of every address, and aiohttp tells addresses in its errors: an error leaves
here as one of the library's, with the name of what happened and without what led to it.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from functools import cache
from io import BytesIO
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from wijkbot_telegram.errors import NotSent, NotTelegram, is_of_telegram

KEPT_SECONDS = 15.0
"""A rest after which a connection is not used again: shorter than what servers, proxies and
routers allow. What is sent into one that they forgot has an unknown fate."""
_WHOLE_SECONDS = 55.0
"""Longer than a poll, shorter than the minute after which the house takes a send for lost."""
_TURNS = 2
"""In the first the loop hears which connections were closed by now, in the second it drops them:
what is sent into one of those would have an unknown fate as well."""
_WELL = range(200, 300)
_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,  # also when no connection came free
    aiohttp.ClientHttpProxyError,  # the proxy makes no way to Telegram
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

# These write addresses, ids and texts into their lines.
for _name in ("aiohttp", "httpx", "httpcore", "telegram"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Transport(BaseRequest):
    """At most so many connections at once; closed means closed until ``initialize``.

    ``write_timeout`` is not obeyed: aiohttp has none, but the whole request has an end.
    """

    def __init__(
        self, connections: int, *, read_seconds: float, connect_seconds: float, pool_seconds: float
    ) -> None:
        self._connections = connections
        self._read, self._connect, self._pool = read_seconds, connect_seconds, pool_seconds
        self._usual = _timeouts(read_seconds, connect_seconds, pool_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False
        self._proxies: dict[tuple[str, str], str | None] = {}

    @property
    def read_timeout(self) -> float | None:
        """Seconds without a byte after which an answer is given up."""
        return self._read

    async def initialize(self) -> None:
        """Open again."""
        self._is_closed = False

    async def shutdown(self) -> None:
        """Close all connections."""
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        *_: Any,
        **seconds: Any,
    ) -> tuple[int, bytes]:
        """The code and body of the answer; the library calls this with names alone.

        A proxy's page of 403 is no refusal of Telegram, and one of 404 no wrong token.
        """
        try:
            async with asyncio.timeout(_WHOLE_SECONDS):
                code, answer = await self._ask(url, method, request_data, self._limits(seconds))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it may tell the address
            trouble = _told(error)
        else:
            if code in _WELL or is_of_telegram(answer):
                return code, answer
            trouble = NotTelegram(code)
        raise trouble

    async def _ask(
        self, url: str, method: str, data: RequestData | None, limits: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        """Goes nowhere else, and once; aiohttp asks by itself again only for a file (GET)."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        body, headers = _body(data)
        async with self._opened().request(
            method,
            url,
            data=body,
            headers=headers,
            proxy=self._proxy(url),
            timeout=limits,
            allow_redirects=False,
        ) as answer:
            return answer.status, await answer.read()

    def _opened(self) -> aiohttp.ClientSession:
        """The session, which belongs to the loop of the first request."""
        if self._is_closed:
            raise NotSent("Closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=KEPT_SECONDS, ssl=_certificates()
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                # Answers are short: to unpack them takes longer than to read them.
                headers={"User-Agent": self.USER_AGENT, "Accept-Encoding": "identity"},
            )
        return self._session

    def _limits(self, seconds: dict[str, Any]) -> aiohttp.ClientTimeout:
        """What was not given is as usual; ``None`` is without an end of its own."""
        usual = {"read": self._read, "connect": self._connect, "pool": self._pool}
        given = {
            name: seconds[f"{name}_timeout"]
            for name in usual
            if seconds.get(f"{name}_timeout", self.DEFAULT_NONE) is not self.DEFAULT_NONE
        }
        return _timeouts(**(usual | given)) if given else self._usual

    def _proxy(self, url: str) -> str | None:
        """The proxy that the environment names; aiohttp would ask for it each time."""
        scheme, _, host = url.split("/", 3)[:3]
        place = (scheme.removesuffix(":"), host)
        if place not in self._proxies:
            self._proxies[place] = _proxy_for(*place)
        return self._proxies[place]


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to believe that they are Telegram: as everywhere else in the house."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _proxy_for(scheme: str, host: str) -> str | None:
    named = getproxies()
    proxy = named.get(scheme) or named.get("all")
    if not proxy or proxy_bypass(host):
        return None
    kind, found, _ = proxy.partition("://")
    if found and kind.lower() not in {"http", "https"}:
        raise NotSent("ProxyOfAnotherKind")  # it would be spoken to in a language it cannot read
    return proxy if found else f"http://{proxy}"


def _timeouts(
    read: float | None, connect: float | None, pool: float | None
) -> aiohttp.ClientTimeout:
    """aiohttp counts the wait for a free connection together with the making of one."""
    both = None if connect is None or pool is None else connect + pool
    return aiohttp.ClientTimeout(connect=both, sock_connect=connect, sock_read=read)


def _body(data: RequestData | None) -> tuple[Any, dict[str, str] | None]:
    """What to send and what it is; files go in parts."""
    if data is None:
        return None, None
    if not data.contains_files:
        return data.url_encoded_parameters().encode(), _FORM
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        readable = BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, readable, filename=filename, content_type=kind)
    return form, None


def _told(error: Exception) -> TelegramError:
    """The same in the library's words."""
    if isinstance(error, TelegramError):
        return error
    name = type(error).__name__
    if isinstance(error, _BEFORE_SENDING):
        return NotSent(name)
    if isinstance(error, TimeoutError):
        return TimedOut()
    return NetworkError(name)
