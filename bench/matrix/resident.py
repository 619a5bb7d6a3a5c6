"""What does a resident do? Asks in many rooms, and looks at the clock when an answer is there.

As little as a client can do, so that it is not measured: plain requests, no encryption.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any, Self
from urllib.parse import quote

import aiohttp

_PATIENCE_SECONDS = 60.0
_WAIT_MS = 30_000


class Resident:
    """One account; use it as ``async with``."""

    def __init__(self, homeserver: str, user: str, token: str) -> None:
        self._base = f"{homeserver}/_matrix/client/v3"
        self._headers = {"Authorization": f"Bearer {token}"}
        # own words come back too: whoever leaves them out is woken half as often
        said = {"types": ["m.room.*"], "not_senders": [user], "limit": 50}
        nothing: dict[str, Any] = {"types": []}
        room = {"timeline": said, "state": nothing, "ephemeral": nothing}
        account = {"presence": nothing, "account_data": nothing}
        self._filter = json.dumps({**account, "room": room})
        self._numbers = itertools.count(1)
        self._answers: dict[str, asyncio.Future[float]] = {}
        self._joins: dict[str, asyncio.Future[float]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Listen."""
        self._session = aiohttp.ClientSession(headers=self._headers)
        since = (await self._listen({"timeout": "0"}))["next_batch"]
        self._tasks.append(asyncio.create_task(self._keep_listening(since)))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Go away."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def chat_with(self, bot: str) -> str:
        """Open a direct chat, and wait until the bot is in it."""
        made = {"is_direct": True, "preset": "trusted_private_chat", "invite": [bot]}
        room = str((await self._ask("POST", "/createRoom", made))["room_id"])
        here = self._joins.setdefault(room, asyncio.get_running_loop().create_future())
        await asyncio.wait_for(here, _PATIENCE_SECONDS)
        return room

    async def asks(self, room: str, text: str) -> float | None:
        """Say something; gives the seconds until an answer was there, None when none came."""
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._answers[room] = answered
        path = f"/rooms/{quote(room)}/send/m.room.message/ask-{next(self._numbers)}"
        began = time.perf_counter()
        await self._ask("PUT", path, {"msgtype": "m.text", "body": text, "m.mentions": {}})
        try:
            return await asyncio.wait_for(answered, _PATIENCE_SECONDS) - began
        except TimeoutError:
            return None

    async def _keep_listening(self, since: str) -> None:
        while True:
            found = await self._listen({"since": since, "timeout": str(_WAIT_MS)})
            at, since = time.perf_counter(), found["next_batch"]
            for room, news in found.get("rooms", {}).get("join", {}).items():
                for event in news["timeline"]["events"]:
                    self._hear(room, event, at)

    def _hear(self, room: str, event: dict[str, Any], at: float) -> None:
        if event["type"] == "m.room.member":
            if event["content"]["membership"] != "join":
                return
            waiting: asyncio.Future[float] | None = self._joins.setdefault(
                room, asyncio.get_running_loop().create_future()
            )
        else:
            waiting = self._answers.pop(room, None) if event["type"] == "m.room.message" else None
        if waiting is not None and not waiting.done():
            waiting.set_result(at)

    async def _listen(self, query: dict[str, str]) -> dict[str, Any]:
        asked = {"filter": self._filter, **query}
        async with self._session.get(f"{self._base}/sync", params=asked) as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found

    async def _ask(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.request(method, self._base + path, json=body) as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found
