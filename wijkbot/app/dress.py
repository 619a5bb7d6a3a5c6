"""What goes with the text of an announcement when it leaves? Photo, calendar file, no sound."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from wijkbot.adapter_api import Message, Photo
from wijkbot.announcements.extras import Extras
from wijkbot.app.announce_payload import extras_from
from wijkbot.app.hours_calendar import calendar_file
from wijkbot.app.house import House
from wijkbot.content.model import Item
from wijkbot.storage import photos
from wijkbot.storage.lanes import Outgoing

log = structlog.get_logger()


async def dress(
    house: House, row: Outgoing, message: Message, item: Item, local_now: datetime
) -> Message:
    """The message with all that its announcement carries; any other one as it is."""
    if row.broadcast_id is None or row.values is None:
        return message
    extras = extras_from(row.values)
    organisation = house.settings.organisation.name
    attachment = (
        calendar_file(item, message.language, local_now, organisation, message.text)
        if extras.has_calendar
        else None
    )
    return replace(
        message,
        photo=await _photo(house, extras),
        attachment=attachment,
        is_silent=extras.is_silent(local_now),
    )


async def _photo(house: House, extras: Extras) -> Photo | None:
    """The stored photo; without it the text still goes, for it says everything."""
    if not extras.photo:
        return None
    found = await house.database.read(lambda c: photos.get(c, house.sealer, extras.photo))
    if found is None:
        log.warning("photo-gone", reason="expired")
    return found
