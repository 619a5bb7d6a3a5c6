"""What does the calendar file of a consultation hour hold? Its next opening, as on the card."""

from __future__ import annotations

from datetime import datetime

from wijkbot.adapter_api import Attachment
from wijkbot.app.hours_card import to_schedule
from wijkbot.content.model import Hours as HoursItem
from wijkbot.content.model import Item
from wijkbot.content.texts import in_language
from wijkbot.schedule.calendar_file import MEDIA_TYPE, Event, calendar_of
from wijkbot.schedule.openings import next_opening

NAMES = {"nl": "spreekuur", "fr": "permanence", "en": "consultation-hour"}


def calendar_file(
    item: Item, language: str, now: datetime, organisation: str, words: str
) -> Attachment | None:
    """The next opening for a calendar; None when the item has none.

    ``words`` is the text of the card: what stands in the group stands in the calendar too.
    """
    if not isinstance(item, HoursItem):
        return None
    opening = next_opening(to_schedule(item), now)
    if opening is None:
        return None
    day = f"{opening.starts_at:%Y-%m-%d}"
    event = Event(
        uid=f"{item.id}.{day}@wijkbot",
        title=in_language(item.title, language) or item.id,
        place=opening.place or item.place,
        description=words,
        starts_at=opening.starts_at,
        ends_at=opening.ends_at,
        written_at=now,
    )
    name = f"{NAMES.get(language[:2], 'spreekuur')}-{day}.ics"
    return Attachment(calendar_of(event, organisation), name, MEDIA_TYPE)
