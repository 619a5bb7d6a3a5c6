"""How does a row change a message that stands in its chat: edit it, pin it, take it away?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import assert_never

from wijkbot.adapter_api import (
    ActResult,
    Adapter,
    Message,
    Reason,
    Refused,
    SendResult,
    Unsupported,
)
from wijkbot.announcements.extras import Act, Change
from wijkbot.app.announce_payload import announcement_bytes, extras_from
from wijkbot.app.house import House
from wijkbot.engine.effects import Say
from wijkbot.engine.table import POINTER
from wijkbot.storage import changes
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Draft, Lane, Status

NOT_SENT = "not-sent"
"""There is nothing to change: the chat never got it."""
NOT_KNOWN = "not-known"
"""Nobody knows which message it would be: whether it arrived, or the group moved since."""
UNSUPPORTED = "unsupported"
"""The platform, or the bot's rights there, have no such thing."""

_WENT = frozenset({Status.SENT, Status.QUEUED, Status.DELIVERED, Status.UNKNOWN})


async def alter(
    house: House,
    adapter: Adapter,
    row: Outgoing,
    change: Change,
    compose: Callable[[], Awaitable[Message]],
) -> SendResult:
    """Do it; a permanent refusal tells in ``detail`` or else in its reason why nothing changed.

    ``compose`` makes the new message; it is asked for an edit only.
    """
    found = await house.database.read(
        lambda c: changes.standing(c, row.lane_id, change.announcement)
    )
    if found is None or not found.message_id:
        is_unknown = found is not None and found.status in _WENT
        return Refused(Reason.MISSING, True, detail=NOT_KNOWN if is_unknown else NOT_SENT)
    result = await _act(adapter, row.address or "", change.act, found.message_id, compose)
    if isinstance(result, Unsupported):
        return Refused(Reason.CONTENT, True, detail=UNSUPPORTED)
    return result


async def _act(
    adapter: Adapter,
    address: str,
    act: Act,
    message_id: str,
    compose: Callable[[], Awaitable[Message]],
) -> ActResult:
    match act:
        case Act.EDIT:
            return await adapter.edit(address, message_id, await compose())
        case Act.WITHDRAW:
            return await adapter.withdraw(address, message_id)
        case Act.PIN:
            return await adapter.pin(address, message_id)
        case _:
            assert_never(act)


def why_not(refused: Refused) -> str:
    """The short code of a change that was refused for good."""
    own = {NOT_SENT, NOT_KNOWN, UNSUPPORTED}
    return refused.detail if refused.detail in own else refused.reason.value


def pin_after(adapter: Adapter, row: Outgoing, say: Say) -> Draft | None:
    """The message that pins this one, to be put behind it; None when it is not to be pinned.

    The pointer is the pinned message of its group wherever the bot may pin.
    """
    if row.is_private or row.broadcast_id is None or row.values is None or row.address is None:
        return None
    is_pointer = row.item_id == POINTER and adapter.capabilities(row.address).can_pin
    if not (is_pointer or extras_from(row.values).is_pinned):
        return None
    return Draft(
        chat_id=row.chat_id,
        lane=Lane.BULK,
        key=changes.pin_key(row.key),
        purpose=row.purpose,
        item_id=row.item_id,
        item_version=row.item_version,
        language=row.language,
        values=announcement_bytes(say, change=Change(Act.PIN, row.broadcast_id)),
        expires_at=row.expires_at,
    )
