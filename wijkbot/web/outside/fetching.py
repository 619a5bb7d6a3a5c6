"""How is something fetched from a server that nobody trusts? Never too much, never too long."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx

SECONDS = 20.0
"""One answer may take so long, all of it."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# As an ordinary browser asks, so that whoever checks is not easily told from a resident.
_ASKING = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "*/*",
    "Accept-Language": "nl,en;q=0.5",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True)
class Got:
    """An answer; ``trouble`` says why there is none, or not all of it."""

    url: str
    status: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    trouble: str = ""

    @property
    def leads_to(self) -> str:
        """Where a redirect leads; "" when it is none."""
        if not self.headers.get("location") or self.status not in {301, 302, 303, 307, 308}:
            return ""
        try:
            return str(httpx.URL(self.url).join(self.headers["location"]))
        except (httpx.InvalidURL, ValueError):
            return "an address that is none"


def origin_of(url: str) -> str:
    """Scheme, host and port (without the usual one) of an address; "" when it is none."""
    try:
        parts = urlsplit(url)
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port not in {None, usual} else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}{port}"


def joined(url: str, link: str) -> str:
    """Where a link of a page leads; "" when that is no address."""
    try:
        return urljoin(url, link)
    except ValueError:
        return ""


def is_safe(url: str) -> bool:
    """Https, or this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def browserlike() -> httpx.AsyncClient:
    """What asks: no cookies, no redirects followed."""
    return httpx.AsyncClient(headers=_ASKING, timeout=SECONDS, follow_redirects=False)


async def fetch(
    client: httpx.AsyncClient,
    url: str,
    most: int,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> Got:
    """The answer, of which at most so many bytes are read; every fault is in ``trouble``."""
    client.cookies.clear()
    try:
        async with (
            asyncio.timeout(SECONDS),
            client.stream(method, url, headers=dict(headers or {})) as answer,
        ):
            body = bytearray()
            async for part in answer.aiter_bytes(16_384):
                body += part
                if len(body) > most:
                    trouble = f"it is larger than {most} bytes"
                    return Got(url, answer.status_code, answer.headers, b"", trouble)
            return Got(url, answer.status_code, answer.headers, bytes(body))
    except TimeoutError:
        return Got(url, trouble=f"no whole answer within {SECONDS:.0f} seconds")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Got(url, trouble=f"no answer ({type(error).__name__}: {error})")
