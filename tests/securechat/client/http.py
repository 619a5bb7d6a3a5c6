"""How does the client talk to a server? (docs/secure-chat-api.md)"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from tests.securechat.client.crypto import member_keys
from tests.securechat.client.encoding import b64, unb64


class Answered(Exception):
    """The server refused: ``status``, ``code`` and all it said."""

    def __init__(self, status: int, said: dict[str, Any]) -> None:
        super().__init__(f"{status} {said}")
        self.status, self.said = status, said
        self.code = said.get("error", "")


def _open(answer: httpx.Response) -> Any:
    if answer.status_code >= 400:
        try:
            said = answer.json()
        except ValueError:
            said = {}
        raise Answered(answer.status_code, said if isinstance(said, dict) else {})
    if answer.headers.get("content-type", "").startswith("application/json"):
        return answer.json()
    return answer.content


@dataclass
class Http:
    """One browser tab at one server."""

    base_url: str
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = httpx.AsyncClient(base_url=self.base_url, timeout=40)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.client.aclose()

    async def get(self, path: str, **params: int | str) -> Any:
        """The answer of a GET, or Answered."""
        return _open(await self.client.get(path, params=params, headers=self.headers))

    async def send(self, method: str, path: str, json: Any = None) -> Any:
        """The answer of a request with JSON, or Answered."""
        return _open(await self.client.request(method, path, json=json, headers=self.headers))

    async def post(self, path: str, json: Any = None) -> Any:
        """The answer of a POST, or Answered."""
        return await self.send("POST", path, json)

    async def put_blob(self, path: str, blob: bytes) -> Any:
        """Put a sealed photo."""
        headers = {**self.headers, "Content-Type": "application/octet-stream"}
        return _open(await self.client.put(path, content=blob, headers=headers))


class ResidentHttp(Http):
    """A resident: a bearer token, no cookie."""

    def hold(self, token: str) -> None:
        """From now on with this token."""
        self.headers["Authorization"] = f"Bearer {token}"


class WorkerHttp(Http):
    """A worker: a cookie, and ``X-WB-CSRF`` with everything that changes something."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.headers["Origin"] = self.base_url

    def hold(self, csrf: str) -> None:
        """From now on with this word."""
        self.headers["X-WB-CSRF"] = csrf

    async def login(self, name: str, password: str, code: str | None = None) -> None:
        """Come in, or Answered."""
        salted = await self.post("/api/w/salt", {"name": name})
        _kek, login = member_keys(password, unb64(salted["salt"], 16))
        asked = {"name": name, "login": b64(login)}
        if code is not None:
            asked["code"] = code
        answer = await self.post("/api/w/login", asked)
        self.hold(answer["csrf"])


def totp(secret: str, now: int) -> str:
    """Six digits of RFC 6238: SHA-1, 30 seconds; ``secret`` is base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, (now // 30).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"
