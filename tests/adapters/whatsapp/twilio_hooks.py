"""How do webhooks come from Twilio? Signed over the public address, and again if need be."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

_PAUSE = 0.3
"""Seconds between two tries of one webhook."""


class Hooks:
    """The account, and the way to the webhooks of its channel.

    ``authorization`` is what a call must show. Webhooks are signed with the vendor's own signer
    over the public address and posted to the loopback one.
    """

    def __init__(
        self, account_sid: str, auth_token: str, sender: str, now: Callable[[], datetime]
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.sender = sender
        self.now = now
        self.authorization = f"Basic {b64encode(f'{account_sid}:{auth_token}'.encode()).decode()}"
        self._hook_base = ""
        self._public_base = ""
        self._client: httpx.AsyncClient | None = None
        self._changed = asyncio.Event()

    def connect(self, hook_base: str, public_base: str) -> None:
        """Where the channel's webhooks are (``…/hooks/<channel>``), and what they are called.

        ``hook_base`` is the loopback address, ``public_base`` the one under ``public_url``.
        """
        self._hook_base = hook_base.rstrip("/")
        self._public_base = public_base.rstrip("/")

    @property
    def public_base(self) -> str:
        """Below which public address the webhooks are."""
        return self._public_base

    async def post(
        self,
        public_url: str,
        form: Mapping[str, str],
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Post a signed form once; with another ``token`` the signature is wrong."""
        address = public_url.partition("#")[0]
        signed = RequestValidator(token or self.auth_token)
        url = address.replace(self._public_base, self._hook_base, 1)
        shown = {
            "X-Twilio-Signature": signed.compute_signature(address, dict(form)),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": str(uuid4()),
            **(headers or {}),
        }
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=15, trust_env=False)
        return await self._client.post(url, content=urlencode(form).encode(), headers=shown)

    async def bring(self, public_url: str, form: Mapping[str, str]) -> int:
        """Post as Twilio does: again when nobody answers; gives the status, 0 for none.

        The fragment says how often (``#rc=5``) and when (``rp=all``: after a bad answer too).
        """
        asked = parse_qs(urlsplit(public_url).fragment)
        tries = 1 + int(asked.get("rc", ["1"])[0])
        is_all = asked.get("rp", [""])[0] == "all"
        same = {"I-Twilio-Idempotency-Token": str(uuid4())}
        status = 0
        for number in range(tries):
            if number:
                await asyncio.sleep(_PAUSE)
            try:
                status = (await self.post(public_url, form, headers=same)).status_code
            except httpx.HTTPError:
                status = 0
            if 0 < status < 500 or (status and not is_all):
                break
        return status

    async def close(self) -> None:
        """Bring nothing more."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def until(self, is_so: Callable[[], bool], seconds: float = 15) -> None:
        """Until something is so; it is looked at whenever something changes here."""
        async with asyncio.timeout(seconds):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
