"""How does a worker put an announcement right, or take it back, in every group that has it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.announcements.extras import Act, Change, Extras
from wijkbot.app import by_hand, subscribers
from wijkbot.app.announce import (
    ANNOUNCEMENT_LIVES,
    Plan,
    Preview,
    expand,
    preview,
    published,
    say_of,
)
from wijkbot.app.announce_payload import announcement_bytes, extras_from
from wijkbot.app.by_hand import HandPreview
from wijkbot.app.house import House
from wijkbot.app.payload import span_ms
from wijkbot.app.subscribers import ListPreview
from wijkbot.content.model import Item
from wijkbot.engine.effects import Say
from wijkbot.settings import SettingsError
from wijkbot.storage import broadcasts, changes, chats, photos
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.changes import Announcement, Outcome


@dataclass(frozen=True, slots=True)
class Changed:
    """The changes that were made, by their numbers; how many groups waited and are done.

    ``by_hand``: in so many groups a person posted it and is asked to change or delete it.
    """

    ids: tuple[int, ...]
    queued: int
    caught: int
    by_hand: int = 0


async def found(house: House, number: int) -> list[Announcement]:
    """The announcement with that number, in each of its neighbourhoods.

    Raises:
        SettingsError: there is none, or it was withdrawn.
    """
    family = await house.database.read(lambda c: changes.family(c, number))
    if not family:
        raise SettingsError(
            "NUMBER", f"there is no announcement {number}; see: wijkbot announce list"
        )
    if await house.database.read(lambda c: changes.was_withdrawn(c, family[0].id)):
        raise SettingsError("NUMBER", f"announcement {number} was deleted already")
    return family


async def outcomes(house: House, numbers: Sequence[int]) -> list[Outcome]:
    """What became of these announcements or changes in each group."""

    def look(conn: Connection) -> list[Outcome]:
        return [one for number in numbers for one in changes.outcomes(conn, number)]

    return await house.database.read(look)


async def plan_edit(
    house: House, adapters: dict[str, Adapter], family: Sequence[Announcement], item_id: str
) -> Plan:
    """What each group that has it would read instead; ``item_id`` "" is the same item, anew.

    Raises:
        SettingsError: the item is not published, or of another kind than what stands there.
    """
    groups = {g.id: g for g in await house.database.read(chats.groups)}
    previews: list[Preview] = []
    posted: list[HandPreview] = []
    listed: list[ListPreview] = []
    for one in family:
        reached = await house.database.read(lambda c, n=one.id: changes.reached(c, n))  # type: ignore[misc]
        for group in (groups[number] for number in reached if number in groups):
            item, say = await _instead(house, one, group.neighbourhood, item_id)
            previews.append(preview(house, adapters, say, item, group))
        for hand in await house.database.read(lambda c, n=one.id: by_hand.dealt(c, n)):  # type: ignore[misc]
            item, say = await _instead(house, one, hand.neighbourhood, item_id)
            posted.append(await by_hand.preview(house, adapters, say, item, hand))
        for subs in await house.database.read(lambda c, n=one.id: subscribers.having(c, n)):  # type: ignore[misc]
            item, say = await _instead(house, one, subs.neighbourhood, item_id)
            listed.append(subscribers.preview(house, adapters, say, item, subs))
    if not previews and not posted and not listed:
        raise SettingsError("NUMBER", "no group has it, so there is nothing to change")
    return Plan(
        tuple(replace(one, forbidden_by="") for one in previews),
        tuple(replace(one, forbidden_by="") for one in posted),
        tuple(replace(one, forbidden_by="") for one in listed),
    )


async def _instead(house: House, one: Announcement, area: str, item_id: str) -> tuple[Item, Say]:
    """What a neighbourhood reads instead of an announcement; ``item_id`` "" is the same, anew."""
    item, say = published(house, area, item_id or one.item_id)
    before = say_of(await house.library.item(one.item_id, one.item_version), 0)
    if say.key != before.key:
        raise SettingsError("--item", "a text replaces a text, hours replace hours")
    return item, say


async def edit(
    house: House, family: Sequence[Announcement], plan: Plan, key: str, author: str
) -> Changed:
    """Put the new text in place of the old one; twice with one key is once.

    What has not left yet leaves with the new text.
    """
    says = {one.group.neighbourhood: one.say for one in plan.everywhere}
    by_chat = {one.group.id: one.group.neighbourhood for one in plan.previews}

    def say_for(conn: Connection, one: Announcement) -> Say | None:
        reached = changes.reached(conn, one.id)
        areas = [by_chat[number] for number in reached if number in by_chat]
        areas += [hand.neighbourhood for hand in by_hand.dealt(conn, one.id)]
        areas += [subs.neighbourhood for subs in subscribers.having(conn, one.id)]
        return next((says[area] for area in areas if area in says), None)

    def work(conn: Connection) -> Changed:
        ids, queued, caught, posted = [], 0, 0, 0
        for one in family:
            say = say_for(conn, one)
            if say is None:
                continue
            changes.lock(conn, one.id)
            values = broadcasts.values_of(conn, house.sealer, one.id)
            if values is not None:
                fresh = announcement_bytes(say, extras_from(values))
                item = (say.item, say.version)
                caught += changes.rewrite(conn, house.sealer, one.id, item, fresh)
            posted += by_hand.change(conn, house, one.id, say, house.clock.now_ms())
            ids.append(_queue(conn, house, one, say, _Wish(Act.EDIT, key, author)))
            queued += broadcasts.tally(conn, ids[-1]).queued
        return Changed(tuple(ids), queued, caught, posted)

    return await house.database.write(work)


async def withdraw(house: House, family: Sequence[Announcement], key: str, author: str) -> Changed:
    """Take it back where it stands, and stop it where it has not arrived; its photo goes."""
    items = {one.id: await house.library.item(one.item_id, one.item_version) for one in family}
    says = {one.id: say_of(items[one.id], one.item_version) for one in family}

    def work(conn: Connection) -> Changed:
        ids, queued, caught, posted = [], 0, 0, 0
        for one in family:
            changes.lock(conn, one.id)
            values = broadcasts.values_of(conn, house.sealer, one.id)
            if values is not None:
                photos.erase(conn, extras_from(values).photo)
            now_ms = house.clock.now_ms()
            caught += changes.stop(conn, one.id, now_ms)
            posted += by_hand.withdraw(conn, one.id, now_ms)
            wish = _Wish(Act.WITHDRAW, key, author)
            ids.append(_queue(conn, house, one, says[one.id], wish))
            queued += broadcasts.tally(conn, ids[-1]).queued
        return Changed(tuple(ids), queued, caught, posted)

    return await house.database.write(work)


@dataclass(frozen=True, slots=True)
class _Wish:
    """Who wants which act, and its identity: the same key is the same change."""

    act: Act
    key: str
    author: str


def _queue(conn: Connection, house: House, one: Announcement, say: Say, wish: _Wish) -> int:
    """The change as an announcement of its own, for the chats in which the first one stands."""
    now_ms = house.clock.now_ms()
    draft = BroadcastDraft(
        key=f"{wish.key}.{one.id}",
        item_id=say.item,
        item_version=say.version,
        # the opening that stands in a calendar must be the one that stands in the text
        values=announcement_bytes(say, Extras(has_calendar=True), Change(wish.act, one.id)),
        created_by=wish.author,
        expires_at=now_ms + span_ms(ANNOUNCEMENT_LIVES),
        act=wish.act.value,
        amends=one.id,
    )
    audience = Audience.of(changes.standing_in(conn, one.id))
    made = broadcasts.create(conn, house.sealer, draft, audience, now_ms)
    expand(conn, house, made, now_ms)
    return made
