"""Which rooms are direct chats? The account's own list, which other clients write too."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.wire import ServerRefusedError


async def load_direct(client: MatrixClient) -> dict[str, Any]:
    """Fetch the list (user → rooms) and let the client know it."""
    try:
        found = await client.request("GET", _path(client))
    except ServerRefusedError as no:
        if no.errcode != "M_NOT_FOUND":
            raise
        found = {}
    client.set_direct(found)
    return found


async def mark_direct(client: MatrixClient, user: str, room_id: str) -> None:
    """Add a room to the list; what others wrote in it stays.

    One at a time: of two that read the same list, the second would undo the first.
    """
    async with client.direct_lock:
        chats = await load_direct(client)
        known = chats.get(user)
        rooms = known if isinstance(known, list) else []
        if room_id not in rooms:
            chats[user] = [*rooms, room_id]
            await client.request("PUT", _path(client), chats)
            client.set_direct(chats)


def _path(client: MatrixClient) -> str:
    return f"/user/{quote(client.user_id, safe='')}/account_data/m.direct"
