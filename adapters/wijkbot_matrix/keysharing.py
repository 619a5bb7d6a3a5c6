"""Can everybody in an encrypted room read the bot's next message? Shares its key, or raises."""

from __future__ import annotations

from typing import Any

import nio  # type: ignore[import-untyped]

from wijkbot_matrix.wire import ServerAwayError


class Nio(nio.AsyncClient):  # type: ignore[misc]
    """nio, but a room key that the server refuses does not log the bot out.

    nio 0.26 takes the people whom that key was for as the server's "soft logout", and drops the
    access token: every later request would look as if the token had been revoked.
    """

    access_token: str

    async def receive_response(self, response: nio.Response) -> None:
        """Take a response in, and keep the token whatever nio makes of a refusal."""
        token = self.access_token
        await super().receive_response(response)
        if isinstance(response, nio.ErrorResponse):
            self.access_token = token


async def share_keys(client: Any, room: Any) -> None:
    """Give all devices in the room the key of nio's next message; never half of them.

    Raises ``ServerAwayError`` (nothing has left) when the homeserver fails in between.
    """
    try:
        if not room.members_synced:
            _worked(await client.joined_members(room.room_id))
        if client.should_query_keys:
            _worked(await client.keys_query())
        if not client.olm.should_share_group_session(room.room_id):
            return
        unmet = client.get_missing_sessions(room.room_id)
        if unmet:
            # nio claims too, but goes on without these devices when the server refuses.
            _worked(await client.keys_claim(unmet))
        await client.share_group_session(room.room_id, ignore_unverified_devices=True)
    except ServerAwayError:
        raise
    except Exception as trouble:
        # Among them a TypeError: nio 0.26 cannot read a refused claim of keys. It leaves its
        # "busy" mark behind then, with which every later send into this room would fail.
        client.sharing_session.pop(room.room_id, None)
        raise ServerAwayError(has_left=False) from trouble
    if _somebody_left_out(client, room):
        client.invalidate_outbound_session(room.room_id)
        raise ServerAwayError(has_left=False)


def _worked(answer: object) -> None:
    """Raise when the server refused: nio returns that, and would leave people out."""
    if isinstance(answer, nio.ErrorResponse):
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
