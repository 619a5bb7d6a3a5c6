"""How is news put right where nothing can be edited? By a new message that says so in words."""

from __future__ import annotations

from dataclasses import replace

from wijkbot.adapter_api import Capabilities, Message
from wijkbot.announcements.extras import Act, Change
from wijkbot.app.alter import NOT_SENT, UNSUPPORTED
from wijkbot.app.house import House
from wijkbot.content.texts import in_language, text_map
from wijkbot.storage import changes
from wijkbot.storage.changes import STANDS
from wijkbot.storage.lanes import Outgoing

CORRECTION = "T81"
"""The line above the new words."""


def goes_anew(able: Capabilities, row: Outgoing, change: Change | None) -> bool:
    """Whether this change is a message of its own: a correction for one person."""
    return (
        change is not None
        and change.act is Act.EDIT
        and row.is_private
        and not able.can_edit
        and able.reply_window_hours > 0
    )


async def why_not_anew(house: House, row: Outgoing, change: Change) -> str:
    """Who never got the first message needs no correction; "" when they may have it."""
    found = await house.database.read(
        lambda c: changes.standing(c, row.lane_id, change.announcement)
    )
    if CORRECTION not in house.library.shelf(row.neighbourhood).items:
        return UNSUPPORTED
    return "" if found is not None and found.status in STANDS else NOT_SENT


def corrected(house: House, row: Outgoing, message: Message) -> Message:
    """The new words with the line above them."""
    item = house.library.shelf(row.neighbourhood).items.get(CORRECTION)
    if item is None:
        return message
    texts = text_map(item, "text")
    line = in_language(texts, message.language) or in_language(texts, "nl") or ""
    return replace(message, text=f"{line}\n\n{message.text}".strip())
