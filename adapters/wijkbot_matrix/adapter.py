"""How does wijkbot use Matrix? The adapter: one account, from start to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from wijkbot.adapter_api import (
    ActResult,
    Adapter,
    Capabilities,
    ChannelConfig,
    ConfigError,
    Health,
    IncomingEvent,
    Message,
    Port,
    Reason,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Unsupported,
)
from wijkbot_matrix import media, rooms
from wijkbot_matrix.absent import NotOnMatrix
from wijkbot_matrix.arrivals import Arrivals
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.crosssigning import ensure_signed
from wijkbot_matrix.direct import load_direct
from wijkbot_matrix.options import Options, read_options
from wijkbot_matrix.outgoing import content_of, edit_key
from wijkbot_matrix.patience import Patience
from wijkbot_matrix.reactions import Seeds
from wijkbot_matrix.session import StoreLock, open_session, probe
from wijkbot_matrix.sync import Progress, SyncLoop
from wijkbot_matrix.wire import MatrixError, ServerRefusedError, TokenRevokedError

_START_SECONDS = 45.0
_STOP_SECONDS = 4.0
_SHORTEST_SECONDS, _LONGEST_SECONDS = 2.0, 60.0
_GAP_MS = 0  # a homeserver that limits says itself how long to wait
_MAX_TEXT = 16_000
_log = structlog.get_logger(__name__)


def create(config: ChannelConfig) -> Adapter:
    """Make the adapter of one channel; a wrong setting raises ``ConfigError``."""
    return MatrixAdapter(config, read_options(config))


class MatrixAdapter(NotOnMatrix):
    """One account on one homeserver."""

    name = "matrix"
    sends_from_home = True

    def __init__(self, config: ChannelConfig, options: Options) -> None:
        self._now = config.now
        self._options = options
        self._where = f"channels.{config.name}"
        self._lock = StoreLock(options.store)
        self._client: MatrixClient | None = None
        self._loop: SyncLoop | None = None
        self._seeds: Seeds | None = None
        self._patience = Patience()
        self._port: Port | None = None
        self._task: asyncio.Task[None] | None = None
        self._progress = Progress()
        self._signed = Health(False, "not connected yet", "start wijkbot")

    async def start_sending(self, port: Port) -> None:
        """Only the home may use the device, so there is nothing to connect yet."""

    async def start(self, port: Port) -> None:
        """Connect and begin to receive.

        Returns when the first sync is in, or after 45 s with a homeserver that is away: it
        then goes on trying. Raises ``ConfigError`` when the account or the store is refused.
        """
        self._lock.take(self._where)
        self._progress, self._port = Progress(), port
        ready = asyncio.Event()
        self._task = asyncio.create_task(self._run(port, ready))
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait(
                {self._task, waiting}, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if self._task.done():
            fault = self._task.exception()
            await self.stop()
            if fault is not None:
                raise fault

    async def stop_receiving(self) -> None:
        """Stop syncing and sending, and let another process have the device."""
        await self.stop()

    async def stop(self) -> None:
        """Stop receiving and close everything."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=_STOP_SECONDS)
            if done and not task.cancelled() and task.exception() is not None:
                _log.error("matrix.stopped", reason=type(task.exception()).__name__)
        self._lock.release()

    async def _run(self, port: Port, ready: asyncio.Event) -> None:
        client = await self._connect(port)
        arrivals = Arrivals(client, port, self._options.allowed_inviters)
        seeds = Seeds(client)
        try:
            loop = SyncLoop(client, port, arrivals, self._progress, self._now, ready)
            self._client, self._loop, self._seeds = client, loop, seeds
            await loop.run()
            await asyncio.Event().wait()
        finally:
            self._client = self._loop = self._seeds = None
            await seeds.stop()
            await arrivals.stop()
            await client.close()

    async def _connect(self, port: Port) -> MatrixClient:
        pause = _SHORTEST_SECONDS
        while True:
            client: MatrixClient | None = None
            try:
                client = await open_session(self._options, port, self._where)
                with contextlib.suppress(Exception):
                    # Signing sees by itself whether the keys went up.
                    await client.upkeep()
                await load_direct(client)
                self._signed = await ensure_signed(client, port, self._options.password)
            except TokenRevokedError as no:
                await _closed(client)
                raise ConfigError(
                    f"{self._where}.access_token", "the homeserver does not accept it any more"
                ) from no
            except MatrixError as fault:
                await _closed(client)
                self._progress.fault = type(fault).__name__
                _log.warning("matrix.connect_failed", reason=type(fault).__name__)
                asked = fault.retry_after if isinstance(fault, ServerRefusedError) else 0.0
                await asyncio.sleep(max(pause, asked))
                pause = min(pause * 2, _LONGEST_SECONDS)
            except BaseException:
                await _closed(client)
                raise
            else:
                return client

    def capabilities(self, chat: str) -> Capabilities:  # noqa: ARG002 (all rooms are alike)
        """The same for every room."""
        return Capabilities(
            max_text=_MAX_TEXT,
            can_edit=True,
            can_withdraw=True,
            can_pin=True,
            can_thread=True,
            has_photos=True,
            has_attachments=True,
            is_idempotent=True,
            gap_ms=_GAP_MS,
            group_gap_ms=_GAP_MS,
        )

    def message_link(self, event: IncomingEvent) -> str:
        """Return the link that opens that message for a member of the room.

        Of an edit it is the message that was changed: apps show no edit by itself.
        """
        if event.is_private:
            return ""
        return f"https://matrix.to/#/{event.chat}/{event.edits or event.event_id}"

    def private_link(self, token: str) -> str:  # noqa: ARG002 (links carry none)
        """Return the link that opens a chat with the bot; Matrix links carry no token."""
        known = self._client.user_id if self._client is not None else ""
        return f"https://matrix.to/#/{known or self._options.guessed_user_id()}"

    async def send(self, chat: str, message: Message) -> SendResult:
        """Send one message; the same key twice is one message in the room."""
        expires, now = message.expires_at, self._now
        if expires is not None and now is not None and now() >= expires:
            return Refused(Reason.EXPIRED, True)
        shown = await self._show(chat, message)
        # each number counts in the limit as an answer does
        if isinstance(shown, Sent) and self._seeds is not None and not self._patience.is_asked:
            self._seeds.plant(chat, message, shown.message_id)
        file = message.attachment
        if file is None or not isinstance(shown, Sent):
            return shown
        added = await self._put(lambda c: media.send_file(c, chat, message.key, file))
        if isinstance(added, Sent):
            return Sent(media.with_file(shown.message_id, added.message_id))
        # the words are there: what will never be taken is left out, else all of it comes again
        return shown if isinstance(added, Refused) and added.permanent else added

    async def _show(self, chat: str, message: Message) -> SendResult:
        photo = message.photo
        if photo is not None:
            shown = await self._put(lambda c: media.send_photo(c, chat, message, photo))
            if not (isinstance(shown, Refused) and shown.reason is Reason.CONTENT):
                return shown
        content, key = dict(content_of(message.in_words())), message.key
        return await self._put(lambda c: c.send_event(chat, "m.room.message", content, key))

    async def edit(self, chat: str, message_id: str, message: Message) -> ActResult:
        """Replace the words of a message; the id has the event of the edit behind it.

        A file becomes the new one, or goes: an old hour must not stay in a calendar.
        """
        first = (media.ids_of(message_id) or [""])[0]

        async def step(client: MatrixClient) -> str:
            before = await media.standing(client, chat, first)
            if before is None:
                return ""
            content, key = media.edit_of(message, first, before), edit_key(message, first)
            return await client.send_event(chat, "m.room.message", content, key)

        result = await self._put(step)
        if not isinstance(result, Sent):
            return result
        if not result.message_id:
            return Refused(Reason.MISSING, True)
        edited = media.id_of(*message_id.split(), result.message_id)
        return await self._other_file(chat, edited, message)

    async def _other_file(self, chat: str, message_id: str, message: Message) -> ActResult:
        """Show the new file and take the old one away; a message without one gets none."""
        olds, file, new = media.files_of(message_id), message.attachment, ""
        if not olds:
            return Sent(message_id)
        if file is not None:
            shown = await self._put(lambda c: media.send_file(c, chat, message.key, file))
            if not isinstance(shown, Sent):
                return shown
            new = shown.message_id
        for old in olds:
            gone = await self.withdraw(chat, old) if old != new else Sent(old)
            if not isinstance(gone, Sent):
                return gone
        return Sent(media.with_file(message_id, new))

    async def withdraw(self, chat: str, message_id: str) -> ActResult:
        """Delete a message with its file and all that it said before; gone already is fine."""
        client = self._client
        if client is None:
            return _away()
        for event_id in media.ids_of(message_id):
            result = await rooms.outcome(lambda one=event_id: rooms.redact(client, chat, one))  # type: ignore[misc]
            if not isinstance(result, Sent) and getattr(result, "detail", "") != "M_NOT_FOUND":
                return result
        return Sent(message_id)

    async def remove(self, event: IncomingEvent) -> ActResult:
        """Redact a member's message; without the right to it: refused, the room stays usable.

        An edit is an event of its own with the new words in it, so both go.
        """
        client = self._client
        if event.is_private:
            return Unsupported("remove: a private chat")
        if client is None:
            return _away()

        async def step() -> str:
            removed = await rooms.redact(client, event.chat, event.event_id)
            return await rooms.redact(client, event.chat, event.edits) if event.edits else removed

        result = await rooms.outcome(step)
        if isinstance(result, Refused) and result.reason is Reason.GONE:
            return replace(result, reason=Reason.BLOCKED)
        return result

    async def pin(self, chat: str, message_id: str) -> ActResult:
        """Pin a message; without the right to it: refused, the room stays usable."""
        client = self._client
        if client is None:
            return _away()
        first = (media.ids_of(message_id) or [""])[0]
        result = await rooms.outcome(lambda: rooms.pin(client, chat, first))
        if isinstance(result, Refused) and result.reason is Reason.GONE:
            return replace(result, reason=Reason.BLOCKED)
        return result

    async def leave(self, chat: str) -> ActResult:
        """Leave a room and forget it."""
        return await rooms.leave(self._client, chat) if self._client is not None else _away()

    async def is_admin(self, chat: str, sender: str) -> bool:
        """May that member change the room's settings now?"""
        return self._client is not None and await rooms.is_admin(self._client, chat, sender)

    async def health(self) -> Health:
        """Connected, hearing its rooms, and trusted by the residents' apps?

        Of an adapter that was not started: could it work?
        """
        if self._task is None:
            return await probe(self._options)
        if self._task.done():
            return Health(False, "stopped by a fault", "restart wijkbot; its log says why")
        progress = self._progress.health()
        if not progress.ok:
            return progress
        await self._look_at_keys()
        if not self._signed.ok:
            return self._signed
        unreadable = self._loop.unopened.count if self._loop is not None else 0
        return Health(True, f"{progress.detail}; device signed; {unreadable} unreadable")

    async def _look_at_keys(self) -> None:
        """Is the device still signed, after the server told that the account's keys changed?"""
        client, port = self._client, self._port
        if client is None or port is None or not client.has_new_own_keys:
            return
        with contextlib.suppress(MatrixError):
            self._signed = await ensure_signed(client, port, self._options.password)
            client.has_new_own_keys = False

    def secrets(self) -> tuple[str, ...]:
        """Password, tokens and the key of the store."""
        live = str(self._client.nio.access_token) if self._client is not None else ""
        own = self._options
        found = (own.password, own.access_token, own.pickle_key, live)
        return tuple(secret for secret in found if secret)

    async def _put(
        self, step: Callable[[MatrixClient], Awaitable[str]]
    ) -> Sent | Unknown | Refused:
        """Send an event and remember it as our own."""
        client, loop = self._client, self._loop
        if client is None or loop is None or self._progress.synced_at is None:
            return _away()
        if self._progress.revoked:
            return Refused(Reason.CONFIG, False, _LONGEST_SECONDS, whole_account=True)
        result = await self._patience.take(lambda: rooms.outcome(lambda: step(client)))
        if isinstance(result, Sent) and result.message_id:
            loop.translator.remember_own(result.message_id)
        return result


def _away() -> Refused:
    return Refused(Reason.UNAVAILABLE, False, _SHORTEST_SECONDS, "not connected")


async def _closed(client: MatrixClient | None) -> None:
    if client is not None:
        with contextlib.suppress(Exception):
            await client.close()
