"""How many subscribers could be written to freely now, and how many by a template only?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House
from wijkbot.app.outside_window import NEWS, is_open, window_hours
from wijkbot.app.rates import WHOLE_ACCOUNT
from wijkbot.app.subscribers import SubscriberList
from wijkbot.content.model import TemplateFile
from wijkbot.storage import chats, consents, windows

_PORTION = 2_000


@dataclass(frozen=True, slots=True)
class Reach:
    """``freely`` and ``by_template``: how many residents each way, if it went out now.

    ``has_template``: there is one to send. ``room``: to so many a template may still go today,
    None without a limit.
    """

    freely: int = 0
    by_template: int = 0
    has_template: bool = True
    room: int | None = None

    @property
    def waits(self) -> int:
        """How many of them get it tomorrow at the earliest."""
        return 0 if self.room is None else max(0, self.by_template - self.room)


async def reach(house: House, adapter: Adapter, group: SubscriberList) -> Reach | None:
    """As it is now for one list; None where everybody may always be written to."""
    hours = window_hours(adapter)
    if not hours:
        return None
    freely, by_template = await house.database.read(
        lambda conn: _count(conn, group, hours, house.clock.now_ms())
    )
    items = house.library.shelf(group.neighbourhood).items
    has_template = isinstance(items.get(NEWS), TemplateFile)
    most = adapter.capabilities(WHOLE_ACCOUNT).unasked_per_day
    if not most:
        return Reach(freely, by_template, has_template)
    used = await house.database.read(
        lambda conn: windows.used_today(conn, group.channel, house.clock.now_ms())
    )
    return Reach(freely, by_template, has_template, max(0, most - used))


def _count(conn: Connection, group: SubscriberList, hours: int, now_ms: int) -> tuple[int, int]:
    freely = by_template = last = 0
    while True:
        ids = consents.next_subscribers(conn, group.neighbourhood, last, _PORTION)
        found = chats.get_each(conn, ids)
        mine = [chat for chat in found.values() if chat.channel == group.channel]
        heard = windows.heard_at(conn, [chat.id for chat in mine])
        for chat in mine:
            if is_open(chat, heard.get(chat.id), hours, now_ms):
                freely += 1
            else:
                by_template += 1
        if len(ids) < _PORTION:
            return freely, by_template
        last = ids[-1]
