"""Into which rooms does the bot go? Invitations, and rooms that moved to a new version."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import structlog

from wijkbot.adapter_api import EventKind, IncomingEvent, Port
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.direct import mark_direct
from wijkbot_matrix.incoming import Raw, content_of, mapping, text
from wijkbot_matrix.wire import MatrixError, ServerRefusedError, TokenRevokedError

_KEPT_AS = "arrivals"
_TRIES = 12
_SHORTEST_SECONDS, _LONGEST_SECONDS = 2.0, 60.0
_JOIN_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class Arrivals:
    """Joins allowed rooms in the background, and remembers across restarts what is open."""

    def __init__(self, client: MatrixClient, port: Port, allowed: tuple[str, ...]) -> None:
        self._client = client
        self._port = port
        self._allowed = allowed
        # room → {"inviter": …, "direct": bool}; kept, because no later sync repeats an invite.
        self._invites: dict[str, dict[str, Any]] = {}
        # new room → {"old": …, "via": server}, as the old room's tombstone says.
        self._moves: dict[str, dict[str, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read what was open and go on with it."""
        raw = await self._port.kept(_KEPT_AS)
        if raw is not None:
            kept = json.loads(raw)
            self._invites, self._moves = kept["invites"], kept["moves"]
        for room in self._invites.keys() | self._moves.keys():
            self._begin(room)

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
            self._begin(room)

    async def moved(self, old: str, tombstone: Raw) -> None:
        """Follow a room to its replacement, through the server of whoever replaced it."""
        new = text(content_of(tombstone).get("replacement_room"))
        if not new or new in self._moves:
            return
        via = text(tombstone.get("sender")).partition(":")[2]
        self._moves[new] = {"old": old, "via": via}
        await self._keep()
        self._begin(new)

    async def arrived(self, room: str) -> tuple[str, str]:
        """The bot is in: return who invited it and the old room it replaces ("" for none).

        A replacement counts only when the new room itself names the old one. May be asked
        again until ``settle``.
        """
        invite, old = self._invites.get(room, {}), self._moves.get(room, {}).get("old", "")
        if old and not await self._names_as_predecessor(room, old):
            old = ""
        return str(invite.get("inviter", "")), old

    async def settle(self, events: Sequence[IncomingEvent]) -> None:
        """Forget what was open for rooms whose arrival the house has accepted."""
        rooms = {
            event.new_chat or event.chat
            for event in events
            if event.kind in {EventKind.BOT_JOINED, EventKind.REKEYED}
        }
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

    def _begin(self, room: str) -> None:
        task = asyncio.create_task(self._join(room))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, room: str) -> None:
        pause = _SHORTEST_SECONDS
        for _ in range(_TRIES):
            try:
                await self._join_once(room)
            except TokenRevokedError:
                return
            except MatrixError as no:
                if isinstance(no, ServerRefusedError) and no.errcode in _FINAL:
                    break
                waiting = no.retry_after if isinstance(no, ServerRefusedError) else 0.0
                await asyncio.sleep(max(pause, waiting))
                pause = min(pause * 2, _LONGEST_SECONDS)
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
        via = self._moves.get(room, {}).get("via", "")
        server = str(invite.get("inviter", "")).partition(":")[2] or via
        query = urlencode({"via": server, "server_name": server}) if server else ""
        path = f"/join/{quote(room, safe='')}?{query}"
        await self._client.request("POST", path, seconds=_JOIN_SECONDS)

    async def _names_as_predecessor(self, room: str, old: str) -> bool:
        path = f"/rooms/{quote(room, safe='')}/state/m.room.create"
        try:
            create = await self._client.request("GET", path)
        except ServerRefusedError:
            return False
        return mapping(create.get("predecessor")).get("room_id") == old

    async def _keep(self) -> None:
        kept = {"invites": self._invites, "moves": self._moves}
        await self._port.keep(_KEPT_AS, json.dumps(kept).encode())


_FINAL = frozenset({"M_FORBIDDEN", "M_NOT_FOUND", "M_UNSUPPORTED_ROOM_VERSION"})


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
