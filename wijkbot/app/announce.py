"""How does a published text get into groups that did not ask for it? Preview, then the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, Photo
from wijkbot.announcements.extras import Extras
from wijkbot.app import decision_log
from wijkbot.app.announce_payload import announcement_bytes
from wijkbot.app.house import House, local_time
from wijkbot.app.language import answer_language
from wijkbot.app.payload import span_ms
from wijkbot.app.render import render
from wijkbot.app.setting import links_of, setting_of
from wijkbot.content.model import Faq, Item
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import Request, permit
from wijkbot.engine.words import Place, Purpose
from wijkbot.schedule.openings import holiday_name
from wijkbot.settings import SettingsError
from wijkbot.storage import broadcasts, chats, counts, photos
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft, Leased, LocalDay, Step
from wijkbot.storage.chats import Chat
from wijkbot.storage.counts import Count
from wijkbot.storage.errors import LeaseLost

log = structlog.get_logger()

ANNOUNCEMENT_LIVES = timedelta(hours=24)
PHOTO_LIVES = ANNOUNCEMENT_LIVES + timedelta(hours=3)
"""A photo outlives the announcement that was due with it, also when that came two hours late."""
LATER_REASONS = frozenset({"quiet-hours", "group-is-silent"})
"""Why a message that was queued is held back for a while."""
ANNOUNCED_KINDS = frozenset({"hours", "text", "announcement", "faq"})


@dataclass(frozen=True, slots=True)
class Preview:
    """What one group would read, or why it gets nothing now."""

    group: Chat
    say: Say
    text: str
    language: str
    forbidden_by: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """An announcement before it is agreed to."""

    previews: tuple[Preview, ...]

    @property
    def allowed(self) -> tuple[Preview, ...]:
        """The groups that would get it."""
        return tuple(p for p in self.previews if not p.forbidden_by)


async def plan(
    house: House, adapters: dict[str, Adapter], item_id: str, groups: Sequence[Chat]
) -> Plan:
    """Render the announcement for every group and ask the rule; nothing is stored."""
    previews = []
    for group in groups:
        shelf = house.library.shelf(group.neighbourhood)
        item = shelf.items.get(item_id)
        if item is None:
            raise SettingsError("--item", f"{item_id!r} is not published; see: wijkbot check")
        say = say_of(item, shelf.book.version_of(item_id))
        previews.append(preview(house, adapters, say, item, group))
    if not previews:
        raise SettingsError("--group", "there is no active group; see: wijkbot groups")
    return Plan(tuple(previews))


@dataclass(frozen=True, slots=True)
class Announced:
    """The announcements that were made of a plan, and how many groups get them."""

    ids: tuple[int, ...]
    queued: int


async def announce(
    house: House,
    plan_: Plan,
    key: str,
    author: str,
    extras: Extras | None = None,
    photo: Photo | None = None,
) -> Announced:
    """Queue an agreed plan, with what goes with it; twice with one key is once.

    The first groups are done here, in the transaction that makes the announcement; the running
    bot continues with the rest.
    """
    now_ms = house.clock.now_ms()
    areas: dict[str, list[Preview]] = {}
    for preview in plan_.allowed:
        areas.setdefault(preview.group.neighbourhood, []).append(preview)

    def queue(conn: Connection) -> Announced:
        """Ask the rule again under each group's lock: two at once pass no limit."""
        ids, queued = [], 0
        carried = extras or Extras()
        if photo is not None and areas:
            number = keep_photo(conn, house, photo, now_ms)
            carried = replace(carried, photo=number)
        for area, previews in sorted(areas.items()):
            draft = draft_of(previews[0].say, now_ms, f"{key}.{area}", author, carried)
            audience = Audience.of((p.group.id for p in previews), area)
            made = broadcasts.create(conn, house.sealer, draft, audience, now_ms)
            expand(conn, house, made, now_ms)
            ids.append(made)
            queued += broadcasts.tally(conn, made).queued
        return Announced(tuple(ids), queued)

    return await house.database.write(queue)


async def continue_broadcasts(house: House, wake: Callable[[], None]) -> int:
    """Make the rest of the rows of announcements under way; ``wake`` is called when there are.

    Any number of processes may do this at once. Returns how many rows were made.
    """
    now_ms = house.clock.now_ms()
    if not await house.database.read(lambda c: broadcasts.is_due(c, now_ms)):
        return 0
    queued = 0
    for one in await house.database.write(lambda c: broadcasts.claim(c, now_ms)):
        try:
            queued += await _continue(house, one, wake)
        except LeaseLost:
            log.info("announcement-taken-over")
    return queued


async def _continue(house: House, one: Leased, wake: Callable[[], None]) -> int:
    queued = 0
    while True:
        now_ms = house.clock.now_ms()
        step = await house.database.write(
            lambda c, at=now_ms: expand(c, house, one.id, at, one.lease)  # type: ignore[misc]
        )
        queued += step.queued
        if step.queued:
            wake()
        if step.done:
            log.info("announcement-queued", count=queued)
            return queued


def keep_photo(conn: Connection, house: House, photo: Photo, due_ms: int) -> int:
    """Keep the photo for as long as an announcement of that moment (ms) may be sent."""
    now_ms = house.clock.now_ms()
    expires_at = due_ms + span_ms(PHOTO_LIVES)
    return photos.put(conn, house.sealer, photo, now_ms, expires_at=expires_at)


def draft_of(
    say: Say, now_ms: int, key: str, author: str, extras: Extras | None = None
) -> BroadcastDraft:
    """An announcement of that text, as it is stored; who is away a day does not get it."""
    return BroadcastDraft(
        key=key,
        item_id=say.item,
        item_version=say.version,
        values=announcement_bytes(say, extras),
        created_by=author,
        expires_at=now_ms + span_ms(ANNOUNCEMENT_LIVES),
    )


class AnnouncementRule:
    """The rule as the storage asks it: which of these locked chats may get it at this moment?

    ``is_change``: it changes what stands there. Remembers its verdicts for the log of decisions.
    """

    def __init__(self, house: House, *, is_change: bool = False) -> None:
        self._house = house
        self._is_change = is_change
        self._verdicts: Counter[tuple[str, Place, str]] = Counter()

    def __call__(self, found: list[Chat]) -> dict[int, LocalDay]:
        """The chats that may get it, with their local day."""
        now_ms = self._house.clock.now_ms()
        moments: dict[str, LocalMoment] = {}
        allowed = {}
        for chat in found:
            area = chat.neighbourhood
            if area not in moments:
                moments[area] = moment_in(self._house, area, now_ms, is_change=self._is_change)
            rule = forbidden_by(self._house, chat, moments[area])
            place = Place.PRIVATE if chat.is_private else Place.GROUP
            self._verdicts[moments[area].day.day, place, rule] += 1
            if not rule:
                allowed[chat.id] = moments[area].day
        return allowed

    def counts(self) -> list[Count]:
        """What it decided, for the log."""
        return [
            decision_log.entry(day, place, Purpose.ANNOUNCEMENT, rule, many=many)
            for (day, place, rule), many in self._verdicts.items()
        ]


def expand(
    conn: Connection, house: House, broadcast: int, now_ms: int, lease: int | None = None
) -> Step:
    """Make the next rows of an announcement or a change, as far as the rule permits them."""
    rule = AnnouncementRule(house, is_change=bool(broadcasts.act_of(conn, broadcast)))
    step = broadcasts.expand(conn, broadcast, rule, now_ms, lease=lease)
    counts.add(conn, *rule.counts())
    return step


@dataclass(frozen=True, slots=True)
class LocalMoment:
    """What time it is in one neighbourhood, as the rule asks it."""

    now_ms: int
    country: str
    day: LocalDay
    request: Request


def moment_in(house: House, area: str, now_ms: int, *, is_change: bool = False) -> LocalMoment:
    """The moment in one neighbourhood."""
    country = house.settings.country_of(area)
    local_now = local_time(house.settings, area, now_ms)
    request = Request(
        purpose=Purpose.ANNOUNCEMENT,
        is_answer=False,
        local_now=local_now,
        is_holiday=bool(holiday_name(country, "", local_now.date())),
        is_change=is_change,
    )
    return LocalMoment(now_ms, country, LocalDay.at(local_now), request)


def forbidden_by(house: House, group: Chat, at: LocalMoment) -> str:
    """The line of the rule that forbids an announcement in this group at that moment, or ""."""
    place = chats.place_of(group, at.country, at.now_ms, *at.day)
    verdict = permit(at.request, place, house.settings.policy.limits)
    return "" if verdict.is_permitted else verdict.rule


def say_of(item: Item, version: int) -> Say:
    """What announcing this item says.

    Raises:
        SettingsError: it is not a text that is made to be announced.
    """
    if item.kind not in ANNOUNCED_KINDS:
        raise SettingsError(
            "--item", f"{item.id!r} is of kind {item.kind}; choose a text or hours"
        )
    if item.kind == "text" and getattr(item, "purpose", "") not in {"announcement", "info"}:
        raise SettingsError("--item", f"the text {item.id!r} is not made to be announced")
    if isinstance(item, Faq) and item.answer is None:
        raise SettingsError(
            "--item",
            f"{item.id!r} is answered from consultation hours (dialogs/hours); announce those",
        )
    key = "card" if item.kind == "hours" else "text"
    return Say(Purpose.ANNOUNCEMENT, item.id, version, key)


def preview(
    house: House, adapters: dict[str, Adapter], say: Say, item: Item, group: Chat
) -> Preview:
    """What that group would read now."""
    area, now_ms = group.neighbourhood, house.clock.now_ms()
    setting = setting_of(house, area, now_ms, links_of(house, adapters[group.channel]))
    offered = house.settings.organisation.languages
    language = answer_language("", group.language, "", setting.country, offered)
    rendered = render(say, item, language, setting)
    moment = moment_in(house, area, now_ms)
    return Preview(group, say, rendered.text, language, forbidden_by(house, group, moment))
