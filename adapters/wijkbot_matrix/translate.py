"""Which events does one sync hold for the house? Gaps filled, secrets opened, in order."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

import structlog

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot_matrix.arrivals import Arrivals
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.incoming import (
    Batch,
    Raw,
    RoomUpdate,
    RoomView,
    after_own_arrival,
    mapping,
    membership_change,
    read_membership,
    read_message,
    reply_target,
    text,
)
from wijkbot_matrix.naming import BotName
from wijkbot_matrix.wire import MatrixError, ServerRefusedError, TokenRevokedError

_PAGE = 100
_PAGES = 50
_OWN_IDS = 5000
_LATE_EVENTS = 200
_LATE_SECONDS = 900.0
_log = structlog.get_logger(__name__)


class Translator:
    """Turns sync responses into events; asks the server only for what a response leaves out."""

    def __init__(
        self, client: MatrixClient, arrivals: Arrivals, now: Callable[[], datetime] | None
    ) -> None:
        self._client = client
        self._arrivals = arrivals
        self._now = now
        self._own: OrderedDict[str, None] = OrderedDict()
        # Unreadable events wait here for a key that comes later than its message.
        self._late: OrderedDict[str, tuple[str, Raw, float]] = OrderedDict()
        self.unreadable = 0

    async def events(self, batch: Batch, since: str) -> list[IncomingEvent]:
        """Return what the house must know of this batch, oldest first in each room."""
        found = await self._late_messages()
        for room_id, update in batch.joined.items():
            found += await self._room(room_id, update, since)
        for room_id, update in batch.left.items():
            found += self._left(room_id, update)
        return found

    def remember_own(self, event_id: str) -> None:
        """Remember a message of the bot: a reply to it is addressed."""
        self._own[event_id] = None
        if len(self._own) > _OWN_IDS:
            self._own.popitem(last=False)

    async def _room(self, room_id: str, update: RoomUpdate, since: str) -> list[IncomingEvent]:
        room = self._client.view(room_id)
        if room is None:
            return []
        timeline = update.timeline
        if update.limited and not self._has_arrival(timeline):
            timeline = await self._gap(room_id, update, since) + timeline
        start = after_own_arrival(timeline, self._client.user_id, is_private=room.is_private)
        found: list[IncomingEvent] = []
        for event in timeline[start:]:
            translated = await self._event_or_skip(event, room)
            if translated is not None:
                found.append(translated)
        return found

    async def _event_or_skip(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        try:
            return await self._event(event, room)
        except MatrixError:
            raise
        except Exception as fault:  # noqa: BLE001 (one event nobody can read, whatever it is)
            # Trying it again would hold up everything that comes after it, for ever.
            _log.warning("matrix.event_skipped", reason=type(fault).__name__)
            return None

    async def _event(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        if event.get("sender") == self._client.user_id:
            self.remember_own(text(event.get("event_id")))
        if event.get("type") == "m.room.member":
            return await self._member(event, room)
        if event.get("type") == "m.room.tombstone":
            await self._arrivals.moved(room.room_id, event)
            return None
        return await self._message(event, room)

    async def _member(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        if membership_change(event, self._client.user_id) == "join":
            inviter, old = await self._arrivals.arrived(room.room_id)
            if not old:
                joined = read_membership(EventKind.BOT_JOINED, event, room, self._clock())
                return replace(joined, invited_by=inviter)
            moved = read_membership(EventKind.REKEYED, event, room, self._clock())
            return replace(moved, chat=old, new_chat=room.room_id)
        member = text(event.get("state_key"))
        has_left = membership_change(event, member) in {"leave", "ban"}
        if room.is_private and has_left and member != self._client.user_id:
            return read_membership(EventKind.MEMBER_LEFT, event, room, self._clock())
        return None

    async def _message(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        clear = self._client.readable(room.room_id, event)
        if clear is None:
            await self._put_aside(event, room)
            return None
        found = read_message(clear, room, self._clock())
        if found is None or found.addressed:
            return found
        answers = await self._is_own(room.room_id, reply_target(clear))
        return read_message(clear, room, self._clock(), answers_bot=answers)

    async def _is_own(self, room_id: str, event_id: str) -> bool:
        if not event_id or event_id in self._own:
            return bool(event_id)
        path = f"/rooms/{quote(room_id, safe='')}/event/{quote(event_id, safe='')}"
        try:
            event = await self._client.request("GET", path)
        except TokenRevokedError:
            raise
        except ServerRefusedError:
            return False
        return event.get("sender") == self._client.user_id

    async def _put_aside(self, event: Raw, room: RoomView) -> None:
        key = text(event.get("event_id"))
        if key not in self._late:
            self.unreadable += 1
            _log.warning("matrix.unreadable", count=self.unreadable)
        self._late[key] = (room.room_id, event, time.monotonic())
        if len(self._late) > _LATE_EVENTS:
            self._late.popitem(last=False)
        await self._client.ask_for_key(room.room_id, event)

    async def _late_messages(self) -> list[IncomingEvent]:
        found: list[IncomingEvent] = []
        for key, (room_id, event, since) in list(self._late.items()):
            room = self._client.view(room_id)
            if room is None or time.monotonic() - since > _LATE_SECONDS:
                del self._late[key]
            elif self._client.readable(room_id, event) is not None:
                translated = await self._message(event, room)
                if translated is not None:
                    found.append(translated)
        return found

    def forget_late(self, events: list[IncomingEvent]) -> None:
        """Drop what waited for a key and has now been accepted by the house."""
        for event in events:
            self._late.pop(event.event_id, None)

    def _left(self, room_id: str, update: RoomUpdate) -> list[IncomingEvent]:
        room = RoomView(room_id, False, BotName(self._client.user_id))
        for event in reversed((*update.state, *update.timeline)):
            if membership_change(event, self._client.user_id) in {"leave", "ban"}:
                if _previous_membership(event) != "join":
                    return []
                return [read_membership(EventKind.BOT_LEFT, event, room, self._clock())]
        return []

    def _has_arrival(self, timeline: tuple[Raw, ...]) -> bool:
        return any(membership_change(one, self._client.user_id) == "join" for one in timeline)

    async def _gap(self, room_id: str, update: RoomUpdate, since: str) -> tuple[Raw, ...]:
        """Fetch what a limited timeline left out, back to our last position or our arrival."""
        found: list[Raw] = []
        position = update.prev_batch
        for _ in range(_PAGES):
            query = urlencode({"from": position, "to": since, "dir": "b", "limit": _PAGE})
            path = f"/rooms/{quote(room_id, safe='')}/messages?{query}"
            try:
                page = await self._client.request("GET", path)
            except TokenRevokedError:
                raise
            except ServerRefusedError as no:
                if no.errcode == "M_LIMIT_EXCEEDED":
                    raise
                _log.warning("matrix.gap_unreachable", reason="refused")
                break
            chunk = [event for event in page.get("chunk", ()) if isinstance(event, dict)]
            found += chunk
            position = text(page.get("end"))
            if not chunk or not position or self._has_arrival(tuple(chunk)):
                break
        known = {event.get("event_id") for event in update.timeline}
        return tuple(one for one in reversed(found) if one.get("event_id") not in known)

    def _clock(self) -> datetime | None:
        return self._now() if self._now is not None else None


def _previous_membership(event: Raw) -> str:
    """Return what the member was before; "join" when the server does not say."""
    before = mapping(mapping(event.get("unsigned")).get("prev_content"))
    return text(before.get("membership")) or "join"
