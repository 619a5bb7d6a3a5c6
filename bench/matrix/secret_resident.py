"""What does a resident of an encrypted room do? The same, with the library's own client."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any, Self

import nio  # type: ignore[import-untyped]

from bench.matrix.servers import PASSWORD

_PATIENCE_SECONDS = 60.0
_WAIT_MS = 30_000
logging.getLogger("nio").setLevel(logging.CRITICAL)
_ENCRYPTION = {
    "type": "m.room.encryption",
    "state_key": "",
    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
}


class SecretResident:
    """One account in one encrypted direct chat; use it as ``async with``."""

    def __init__(self, homeserver: str, user: str, store: Path) -> None:
        store.mkdir()
        self._client = nio.AsyncClient(homeserver, user, store_path=str(store))
        self._client.add_event_callback(self._hear, nio.RoomMessageText)
        self._room = ""
        self._answered: asyncio.Future[float] | None = None
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Log in."""
        await self._client.login(PASSWORD, device_name="bewoner")
        await self._client.sync(timeout=0, full_state=True)
        await self._client.keys_upload()
        self._listening = asyncio.create_task(self._client.sync_forever(timeout=_WAIT_MS))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Go away."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._client.close()

    async def begin_with(self, bot: str) -> None:
        """Open the chat, and wait until the bot is in it and can be written to."""
        made = await self._client.room_create(
            is_direct=True,
            preset=nio.RoomPreset.trusted_private_chat,
            invite=[bot],
            initial_state=[_ENCRYPTION],
        )
        self._room = made.room_id
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not self._is_in(bot):
                await self._client.synced.wait()

    def _is_in(self, bot: str) -> bool:
        room = self._client.rooms.get(self._room)
        return room is not None and bot in room.users and bot not in room.invited_users

    async def asks(self, text: str) -> float | None:
        """Say something; gives the seconds until an answer was there, None when none came."""
        self._answered = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        said = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        await self._client.room_send(
            self._room, "m.room.message", said, ignore_unverified_devices=True
        )
        try:
            return await asyncio.wait_for(self._answered, _PATIENCE_SECONDS) - began
        except TimeoutError:
            return None

    async def _hear(self, _room: Any, event: Any) -> None:
        at, waiting = time.perf_counter(), self._answered
        if event.sender != self._client.user_id and waiting is not None and not waiting.done():
            waiting.set_result(at)
