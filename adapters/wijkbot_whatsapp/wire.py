"""How do bytes travel to Twilio's services and back, within a limit in time?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]

from wijkbot_whatsapp.options import API_BASE_URL

AT_ONCE = 16
"""So many calls are under way at once."""

SOCKET_SECONDS = 8.0
_SERVICES = (API_BASE_URL, "https://content.twilio.com", "https://messaging.twilio.com")
_HOSTS_OF_MEDIA = (".twilio.com", ".twiliocdn.com")
_MAX_REDIRECTS = 3
_CHUNK = 65_536

# Both write addresses, and one also bodies, into their lines.
for _name in ("twilio.http_client", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class ForeignAddress(ValueError):
    """An answer pointed elsewhere: the account's secret does not go there."""


class Wire(TwilioHttpClient):  # type: ignore[misc]
    """The library's own client, with a limit in time and addresses that can be another's.

    No request is ever repeated by itself: what was sent twice would arrive twice.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=SOCKET_SECONDS)
        self._base_url = base_url
        self._own = requests.Session() if self.session is None else self.session
        for scheme in ("https://", "http://"):
            self._own.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=0))
        # A proxy of the machine is for the way out, not for a server of one's own.
        self._own.trust_env = base_url == API_BASE_URL

    def request(self, method: str, url: str, *args: Any, **named: Any) -> Response:
        """Send a request, to the configured server; raises ``ForeignAddress`` for any other."""
        address = self.at_server(url)
        if not _is_below(address, (self._base_url, *_SERVICES)):
            raise ForeignAddress
        return super().request(method, address, *args, **named)

    def at_server(self, url: str) -> str:
        """The address at the configured server of what Twilio has at one of its own."""
        if self._base_url == API_BASE_URL:
            return url
        for service in _SERVICES:
            if url.startswith(f"{service}/"):
                return self._base_url + url.removeprefix(service)
        return url

    def download(
        self, url: str, auth: tuple[str, str], is_wanted: Callable[[str], bool], most: int
    ) -> bytes | None:
        """A file of at most ``most`` bytes and of a wanted type; None when it is not to be had.

        The account's secret goes to the API only, never along with a redirect.
        """
        own = urlsplit(self._base_url)
        url = self.at_server(url)
        for redirects in range(_MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
            host = parts.hostname or ""
            if not is_own and not (parts.scheme == "https" and host.endswith(_HOSTS_OF_MEDIA)):
                return None
            with self._get(url, auth if is_own and not redirects else None) as answer:
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["location"])
                    continue
                kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
                return _capped(answer, most) if answer.ok and is_wanted(kind) else None
        return None

    def _get(self, url: str, auth: tuple[str, str] | None) -> requests.Response:
        return self._own.get(
            url, auth=auth, stream=True, timeout=SOCKET_SECONDS, allow_redirects=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._own.close()


def _is_below(url: str, bases: tuple[str, ...]) -> bool:
    return any(url.startswith(f"{base}/") for base in bases)


def _capped(answer: requests.Response, most: int) -> bytes | None:
    """All of it; None when it is too large, or comes so slowly that nobody waits any more."""
    taken, until = bytearray(), monotonic() + SOCKET_SECONDS
    for chunk in answer.iter_content(_CHUNK):
        taken += chunk
        if len(taken) > most or monotonic() > until:
            return None
    return bytes(taken)
