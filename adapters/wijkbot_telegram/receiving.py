"""How do updates come in, by polling or by webhook, without one ever being lost?"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from wijkbot.adapter_api import IncomingEvent, Port, WebhookReply, WebhookRequest
from wijkbot_telegram.client import Client
from wijkbot_telegram.errors import flood_pause, pause_of
from wijkbot_telegram.health import NOT_STORED
from wijkbot_telegram.incoming import Understood, read_update
from wijkbot_telegram.mentions import Me
from wijkbot_telegram.options import Options
from wijkbot_telegram.turnstile import AnotherInstallation, Turnstile

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 -- the header's name
_KEPT_ME = "telegram_me"
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_CONFLICT_PAUSE = 30.0
_LOCK_PAUSE = 5.0
_START_SECONDS = 10.0

_log = structlog.get_logger()


class Receiver:
    """Brings updates to the port. ``trouble`` names what stops it, "" when nothing does."""

    def __init__(
        self,
        name: str,
        options: Options,
        client: Client,
        now: Callable[[], datetime],
        turnstile: Turnstile,
    ) -> None:
        self.me: Me | None = None
        self.trouble = ""
        self._name = name
        self._options = options
        self._client = client
        self._now = now
        self._turnstile = turnstile
        self._pause = _FIRST_PAUSE
        self._tried = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._receiving: asyncio.Task[None] | None = None

    async def start(self, port: Port) -> None:
        """Begin; returns after the first try, or after 10 seconds without an answer.

        Without network it goes on trying in the background.
        """
        await self.stop_receiving()
        await self._recall(port)
        self._tried.clear()
        self._receiving = asyncio.create_task(self._run(port))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._tried.wait(), _START_SECONDS)

    async def prepare_to_send(self, port: Port) -> None:
        """Learn who we are; without network, go on trying in the background."""
        await self._recall(port)
        learned = self._spawn(self._learn(port))
        if self.me is None:
            await asyncio.wait({learned}, timeout=_START_SECONDS)

    async def stop_receiving(self) -> None:
        """Stop polling; what was not accepted stays with Telegram."""
        receiving, self._receiving = self._receiving, None
        if receiving is not None:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
        self._turnstile.release()
        self._well()

    async def stop(self) -> None:
        """Stop all tasks; what was not accepted stays with Telegram."""
        await self.stop_receiving()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def learn_me(self) -> Me:
        """Who are we? Asked of Telegram now."""
        user = await self._client.me()
        self.me = Me(user.id, user.username or "")
        return self.me

    async def read_webhook(self, request: WebhookRequest) -> WebhookReply:
        """Check and translate one delivery; the reply has no body, as Telegram would run it."""
        is_ours = request.method == "POST" and request.rest.strip("/") == "update"
        if not is_ours or not self._options.webhook_url:
            return WebhookReply(404)
        shown = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode(), self._options.webhook_secret.encode()):
            return WebhookReply(403)
        update = _json_object(request.body)
        if update is None:
            return WebhookReply(400)
        try:
            me = self.me or await self.learn_me()
        except TelegramError:
            # Not a 2xx: Telegram brings this update again.
            return WebhookReply(503)
        return WebhookReply(200, events=self._understand([update], me))

    async def _recall(self, port: Port) -> None:
        """Links and names work at once after a restart, also when Telegram is away."""
        kept = await port.kept(_KEPT_ME)
        if kept and self.me is None:
            number, _, username = kept.decode().partition(" ")
            self.me = Me(int(number), username)

    async def _run(self, port: Port) -> None:
        """Prepare and poll, again and again; ends when the webhook stands or the token fails."""
        while True:
            try:
                if not self._options.webhook_url:
                    self._turnstile.take()
                await self._prepare(port)
                if self._options.webhook_url:
                    self._well()
                    return
                self._tried.set()
                await self._poll(port)
            except InvalidToken as error:
                self._report(error)
                return
            except AnotherInstallation as error:
                self._report(error)
                await asyncio.sleep(_LOCK_PAUSE)
            except Conflict as error:
                # Another process polls, or somebody set a webhook: prepare anew, but slowly.
                self._report(error)
                await asyncio.sleep(_CONFLICT_PAUSE)
            except RetryAfter as error:
                await asyncio.sleep(pause_of(error))
            except Exception as error:  # noqa: BLE001 -- also a database that is away
                self._report(error)
                asked = flood_pause(error) if isinstance(error, TelegramError) else 0.0
                await asyncio.sleep(max(self._pause, asked))
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _learn(self, port: Port) -> None:
        """Ask Telegram for our name until it tells, or says that the token is wrong."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._introduce(port)
            except InvalidToken as error:
                self._report(error)
                return
            except Exception as error:  # noqa: BLE001 -- also a database that is away
                self._report(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                if self._receiving is None:
                    self._well()
                return

    async def _introduce(self, port: Port) -> None:
        known = self.me
        me = await self.learn_me()
        if me != known:
            await port.keep(_KEPT_ME, f"{me.id} {me.username}".encode())

    async def _prepare(self, port: Port) -> None:
        await self._introduce(port)
        if self._options.webhook_url:
            await self._client.use_webhook()
        else:
            await self._client.use_polling()

    async def _poll(self, port: Port) -> None:
        """The offset moves only after the port has committed what came before it."""
        cursor = await port.cursor() or ""
        offset = int(cursor) if cursor.isdecimal() else 0
        while True:
            updates = await self._client.updates(offset)
            if updates:
                after = max(int(update["update_id"]) for update in updates) + 1
                me = self.me or await self.learn_me()
                await port.accept(self._understand(updates, me), str(after))
                offset = after
            self._well()

    def _understand(self, updates: Iterable[dict[str, Any]], me: Me) -> tuple[IncomingEvent, ...]:
        events: list[IncomingEvent] = []
        for update in updates:
            understood = self._read_one(update, me)
            events += understood.events
            for query_id, text in understood.dismissals:
                self._spawn(self._dismiss(query_id, text))
        return tuple(events)

    def _read_one(self, update: dict[str, Any], me: Me) -> Understood:
        try:
            return read_update(update, me, self._now())
        except Exception as error:  # noqa: BLE001 -- an update nobody can read is skipped
            _log.warning(
                "telegram_update_unreadable",
                channel=self._name,
                error=type(error).__name__,
            )
            return Understood(dismissals=_pressed_in(update))

    async def _dismiss(self, query_id: str, text: str) -> None:
        with suppress(TelegramError):
            await self._client.answer(query_id, text)

    def _well(self) -> None:
        self.trouble, self._pause = "", _FIRST_PAUSE
        self._tried.set()

    def _report(self, error: Exception) -> None:
        name = type(error).__name__
        is_ours = not isinstance(error, (AnotherInstallation, TelegramError))
        self.trouble = NOT_STORED if is_ours else name
        self._tried.set()
        _log.warning("telegram_receive_failed", channel=self._name, error=name)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _pressed_in(update: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The press in an update that nobody can read: who made it waits for an answer."""
    query = update.get("callback_query")
    number = query.get("id") if isinstance(query, dict) else None
    return ((number, ""),) if isinstance(number, str) else ()


def _json_object(body: bytes) -> dict[str, Any] | None:
    """The update in a delivery; None when it is none."""
    try:
        update = json.loads(body)
    except ValueError:
        return None
    has_number = isinstance(update, dict) and isinstance(update.get("update_id"), int)
    return update if has_number else None
