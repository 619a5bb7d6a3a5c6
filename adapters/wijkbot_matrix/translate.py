"""Which events does one sync hold for the house? Gaps filled, secrets opened, in order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

import structlog

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot_matrix import reactions
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
    thread_of,
)
from wijkbot_matrix.naming import BotName
from wijkbot_matrix.unopened import Unopened, id_of_notice
from wijkbot_matrix.wire import MatrixError, ServerRefusedError, TokenRevokedError

_PAGE = 100
_PAGES = 50
_OWN_IDS = 5000
_log = structlog.get_logger(__name__)


class Translator:
    """Turns what happens into events; asks the server only for what it was not told.

    Of a sync :meth:`events` takes whole batches. :meth:`handle` takes one event, wherever it
    came from: an application service would call it for each event that is pushed to it.
    """

    def __init__(
        self,
        client: MatrixClient,
        arrivals: Arrivals,
        unopened: Unopened,
        now: Callable[[], datetime] | None,
    ) -> None:
        self._client = client
        self._arrivals = arrivals
        self._unopened = unopened
        self._now = now
        self._own: OrderedDict[str, None] = OrderedDict()

    async def events(self, batch: Batch, since: str) -> list[IncomingEvent]:
        """Return what the house must know of this batch, oldest first in each room."""
        found = await self._late_messages()
        for room_id, update in batch.joined.items():
            found += await self._room(room_id, update, since)
        for room_id, update in batch.left.items():
            found += await self._left(room_id, update)
        return found

    async def handle(self, room_id: str, event: Raw) -> IncomingEvent | None:
        """Return what one event of a room means to the house, None for nothing.

        Raises ``MatrixError`` when the homeserver has to be asked and does not answer: then the
        event is to be handed in again. An event that nobody can make sense of is skipped.
        """
        if membership_change(event, self._client.user_id) in {"leave", "ban"}:
            return self._gone(room_id, event)
        room = self._client.view(room_id)
        if room is None:
            return None
        try:
            return await self._event(event, room)
        except MatrixError:
            raise
        except Exception as fault:  # noqa: BLE001 (one event nobody can read, whatever it is)
            # Trying it again would hold up everything that comes after it, for ever.
            _log.warning("matrix.event_skipped", reason=type(fault).__name__)
            return None

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
            translated = await self.handle(room_id, event)
            if translated is not None:
                found.append(translated)
        return found

    async def _event(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        if event.get("sender") == self._client.user_id:
            self.remember_own(text(event.get("event_id")))
        if event.get("type") == "m.room.member":
            return await self._member(event, room)
        if event.get("type") == "m.room.tombstone":
            return await self._moved(event, room)
        if event.get("type") in reactions.KINDS:
            return await reactions.read(self._client, event, room, self._clock())
        return await self._message(event, room)

    async def _member(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        if membership_change(event, self._client.user_id) == "join":
            arrival = await self._arrivals.arrived(room.room_id)
            if not arrival.is_wanted:
                return None
            if not arrival.old:
                joined = read_membership(EventKind.BOT_JOINED, event, room, self._clock())
                return replace(joined, invited_by=arrival.inviter)
            moved = read_membership(EventKind.REKEYED, event, room, self._clock())
            return replace(moved, chat=arrival.old, new_chat=room.room_id)
        member = text(event.get("state_key"))
        has_left = membership_change(event, member) in {"leave", "ban"}
        if room.is_private and has_left and member != self._client.user_id:
            return read_membership(EventKind.MEMBER_LEFT, event, room, self._clock())
        return None

    async def _moved(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        """Follow a room; where the bot came before it heard of the move, tell the house now."""
        new = await self._arrivals.moved(room.room_id, event)
        if not new or self._client.view(new) is None:
            return None
        if await self._arrivals.predecessor(new) != room.room_id:
            return None
        moved = read_membership(EventKind.REKEYED, event, room, self._clock())
        return replace(moved, new_chat=new)

    async def _message(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        clear = self._client.readable(room.room_id, event)
        if clear is None:
            return await self._shut(event, room)
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
        except ServerRefusedError as no:
            if no.errcode == "M_LIMIT_EXCEEDED":
                raise
            return False
        return event.get("sender") == self._client.user_id

    async def _shut(self, event: Raw, room: RoomView) -> IncomingEvent | None:
        """Wait for the key and ask for it; when it does not come in time, say so."""
        if event.get("sender") == self._client.user_id:
            return None
        self._unopened.add(room.room_id, event)
        await self._client.ask_for_key(room.room_id, event)
        if not self._unopened.is_due(event):
            return None
        told = read_membership(EventKind.UNREADABLE, event, room, self._clock())
        return replace(told, event_id=id_of_notice(told.event_id), thread=thread_of(event))

    async def _late_messages(self) -> list[IncomingEvent]:
        """Return what can be read by now, and what has waited too long for that."""
        found: list[IncomingEvent] = []
        for room_id, event in self._unopened.waiting():
            late = await self.handle(room_id, event)
            if late is not None:
                found.append(late)
            elif self._is_over(room_id, event):
                self._unopened.drop(event)
        return found

    def _is_over(self, room_id: str, event: Raw) -> bool:
        """Is there nothing to wait for: not in the room any more, or read and not for us?"""
        if self._client.view(room_id) is None:
            return True
        try:
            return self._client.readable(room_id, event) is not None
        except Exception:  # noqa: BLE001 (the library raises many kinds)
            return True

    async def _left(self, room_id: str, update: RoomUpdate) -> list[IncomingEvent]:
        for event in reversed((*update.state, *update.timeline)):
            if membership_change(event, self._client.user_id) in {"leave", "ban"}:
                gone = await self.handle(room_id, event)
                return [gone] if gone is not None else []
        return []

    def _gone(self, room_id: str, event: Raw) -> IncomingEvent | None:
        """The bot is out; an invitation that was taken back is no news."""
        if _previous_membership(event) != "join":
            return None
        room = RoomView(room_id, False, BotName(self._client.user_id))
        return read_membership(EventKind.BOT_LEFT, event, room, self._clock())

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
