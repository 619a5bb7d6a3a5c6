"""How does the adapter talk to the homeserver? The only module that touches the network.

matrix-nio keeps the rooms' state and the encryption; plain requests go through ``request``,
because nio's own calls hide status codes and wait out rate limits by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import time
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import nio  # type: ignore[import-untyped]
from nio.crypto import encrypt_attachment  # type: ignore[import-untyped]

from wijkbot_matrix.incoming import RoomView, encrypted_rooms, mapping
from wijkbot_matrix.keysharing import Nio, share_keys
from wijkbot_matrix.keystore import KeyStore
from wijkbot_matrix.naming import BotName
from wijkbot_matrix.wire import (
    Login,
    NoCryptoError,
    NoSuchRoomError,
    ServerAwayError,
    ServerRefusedError,
    check,
)

_REQUEST_SECONDS = 20.0
_UPLOAD_SECONDS = 60.0
_SYNC_GRACE_SECONDS = 15.0
_FULL_SYNC_SECONDS = 120.0
_SYNC_FILTER = json.dumps(
    {
        "presence": {"types": []},
        "room": {"timeline": {"limit": 50}, "ephemeral": {"types": []}},
    }
)
_GROUP_SIZE = 3
_BEHIND_SECONDS = 0.5
_NOT_FOUND = 404

# nio writes the ids of rooms, users and devices into its log lines.
logging.getLogger("nio").setLevel(logging.CRITICAL + 1)


class MatrixClient:
    """One device of one account. Not logged in until ``login`` or ``restore``."""

    def __init__(self, homeserver: str, store: Path, pickle_key: str) -> None:
        # Without retries inside nio: the lanes of the house and the sync loop do the waiting.
        config = nio.AsyncClientConfig(
            max_limit_exceeded=0,
            max_timeouts=0,
            request_timeout=_REQUEST_SECONDS,
            store_sync_tokens=False,
            pickle_key=pickle_key,
            store=KeyStore,
        )
        self.nio = Nio(homeserver, store_path=str(store), config=config)
        self._store = store
        self._send_locks: dict[str, asyncio.Lock] = {}
        self.direct_rooms: frozenset[str] = frozenset()
        self.direct_lock = asyncio.Lock()
        self.has_new_own_keys = False
        # Rooms of which we saw, ourselves, that they are encrypted: that never ends.
        self._encrypted: set[str] = set()
        self._is_asking = False
        self._asked_at = 0.0

    @property
    def user_id(self) -> str:
        """The full user id, "" before the login."""
        return str(self.nio.user_id)

    async def login(self, user: str, password: str) -> Login:
        """Make a new device; the caller keeps what comes back."""
        answer = await self.request(
            "POST",
            "/login",
            {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": user},
                "password": password,
                "initial_device_display_name": "wijkbot",
            },
        )
        return Login(answer["user_id"], answer["device_id"], answer["access_token"])

    def restore(self, login: Login) -> None:
        """Continue as that device and load its encryption store."""
        self.nio.restore_login(login.user_id, login.device_id, login.access_token)

    def has_store(self, login: Login) -> bool:
        """Is there an encryption store of that device on this machine?"""
        return (self._store / f"{login.user_id}_{login.device_id}.db").exists()

    async def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        seconds: float = _REQUEST_SECONDS,
        token: str = "",
    ) -> dict[str, Any]:
        """Send one client-server request and return its JSON.

        Raises one of the errors of ``wire``.
        """
        return dict(mapping(await self._call(method, path, body, seconds, token)))

    async def request_list(self, path: str) -> list[Mapping[str, Any]]:
        """Fetch one of the few answers that are a list."""
        found = await self._call("GET", path, None, _REQUEST_SECONDS, "")
        return [mapping(one) for one in found] if isinstance(found, list) else []

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        seconds: float,
        token: str,
    ) -> object:
        data = json.dumps(body if body is not None else {}) if method != "GET" else None
        kind = "application/json"
        return await self._fetch(method, f"/_matrix/client/v3{path}", data, kind, seconds, token)

    async def _fetch(
        self,
        method: str,
        path: str,
        data: str | io.BytesIO | None,
        kind: str,
        seconds: float,
        token: str = "",
    ) -> object:
        headers = {"Content-Type": kind}
        if token or self.nio.access_token:
            headers["Authorization"] = f"Bearer {token or self.nio.access_token}"
        try:
            answer = await self.nio.send(method, path, data, headers, timeout=seconds)
            async with answer:
                found: object = await answer.json(content_type=None)
        except aiohttp.ClientConnectorError as trouble:
            raise ServerAwayError(has_left=False) from trouble
        except (aiohttp.ClientError, TimeoutError, ValueError) as trouble:
            raise ServerAwayError(has_left=True) from trouble
        check(answer.status, mapping(found), answer.headers)
        return found

    async def sync(self, since: str, *, full_state: bool, wait_seconds: float) -> dict[str, Any]:
        """Wait for news after ``since`` and return the sync response as it came."""
        query = {"filter": _SYNC_FILTER}
        if since:
            query["since"] = since
        if full_state:
            query["full_state"] = "true"
        else:
            query["timeout"] = str(int(wait_seconds * 1000))
        seconds = _FULL_SYNC_SECONDS if full_state else wait_seconds + _SYNC_GRACE_SECONDS
        self._is_asking = True
        try:
            return await self.request("GET", f"/sync?{urlencode(query)}", seconds=seconds)
        finally:
            self._is_asking, self._asked_at = False, time.monotonic()

    async def absorb(self, sync: Mapping[str, Any]) -> None:
        """Let nio take over the state and the keys of a sync response."""
        # First of all, and not by nio: a response that it stumbles over may tell this.
        self._encrypted |= encrypted_rooms(sync)
        changed = mapping(sync.get("device_lists")).get("changed")
        self.has_new_own_keys |= isinstance(changed, list) and self.user_id in changed
        # A copy, because nio takes parts out of what it reads.
        response = nio.SyncResponse.from_dict(deepcopy(dict(sync)))
        if isinstance(response, nio.SyncResponse):
            await self.nio.receive_response(response)
        for room in mapping(mapping(sync.get("rooms")).get("leave")):
            self.forget(room)
        count = mapping(sync.get("device_one_time_keys_count")).get("signed_curve25519")
        # nio overlooks a count of zero, and would never make new one-time keys again.
        if self.nio.olm is not None and isinstance(count, int):
            self.nio.olm.uploaded_key_count = count

    def forget(self, room_id: str) -> None:
        """Drop a room that the bot is no longer in (nio keeps it)."""
        self.nio.rooms.pop(room_id, None)
        self.nio.invited_rooms.pop(room_id, None)

    async def upkeep(self) -> None:
        """Do what the encryption asks for between two syncs: keys up, keys down, answers."""
        if self.nio.should_upload_keys:
            await self.nio.keys_upload()
        if self.nio.should_query_keys:
            await self.nio.keys_query()
        if self.nio.should_claim_keys:
            await self.nio.keys_claim(self.nio.get_users_for_key_claiming())
        await self.nio.send_to_device_messages()

    def readable(self, room_id: str, raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the event in clear, or None when its key is not there (yet)."""
        if raw.get("type") != "m.room.encrypted":
            return raw
        event = self._megolm(room_id, raw)
        if event is None:
            return None
        try:
            clear = self.nio.decrypt_event(event)
        except nio.EncryptionError:
            return None
        source = mapping(getattr(clear, "source", None))
        return {**raw, "type": source.get("type"), "content": source.get("content")}

    async def ask_for_key(self, room_id: str, raw: Mapping[str, Any]) -> None:
        """Ask the own devices for the key of an unreadable event; once per key."""
        event = self._megolm(room_id, raw)
        if event is not None and event.session_id not in self.nio.outgoing_key_requests:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, nio.ProtocolError):
                await self.nio.request_room_key(event)

    def _megolm(self, room_id: str, raw: Mapping[str, Any]) -> Any:
        event = nio.Event.parse_event(deepcopy(dict(raw)))
        if self.nio.olm is None or not isinstance(event, nio.MegolmEvent):
            return None
        event.room_id = room_id
        return event

    def view(self, room_id: str) -> RoomView | None:
        """Return what is known of a room the bot is in, None for any other."""
        room = self.nio.rooms.get(room_id)
        if room is None:
            return None
        is_small = room.member_count < _GROUP_SIZE
        is_direct = room_id in self.direct_rooms or not (room.name or room.canonical_alias)
        return RoomView(
            room_id=room_id,
            # A direct chat into which a third person came is a group, whatever it was marked.
            is_private=is_small and is_direct,
            bot=BotName(self.user_id, room.user_name(self.user_id) or ""),
            title=room.name or "",
        )

    async def send_event(
        self, room_id: str, kind: str, content: Mapping[str, Any], key: str
    ) -> str:
        """Send an event, encrypted where the room is; twice with one key is one event."""
        room = self.nio.rooms.get(room_id)
        if room is None:
            raise NoSuchRoomError
        payload: Mapping[str, Any] = content
        if await self._is_encrypted(room):
            async with self._send_locks.setdefault(room_id, asyncio.Lock()):
                await share_keys(self.nio, room)
                kind, payload = self.nio.encrypt(room_id, kind, dict(content))
        path = f"/rooms/{quote(room_id, safe='')}/send/{kind}/{quote(key, safe='')}"
        return str((await self.request("PUT", path, payload))["event_id"])

    async def _is_encrypted(self, room: Any) -> bool:
        """Is that room encrypted at this moment? Raises when it is and we cannot encrypt.

        While the bot is not listening (the database is away, or a gap is being filled) somebody
        may just have turned it on, so then the server is asked.
        """
        room_id = str(room.room_id)
        is_behind = not self._is_asking and time.monotonic() - self._asked_at > _BEHIND_SECONDS
        if not room.encrypted and room_id not in self._encrypted and is_behind:
            path = f"/rooms/{quote(room_id, safe='')}/state/m.room.encryption"
            try:
                await self.request("GET", path)
            except ServerRefusedError as no:
                if no.status != _NOT_FOUND:
                    raise
            else:
                self._encrypted.add(room_id)
        if room.encrypted or room_id in self._encrypted:
            if self.nio.olm is None:
                raise NoCryptoError
            if not room.encrypted:
                room.encrypted = True
                self.nio.olm.update_tracked_users(room)
            return True
        return False

    async def upload(self, room_id: str, data: bytes, name: str, mime_type: str) -> dict[str, Any]:
        """Put a file on the homeserver, sealed when it is for an encrypted room.

        Returns where it is, as it stands in an event: ``url``, or ``file`` with its key.
        """
        room = self.nio.rooms.get(room_id)
        if room is None:
            raise NoSuchRoomError
        path = "/_matrix/media/v3/upload"
        if not await self._is_encrypted(room):
            kind, asked = mime_type, f"?{urlencode({'filename': name})}"
            body = io.BytesIO(data)
            found = await self._fetch("POST", path + asked, body, kind, _UPLOAD_SECONDS)
            return {"url": str(mapping(found)["content_uri"])}
        sealed, keys = encrypt_attachment(data)
        kind = "application/octet-stream"
        found = await self._fetch("POST", path, io.BytesIO(sealed), kind, _UPLOAD_SECONDS)
        return {"file": {**keys, "url": str(mapping(found)["content_uri"])}}

    def set_direct(self, chats: Mapping[str, Any]) -> None:
        """Take over the list of direct chats."""
        rooms = [found for found in chats.values() if isinstance(found, list)]
        self.direct_rooms = frozenset(str(room) for found in rooms for room in found)

    async def close(self) -> None:
        """Close the connections and the store."""
        await self.nio.close()
        database = getattr(self.nio.store, "database", None)
        if database is not None and not database.is_closed():
            database.close()
