"""Who gets announcements in a private chat? Counted as lists, never shown as persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House
from wijkbot.app.language import answer_language
from wijkbot.app.local_moment import moment_in
from wijkbot.app.render import render
from wijkbot.app.setting import links_of, setting_of
from wijkbot.content.model import Item
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import permit
from wijkbot.engine.words import Place, Purpose
from wijkbot.storage import changes, chats, consents
from wijkbot.storage.outbox import Status

_STANDS_OR_COMES = frozenset(Status) - {Status.REFUSED, Status.EXPIRED, Status.DEAD}
FEWEST = 5
"""A smaller number could point to one person."""


@dataclass(frozen=True, slots=True)
class SubscriberList:
    """The private chats of one channel that want announcements of a neighbourhood."""

    neighbourhood: str
    channel: str
    size: int

    @property
    def shown(self) -> str:
        """How many there are; a number that could point to one person is not told."""
        return shown(self.size)


@dataclass(frozen=True, slots=True)
class ListPreview:
    """What the subscribers of one list would read, or why they get nothing now."""

    group: SubscriberList
    say: Say
    text: str
    language: str
    forbidden_by: str = ""


def shown(count: int) -> str:
    """A number of persons: as it is, or "<5"."""
    return str(count) if count >= FEWEST or not count else f"<{FEWEST}"


def lists(
    conn: Connection, areas: Collection[str] | None = None, purpose: Purpose = Purpose.ANNOUNCEMENT
) -> list[SubscriberList]:
    """The lists that are not empty, of these neighbourhoods or of all."""
    return [
        SubscriberList(one.neighbourhood, one.channel, one.members)
        for one in consents.sizes(conn)
        if one.purpose == purpose and (areas is None or one.neighbourhood in areas)
    ]


def having(conn: Connection, announcement: int) -> list[SubscriberList]:
    """The lists that have an announcement, or still get it, with how many of each."""
    found = [one for one in changes.outcomes(conn, announcement) if one.is_private]
    there = [one.chat_id for one in found if one.status in _STANDS_OR_COMES]
    homes = chats.get_each(conn, there).values()
    counted = Counter((home.neighbourhood, home.channel) for home in homes)
    return [SubscriberList(area, channel, n) for (area, channel), n in sorted(counted.items())]


def preview(
    house: House, adapters: Mapping[str, Adapter], say: Say, item: Item, group: SubscriberList
) -> ListPreview:
    """What they would read now, in the first language of their neighbourhood.

    Each of them gets it in their own language.
    """
    settings, now_ms = house.settings, house.clock.now_ms()
    area = settings.area_of(group.neighbourhood)
    setting = setting_of(house, area, now_ms, links_of(house, adapters[group.channel]))
    offered = settings.languages_of(area)
    language = answer_language("", offered[0], "", setting.country, offered)
    rendered = render(say, item, language, setting)
    at = moment_in(house, area, now_ms)
    anybody = PlaceState(Place.PRIVATE, at.country)
    agreed = replace(at.request, has_consent=True)
    rule = permit(agreed, anybody, settings.policy.limits).forbidden_by
    return ListPreview(group, say, rendered.text, language, rule)
