"""Can everybody in an encrypted room read the bot's next message? Shares its key, or raises."""

from __future__ import annotations

from typing import Any

import aiohttp

from wijkbot_matrix.wire import ServerAwayError


async def share_keys(client: Any, room: Any) -> None:
    """Give all devices in the room the key of nio's next message; never half of them.

    Raises ``ServerAwayError`` (nothing has left) when the homeserver fails in between.
    """
    try:
        if not room.members_synced:
            await client.joined_members(room.room_id)
        if client.should_query_keys:
            await client.keys_query()
        if not client.olm.should_share_group_session(room.room_id):
            return
        await client.share_group_session(room.room_id, ignore_unverified_devices=True)
    except (aiohttp.ClientError, TimeoutError) as trouble:
        # nio leaves its "busy" mark behind when claiming keys fails; the next send would hang.
        client.sharing_session.pop(room.room_id, None)
        raise ServerAwayError(has_left=False) from trouble
    if _somebody_left_out(client, room):
        client.invalidate_outbound_session(room.room_id)
        raise ServerAwayError(has_left=False)


def _somebody_left_out(client: Any, room: Any) -> bool:
    """Did sharing fail for a device that could have been reached? nio does not say."""
    session = client.olm.outbound_group_sessions[room.room_id]
    reached = session.users_shared_with | session.users_ignored
    return any(
        (user, device.id) not in reached
        for user in room.users
        for device in client.device_store.active_user_devices(user)
        if client.olm.session_store.get(device.curve25519) is not None
    )
