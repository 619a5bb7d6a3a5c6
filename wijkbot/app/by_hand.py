"""How does an announcement get into groups where no bot can be? As a card that a person posts.

The same rule holds as in any group: quiet hours, holidays and the limits of news.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.announce_payload import extras_from
from wijkbot.app.house import House
from wijkbot.app.local_moment import LocalMoment, moment_in
from wijkbot.app.payload import say_bytes, say_from, to_ms
from wijkbot.app.post_kit import setting_for, versions_of
from wijkbot.content.model import Item
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import permit
from wijkbot.engine.words import Place, Purpose
from wijkbot.storage import broadcasts, hand_groups, post_cards
from wijkbot.storage.audience import Audience
from wijkbot.storage.hand_groups import HandGroup
from wijkbot.storage.post_cards import CardDraft, State

Moments = Callable[[str], LocalMoment]


@dataclass(frozen=True, slots=True)
class HandPreview:
    """What a person would be asked to post in one group, or why nothing now."""

    group: HandGroup
    say: Say
    text: str
    language: str
    forbidden_by: str = ""


async def preview(
    house: House, adapters: Mapping[str, Adapter], say: Say, item: Item, group: HandGroup
) -> HandPreview:
    """The card as that group would get it now; nothing is stored."""
    at = moment_in(house, group.neighbourhood, house.clock.now_ms())
    versions = versions_of(house, say, item, group, setting_for(house, adapters, group))
    rules = await house.database.read(lambda c: _rules(c, house, [group], at))
    return HandPreview(
        group,
        say,
        "\n\n".join(one.text for one in versions),
        "+".join(one.language for one in versions),
        rules[group.id],
    )


def chosen(groups: Sequence[HandGroup], numbers: Collection[int] | None) -> list[HandGroup]:
    """Of these groups those that agreed: all, or with these numbers."""
    return [
        one for one in groups if one.facts.has_consent and (numbers is None or one.id in numbers)
    ]


def deal(conn: Connection, house: House, announcement: int, now_ms: int) -> None:
    """Make the card of an announcement for the groups of its audience that may get it now.

    Once, while the announcement is under way: one that has a card keeps it, and one that was
    taken back or changes an earlier one gets none.
    """
    key = key_of(announcement)
    source = post_cards.source_of(conn, announcement)
    audience = Audience.from_json(source.audience)
    is_late = source.expires_at is not None and source.expires_at <= now_ms
    is_over = source.act or source.due_at is None or is_late
    area = audience.neighbourhood
    if is_over or area is None or audience.by_hand == ():
        return
    if (audience.is_list and audience.by_hand is None) or post_cards.is_made(conn, key):
        return
    groups = hand_groups.lock_consenting(conn, area, audience.by_hand)
    rules = _rules(conn, house, groups, moment_in(house, area, now_ms)) if groups else {}
    numbers = [group.id for group in groups if not rules[group.id]]
    values = broadcasts.values_of(conn, house.sealer, announcement) if numbers else None
    if values is None:
        return
    say = say_from(values, Purpose.ANNOUNCEMENT, source.item_id, source.item_version)
    draft = _draft(announcement, say, area, extras_from(values).photo or None)
    post_cards.make(conn, house.sealer, draft, numbers, now_ms)


def dealt(conn: Connection, announcement: int) -> list[HandGroup]:
    """The groups that have the card of an announcement, posted or not."""
    cards = post_cards.of_announcements(conn, [announcement])
    numbers = {one.group_id for one in post_cards.ticks(conn, [card.id for card in cards])}
    return hand_groups.listing(conn, numbers)


def change(conn: Connection, house: House, announcement: int, say: Say, now_ms: int) -> int:
    """The card of an announcement says this from now on.

    Returns in how many groups a person is asked to change what they posted.
    """
    is_new = post_cards.edit(conn, house.sealer, _draft(announcement, say), now_ms)
    cards = post_cards.of_announcements(conn, [announcement]) if is_new else []
    ticks = post_cards.ticks(conn, [card.id for card in cards])
    return sum(one.state is State.CHANGED for one in ticks)


def withdraw(conn: Connection, announcement: int, now_ms: int) -> int:
    """Its card is taken back; returns in how many groups a person is asked to delete it."""
    return post_cards.withdraw(conn, key_of(announcement), now_ms)


def key_of(announcement: int) -> str:
    """The identity of the card of an announcement."""
    return f"b{announcement}"


def _draft(announcement: int, say: Say, area: str = "", photo: int | None = None) -> CardDraft:
    return CardDraft(
        key=key_of(announcement),
        purpose=say.purpose.value,
        item_id=say.item,
        item_version=say.version,
        said=say_bytes(say),
        neighbourhood=area,
        broadcast_id=announcement,
        photo_id=photo,
    )


def _rules(
    conn: Connection, house: House, groups: Sequence[HandGroup], at: LocalMoment
) -> dict[int, str]:
    """The line of the rule that forbids news in each of these groups now, or ""."""
    midnight = at.request.local_now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = _days_before(midnight, midnight.weekday())
    numbers = [group.id for group in groups]
    today = post_cards.counts_since(conn, numbers, to_ms(midnight))
    week = post_cards.counts_since(conn, numbers, to_ms(monday))
    return {
        number: _forbidden_by(house, at, today.get(number, 0), week.get(number, 0))
        for number in numbers
    }


def _days_before(midnight: datetime, days: int) -> datetime:
    """So many days earlier on the wall clock, whatever the clocks did in between."""
    return midnight - timedelta(days=days)


def _forbidden_by(house: House, at: LocalMoment, today: int, week: int) -> str:
    place = PlaceState(Place.GROUP, at.country, unasked_today=today, unasked_this_week=week)
    return permit(at.request, place, house.settings.policy.limits).forbidden_by
