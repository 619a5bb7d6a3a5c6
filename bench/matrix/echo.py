"""What is the least that a bot on this library does? It says again what was said to it.

    python -m bench.matrix.echo HOMESERVER USER PASSWORD STORE

An ``AsyncClient`` with encryption that goes wherever it is invited; nothing of its own is kept.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import nio  # type: ignore[import-untyped]

_WAIT_MS = 30_000


async def _echo(homeserver: str, user: str, password: str, store: str) -> None:
    config = nio.AsyncClientConfig(store_sync_tokens=True)
    client = nio.AsyncClient(homeserver, user, store_path=store, config=config)
    await client.login(password, device_name="echo")

    async def say_again(room: Any, event: Any) -> None:
        if event.sender != client.user_id:
            said = {"msgtype": "m.text", "body": event.body}
            await client.room_send(
                room.room_id, "m.room.message", said, ignore_unverified_devices=True
            )

    async def come(room: Any, event: Any) -> None:
        if event.state_key == client.user_id and event.membership == "invite":
            await client.join(room.room_id)

    await client.sync(timeout=0, full_state=True)
    client.add_event_callback(say_again, nio.RoomMessageText)
    client.add_event_callback(come, nio.InviteMemberEvent)
    if client.should_upload_keys:
        await client.keys_upload()
    print("echo on port 0.", flush=True)  # it has none; who starts it waits for this
    await client.sync_forever(timeout=_WAIT_MS)


if __name__ == "__main__":
    asyncio.run(_echo(*sys.argv[1:5]))
