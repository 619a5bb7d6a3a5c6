"""Whom may we write to now? WhatsApp lets us answer until 24 hours after the last message."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from wijkbot.adapter_api import Port

WINDOW = timedelta(hours=24)
_NAME = "windows"
_KEEP_STEP = timedelta(minutes=10)
"""A chatty resident is written down once in this time: a restart may only shorten a window."""

_log = structlog.get_logger()


class Windows:
    """When each resident wrote last: in memory, and kept by the house over a restart.

    No address is kept, only a hash keyed with the account's token. Without a port (a process
    that was not started) nothing is known, and Twilio itself is the judge.
    """

    def __init__(self, channel: str, token: str) -> None:
        self._channel = channel
        self._token = token.encode()
        self._port: Port | None = None
        self._last: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}
        self._turn = asyncio.Lock()

    @property
    def is_known(self) -> bool:
        """Was it recalled?"""
        return self._port is not None

    async def recall(self, port: Port) -> None:
        """From now on use this port; raises when the house is away."""
        self._port = port
        self._merge(await port.kept(_NAME))

    async def heard(self, address: str, now: datetime) -> None:
        """A resident wrote: the window is open from now on, also when keeping fails."""
        key = self._key(address)
        self._last[key] = now
        if now - self._written.get(key, now - WINDOW) >= _KEEP_STEP:
            await self._keep(now)

    async def is_open(self, address: str, now: datetime) -> bool:
        """May we write to this address now?"""
        if self._port is None:
            return True
        key = self._key(address)
        if self._is_open(key, now):
            return True
        # Another process may have heard from this resident.
        try:
            self._merge(await self._port.kept(_NAME))
        except Exception as error:  # noqa: BLE001 -- a database that is away
            self._report(error)
        return self._is_open(key, now)

    def _is_open(self, key: str, now: datetime) -> bool:
        last = self._last.get(key)
        return last is not None and now - last < WINDOW

    async def _keep(self, now: datetime) -> None:
        if self._port is None:
            return
        async with self._turn:
            self._last = {k: at for k, at in self._last.items() if now - at <= WINDOW}
            written = dict(self._last)
            try:
                # another process may write down what it heard at this very moment
                await self._port.alter(_NAME, lambda kept: _joined(kept, written, now))
            except Exception as error:  # noqa: BLE001 -- the event itself fails loudly enough
                self._report(error)
            else:
                self._written = written

    def _merge(self, kept: bytes | None) -> None:
        """Take over what is later than what we know ourselves."""
        for key, stamp in json.loads(kept or b"{}").items():
            known = self._last.get(key)
            if known is None or stamp > known.timestamp():
                self._last[key] = datetime.fromtimestamp(stamp, UTC)

    def _key(self, address: str) -> str:
        return hmac.new(self._token, address.encode(), hashlib.sha256).hexdigest()[:32]

    def _report(self, error: Exception) -> None:
        _log.warning(
            "whatsapp_windows_not_kept", channel=self._channel, error=type(error).__name__
        )


def _joined(kept: bytes | None, heard: Mapping[str, datetime], now: datetime) -> bytes:
    """What is kept and what we heard, each the latest, without what is over."""
    stamps: dict[str, int] = json.loads(kept or b"{}")
    for key, at in heard.items():
        stamps[key] = max(stamps.get(key, 0), int(at.timestamp()))
    oldest = (now - WINDOW).timestamp()
    return json.dumps({key: at for key, at in stamps.items() if at >= oldest}).encode()
