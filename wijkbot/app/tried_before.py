"""A message was tried before and nobody knows how that ended: may it be sent again?

A crisis card and a reply come again rather than not. An announcement never comes twice: it goes
again only where the platform takes the same one once, or lets us look whether it is there.
"""

from __future__ import annotations

from datetime import datetime

from wijkbot.adapter_api import Capabilities
from wijkbot.app.payload import from_ms
from wijkbot.engine.words import Purpose
from wijkbot.storage.lanes import Outgoing

LOOK_AFTER_MS = 10_000
"""A request that was cut off may arrive a little later; whoever looks at once does not see it."""


def may_repeat(able: Capabilities, row: Outgoing, purpose: Purpose) -> bool:
    """Whether it may be sent again, or looked for and sent when it is not there."""
    if able.is_idempotent or (able.can_look_up and row.broadcast_id is not None):
        return True
    return purpose is not Purpose.ANNOUNCEMENT


def unsure_since(able: Capabilities, row: Outgoing) -> datetime | None:
    """From when on an announcement may be there that was tried before, where one can look.

    Of a reply nobody looks: who asks the same twice gets the same words twice.
    """
    was_tried = row.was_in_flight or row.attempts > 1
    if not was_tried or row.broadcast_id is None or not able.can_look_up:
        return None
    return from_ms(row.created_at)
