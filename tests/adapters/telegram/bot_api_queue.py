"""How do the updates of the pretend Telegram reach the bot: by polling, or by webhook?"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import httpx

from tests.adapters.telegram.bot_api_rules import checked_update
from tests.adapters.telegram.bot_api_world import START_OF_TIME, ApiError, Json

_BY_DEFAULT = {"message", "edited_message", "callback_query", "my_chat_member"}


class UpdateQueue:
    """Updates that wait for the bot, in order."""

    def __init__(self) -> None:
        self.pending: list[tuple[int, Json]] = []
        self.webhook: Json = {}
        self.deliveries: list[tuple[int, bytes]] = []
        """Status and body of each answer that a webhook gave."""
        self.last_error = 0
        """When a webhook last failed."""
        self._last_id = 880_000_000
        self._allowed = set(_BY_DEFAULT)
        self._changed = asyncio.Event()
        self._delivered = asyncio.Event()
        self._poll = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[int] = set()
        self._is_closed = False
        self._http = httpx.AsyncClient(timeout=10, trust_env=False)

    def add(self, kind: str, chat: int, content: Json) -> int:
        """Queue an update of one kind; gives its update_id."""
        self._last_id += 1
        update = checked_update({"update_id": self._last_id, kind: content})
        if kind in self._allowed:
            self.pending.append((chat, update))
            self._wake()
        return self._last_id

    def again(self, chat: int, update: Json) -> None:
        """Deliver an update once more, as a server does that missed the answer."""
        self.pending.append((chat, update))
        self._wake()

    def last(self, number: int) -> None:
        """The next update has the number after this one."""
        self._last_id = number

    def allow(self, kinds: list[str] | None) -> None:
        """Remember what the bot asked for; nothing said keeps what was said before."""
        if kinds is not None:
            self._allowed = set(kinds) or set(_BY_DEFAULT)

    async def poll(self, params: Json) -> list[Json]:
        """getUpdates: confirm what is before the offset, then wait for more."""
        if self.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self.allow(params.get("allowed_updates"))
        offset = int(params.get("offset", 0))
        self.pending = [each for each in self.pending if each[1]["update_id"] >= offset]
        self._poll += 1
        mine = self._poll
        self._wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(int(params.get("timeout", 0))):
                while not self.pending and mine == self._poll and not self._is_closed:
                    self._changed.clear()
                    await self._changed.wait()
        if mine != self._poll:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
        return [update for _, update in self.pending[: int(params.get("limit", 100))]]

    def set_webhook(self, params: Json) -> None:
        """setWebhook: from now on updates are brought."""
        self.allow(params.get("allowed_updates"))
        self.webhook = params if params.get("url") else {}
        self._wake()

    def info(self) -> Json:
        """getWebhookInfo."""
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
            "allowed_updates": sorted(self._allowed),
            **({"last_error_date": self.last_error} if self.last_error else {}),
        }

    async def wait_delivery(self, seconds: float = 10.0) -> tuple[int, bytes]:
        """Wait for the first answer that a webhook gave."""
        async with asyncio.timeout(seconds):
            await self._delivered.wait()
        return self.deliveries[0]

    async def close(self) -> None:
        """Let waiting polls go and stop all deliveries."""
        self._is_closed = True
        self._wake()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def _wake(self) -> None:
        self._changed.set()
        for chat in {chat for chat, _ in self.pending} - self._busy if self.webhook else ():
            self._busy.add(chat)
            self._spawn(self._bring(chat))

    async def _bring(self, chat: int) -> None:
        """One chat's updates strictly one after another; the next only after a 2xx."""
        pause = 0.05
        try:
            while self.webhook and not self._is_closed:
                mine = [each for each in self.pending if each[0] == chat]
                if not mine:
                    return
                if await self._deliver(mine[0][1]):
                    self.pending.remove(mine[0])
                    pause = 0.05
                else:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, 1.0)
        finally:
            self._busy.discard(chat)

    async def _deliver(self, update: Json) -> bool:
        secret = self.webhook.get("secret_token")
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        try:
            reply = await self._http.post(self.webhook["url"], json=update, headers=headers)
        except httpx.HTTPError:
            return False
        self.deliveries.append((reply.status_code, reply.content))
        if not reply.is_success:
            self.last_error = START_OF_TIME
        self._delivered.set()
        return reply.is_success

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
