"""How does a request travel to Telegram with little work? Every answer of the bot is one.

The library's own client takes longer over a request than we take over what it carries. So
requests without files go through another one, and look the same to the library: the same data,
the same errors.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": BaseRequest.USER_AGENT,
}
_DEFAULT = BaseRequest.DEFAULT_NONE


class LightRequest(HTTPXRequest):
    """The library's client for files, and a light one for the rest. Times in seconds."""

    def __init__(self, connections: int, seconds: float, connect_seconds: float) -> None:
        super().__init__(
            connection_pool_size=connections,
            read_timeout=seconds,
            write_timeout=seconds,
            connect_timeout=connect_seconds,
            pool_timeout=seconds,
        )
        self._connections = connections
        self._connect_seconds = connect_seconds
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def shutdown(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await super().shutdown()

    async def do_request(  # noqa: PLR0913, PLR0917 -- the library calls it so
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = _DEFAULT,
        write_timeout: Any = _DEFAULT,
        connect_timeout: Any = _DEFAULT,
        pool_timeout: Any = _DEFAULT,
    ) -> tuple[int, bytes]:
        """The status and the body.

        The cause of an error is ``httpx.ConnectError`` or ``httpx.ConnectTimeout`` when nothing
        was sent; that of any other is hidden, because it may know the address with the token.

        Raises:
            TimedOut: no answer in time.
            NetworkError: no answer at all.
        """
        if method != "POST" or (request_data is not None and request_data.contains_files):
            times = (read_timeout, write_timeout, connect_timeout, pool_timeout)
            return await super().do_request(url, method, request_data, *times)
        form = urlencode(request_data.json_parameters if request_data else {}).encode()
        seconds = self._seconds if read_timeout is _DEFAULT else read_timeout
        try:
            return await self._post(url, form, seconds)
        except aiohttp.ConnectionTimeoutError:
            raise TimedOut from httpx.ConnectTimeout("")
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientConnectorError as error:
            raise NetworkError(type(error).__name__) from httpx.ConnectError("")
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from None

    async def _post(self, url: str, form: bytes, seconds: float | None) -> tuple[int, bytes]:
        if self._session is None:  # not before: it belongs to the loop that runs
            self._session = self._open()
        limit = aiohttp.ClientTimeout(connect=self._connect_seconds, sock_read=seconds)
        asked = self._session.post(
            url, data=form, headers=_HEADERS, timeout=limit, allow_redirects=False
        )
        async with asked as answer:
            return answer.status, await answer.read()

    def _open(self) -> aiohttp.ClientSession:
        # whom the library's own client would trust, and the proxy that it would use
        pool = aiohttp.TCPConnector(limit=self._connections, ssl=httpx.create_ssl_context())
        return aiohttp.ClientSession(
            connector=pool, trust_env=True, cookie_jar=aiohttp.DummyCookieJar()
        )
