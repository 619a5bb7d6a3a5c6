"""Into which rooms does the bot go? Invitations, and rooms that moved to a new version."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import structlog

from wijkbot.adapter_api import EventKind, IncomingEvent, Port, Sent
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.direct import mark_direct
from wijkbot_matrix.incoming import Raw, content_of, text
from wijkbot_matrix.rooms import leave
from wijkbot_matrix.successor import is_rightful
from wijkbot_matrix.wire import MatrixError, ServerRefusedError, TokenRevokedError

_KEPT_AS = "arrivals"
_TRIES = 12
_SHORTEST_SECONDS, _LONGEST_SECONDS = 2.0, 60.0
_JOIN_SECONDS = 60.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How the bot came into a room. ``old``: the room that this one takes the place of.

    ``is_wanted`` false: it was led there by somebody who has no say in that room.
    """

    inviter: str
    old: str
    is_wanted: bool


class Arrivals:
    """Joins allowed rooms in the background, and remembers across restarts what is open."""

    def __init__(self, client: MatrixClient, port: Port, allowed: tuple[str, ...]) -> None:
        self._client = client
        self._port = port
        self._allowed = allowed
        # room → {"inviter": …, "direct": bool}; kept, because no later sync repeats an invite.
        self._invites: dict[str, dict[str, Any]] = {}
        # new room → {"old": …, "by": who moved it}, as the old room's tombstone says.
        self._moves: dict[str, dict[str, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read what was open and go on with it."""
        raw = await self._port.kept(_KEPT_AS)
        if raw is not None:
            kept = json.loads(raw)
            self._invites, self._moves = kept["invites"], kept["moves"]
        for room in self._invites.keys() | self._moves.keys():
            is_refused = "refused" in self._moves.get(room, {})
            self._begin(self._leave(room) if is_refused else self._join(room))

    async def invited(self, invites: Mapping[str, tuple[Raw, ...]]) -> None:
        """Look at new invitations: who is allowed is followed, the rest stays unanswered."""
        for room, state in invites.items():
            invite = _own_invite(state, self._client.user_id)
            if invite is None or room in self._invites or _is_space(state):
                continue
            inviter = text(invite.get("sender"))
            if room not in self._moves and not self.is_allowed(inviter):
                _log.info("matrix.invite_ignored", reason="not_allowed")
                continue
            direct = content_of(invite).get("is_direct") is True
            self._invites[room] = {"inviter": inviter, "direct": direct}
            await self._keep()
            self._begin(self._join(room))

    async def moved(self, old: str, tombstone: Raw) -> str:
        """Follow a room to its replacement; return that, or "" when there is none.

        Only the room's own state says that it moved: anybody can send a message of that type.
        """
        new = text(content_of(tombstone).get("replacement_room"))
        if not new or new == old or tombstone.get("state_key") != "":
            return ""
        if new not in self._moves:
            self._moves[new] = {"old": old, "by": text(tombstone.get("sender"))}
            await self._keep()
            self._begin(self._join(new))
        return new

    async def arrived(self, room: str) -> Arrival:
        """The bot is in: return how it came. May be asked again until ``settle``.

        A room to which it was led by somebody who has no say there is left again, unless
        somebody who may do that invited it.
        """
        inviter = str(self._invites.get(room, {}).get("inviter", ""))
        old = await self.predecessor(room)
        is_led = room in self._moves and not old and not (inviter and self.is_allowed(inviter))
        if is_led and "refused" not in self._moves[room]:
            self._moves[room]["refused"] = "yes"
            await self._keep()
            _log.warning("matrix.move_refused", reason="no_right")
            self._begin(self._leave(room))
        return Arrival(inviter, old, not is_led)

    async def predecessor(self, room: str) -> str:
        """Return the room that this one takes the place of, "" when it may not do that."""
        move = self._moves.get(room, {})
        old = move.get("old", "")
        if old and await is_rightful(self._client, room, old, move.get("by", "")):
            return old
        return ""

    async def settle(self, events: Sequence[IncomingEvent]) -> None:
        """Forget what was open for rooms that the house knows the bot is in, or is out of."""
        rooms = {
            event.new_chat or event.chat
            for event in events
            if event.kind in {EventKind.BOT_JOINED, EventKind.REKEYED}
        }
        for event in events:
            if event.kind is EventKind.BOT_LEFT:
                self._begin(self._forget(event.chat))
        if rooms & (self._invites.keys() | self._moves.keys()):
            for room in rooms:
                self._invites.pop(room, None)
                self._moves.pop(room, None)
            await self._keep()

    def is_allowed(self, inviter: str) -> bool:
        """May that user bring the bot into a room?"""
        own_server = self._client.user_id.partition(":")[2]
        allowed = self._allowed or (own_server,)
        return inviter in allowed or inviter.partition(":")[2] in allowed

    async def stop(self) -> None:
        """Stop joining; what is open goes on at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, room: str) -> None:
        pause, tries = _SHORTEST_SECONDS, 0
        while tries < _TRIES:
            try:
                await self._join_once(room)
            except TokenRevokedError:
                return
            except ServerRefusedError as no:
                if no.errcode in _FINAL:
                    break
                # being told to wait is no refusal: the house has not heard of this room yet
                tries += no.errcode != "M_LIMIT_EXCEEDED"
                pause = await _paused(pause, no.retry_after)
            except MatrixError:
                pause = await _paused(pause)
            else:
                return
        # A room that moved may still invite the bot later; an invitation is over.
        _log.warning("matrix.join_failed", reason="refused")
        if self._invites.pop(room, None) is not None:
            await self._keep()

    async def _join_once(self, room: str) -> None:
        invite = self._invites.get(room, {})
        if invite.get("direct"):
            # Before the join, so that its first message is already read as private.
            await mark_direct(self._client, invite["inviter"], room)
        leader = str(invite.get("inviter", "")) or self._moves.get(room, {}).get("by", "")
        server = leader.partition(":")[2]
        query = urlencode({"via": server, "server_name": server}) if server else ""
        path = f"/join/{quote(room, safe='')}?{query}"
        await self._client.request("POST", path, seconds=_JOIN_SECONDS)

    async def _leave(self, room: str) -> None:
        pause = _SHORTEST_SECONDS
        while not isinstance(await leave(self._client, room), Sent):
            pause = await _paused(pause)
        self._moves.pop(room, None)
        await self._keep()

    async def _forget(self, room: str) -> None:
        """Let the homeserver drop what it keeps for us of a room that the bot is out of."""
        try:
            await self._client.request("POST", f"/rooms/{quote(room, safe='')}/forget")
        except MatrixError as no:
            # it may be in again by now, or the server away: nothing depends on it
            _log.info("matrix.not_forgotten", reason=type(no).__name__)

    async def _keep(self) -> None:
        kept = {"invites": self._invites, "moves": self._moves}
        await self._port.keep(_KEPT_AS, json.dumps(kept).encode())


_FINAL = frozenset({"M_FORBIDDEN", "M_NOT_FOUND", "M_UNSUPPORTED_ROOM_VERSION"})


async def _paused(pause: float, asked: float = 0.0) -> float:
    """Wait, and return how long to wait the next time."""
    await asyncio.sleep(max(pause, asked))
    return min(pause * 2, _LONGEST_SECONDS)


def _own_invite(state: tuple[Raw, ...], user_id: str) -> Raw | None:
    for event in state:
        if (
            event.get("type") == "m.room.member"
            and event.get("state_key") == user_id
            and content_of(event).get("membership") == "invite"
        ):
            return event
    return None


def _is_space(state: tuple[Raw, ...]) -> bool:
    return any(
        event.get("type") == "m.room.create" and content_of(event).get("type") == "m.space"
        for event in state
    )
