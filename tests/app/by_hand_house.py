"""Which short words do the tests of the post kit share?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from tests.living import LivingBot
from wijkbot.announcements.extras import Extras
from wijkbot.app.announce import Announced, Plan, announce, plan
from wijkbot.storage import hand_groups, post_cards
from wijkbot.storage.hand_groups import GroupFacts, HandGroup
from wijkbot.storage.post_cards import Tick

CHANNELS = {"wijk": {"adapter": "sandbox"}}
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
OFTEN = {
    "policy": {
        "group_activation": "invite",
        "pointer": "",
        "unsolicited_per_day": 9,
        "unsolicited_per_week": 9,
    }
}
FACTS = GroupFacts(
    "Buren Zonnewijk",
    "whatsapp",
    "",
    ("nl",),
    "25-100",
    is_open=False,
    has_consent=True,
    checked_on="2026-11-20",
)


async def add_group(living: LivingBot, **changes: object) -> int:
    """Put a group on the list; returns its number."""
    house = living.bot.house
    facts = replace(FACTS, **changes)  # type: ignore[arg-type]
    return await house.database.write(lambda c: hand_groups.add(c, facts, house.clock.now_ms()))


async def all_groups(living: LivingBot) -> list[HandGroup]:
    """The whole list."""
    return await living.bot.house.database.read(hand_groups.listing)


async def planned(living: LivingBot, item: str) -> Plan:
    """That item for the groups by hand, and nowhere else."""
    adapters = dict(living.bot.adapters)
    return await plan(living.bot.house, adapters, item, [], await all_groups(living))


async def announced(
    living: LivingBot, item: str, key: str, extras: Extras | None = None
) -> Announced:
    """Announce it there."""
    made = await planned(living, item)
    return await announce(living.bot.house, made, key, "worker", extras)


async def ticks_of(living: LivingBot) -> list[Tick]:
    """How every card stands in every group."""

    def look(conn: Connection) -> list[Tick]:
        cards = post_cards.recent(conn, 0)
        return post_cards.ticks(conn, [card.id for card in cards])

    return await living.bot.house.database.read(look)
