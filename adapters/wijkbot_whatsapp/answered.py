"""Which messages did Twilio answer itself, so that nobody answers them a second time?

A message HELP is answered by Twilio, and stored nowhere here. It still stands in Twilio's list
of what came in, where nothing shows that it was answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from wijkbot.adapter_api import Port

_NAME = "answered_by_twilio"
_KEPT_FOR = timedelta(days=7, hours=2)
"""A little longer than messages are asked for."""

_log = structlog.get_logger()


class Answered:
    """The ids of those messages, kept by the house for every process of the channel."""

    def __init__(self, channel: str, now: Callable[[], datetime]) -> None:
        self._channel = channel
        self._now = now
        self._port: Port | None = None

    @property
    def has_port(self) -> bool:
        """Can they be kept?"""
        return self._port is not None

    def use(self, port: Port) -> None:
        """Keep them through this door from now on."""
        self._port = port

    async def note(self, sid: str) -> None:
        """Twilio answered this one; without a database it may be answered once more."""
        if self._port is None:
            return
        now = self._now()
        oldest = (now - _KEPT_FOR).timestamp()

        def with_this(kept: bytes | None) -> bytes:
            known = {one: at for one, at in _read(kept).items() if at >= oldest}
            return json.dumps(known | {sid: int(now.timestamp())}).encode()

        try:
            await self._port.alter(_NAME, with_this)
        except Exception as error:  # noqa: BLE001 -- a database that is away
            name = type(error).__name__
            _log.warning("whatsapp_help_not_noted", channel=self._channel, error=name)

    async def known(self) -> frozenset[str]:
        """All of them; raises when the house is away."""
        return frozenset(_read(await self._port.kept(_NAME)) if self._port else ())


def _read(kept: bytes | None) -> dict[str, int]:
    found: dict[str, int] = json.loads(kept or b"{}")
    return found
