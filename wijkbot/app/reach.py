"""How many subscribers could be written to freely now, and how many by a template only?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House
from wijkbot.app.outside_window import NEWS, is_open, window_hours
from wijkbot.app.rates import WHOLE_ACCOUNT
from wijkbot.app.subscribers import SubscriberList
from wijkbot.content.model import TemplateFile
from wijkbot.storage import chats, consents, tiers, windows

_PORTION = 2_000
NEW_NUMBER = 250
"""To so many different people a day Meta lets a number write first that it does not know yet."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``freely`` and ``by_template``: how many residents each way, if it went out now.

    ``has_template``: there is one to send. ``tier``: to so many a template may go in a day, and
    ``room``: still today, None without a limit of ours. ``is_full``: the platform itself said
    that it was enough for now.
    """

    freely: int = 0
    by_template: int = 0
    has_template: bool = True
    room: int | None = None
    tier: int = 0
    is_full: bool = False

    @property
    def waits(self) -> int:
        """How many of them get it tomorrow at the earliest."""
        return 0 if self.room is None else max(0, self.by_template - self.room)

    @property
    def days(self) -> int:
        """About how many days it takes at that tier, or at that of a new number."""
        tier = self.tier or NEW_NUMBER
        rest = self.waits if self.room is not None else max(0, self.by_template - tier)
        return 1 + -(-rest // tier)


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
    pause = await house.database.read(lambda conn: tiers.found(conn, house.sealer, group.channel))
    found = Reach(freely, by_template, has_template, is_full=pause is not None)
    most = adapter.capabilities(WHOLE_ACCOUNT).unasked_per_day
    if not most:
        return found
    used = await house.database.read(
        lambda conn: windows.used_today(conn, group.channel, house.clock.now_ms())
    )
    return replace(found, room=max(0, most - used), tier=most)


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
