"""How does a published text get into groups that did not ask for it? Preview, then the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, Photo
from wijkbot.announcements.extras import Extras
from wijkbot.app import by_hand, decision_log, subscribers
from wijkbot.app.announce_payload import announcement_bytes
from wijkbot.app.by_hand import HandPreview
from wijkbot.app.house import House
from wijkbot.app.language import answer_language
from wijkbot.app.local_moment import LocalMoment, moment_in
from wijkbot.app.payload import span_ms
from wijkbot.app.render import render
from wijkbot.app.setting import links_of, setting_of
from wijkbot.app.subscribers import ListPreview, SubscriberList
from wijkbot.content.model import Faq, Item
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import permit
from wijkbot.engine.words import Place, Purpose
from wijkbot.settings import SettingsError
from wijkbot.storage import broadcasts, chats, consents, counts, photos
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft, Leased, LocalDay, Step
from wijkbot.storage.chats import Chat
from wijkbot.storage.counts import Count
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.hand_groups import HandGroup

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


AnyPreview = Preview | HandPreview | ListPreview
Agreed = Callable[[list[int]], Collection[int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """An announcement before it is agreed to."""

    previews: tuple[Preview, ...]
    by_hand: tuple[HandPreview, ...] = ()
    lists: tuple[ListPreview, ...] = ()

    @property
    def allowed(self) -> tuple[Preview, ...]:
        """The groups that would get it."""
        return tuple(p for p in self.previews if not p.forbidden_by)

    @property
    def allowed_by_hand(self) -> tuple[HandPreview, ...]:
        """The groups in which a person would be asked to post it."""
        return tuple(p for p in self.by_hand if not p.forbidden_by)

    @property
    def allowed_lists(self) -> tuple[ListPreview, ...]:
        """The lists of subscribers that would get it."""
        return tuple(p for p in self.lists if not p.forbidden_by)

    @property
    def everywhere(self) -> tuple[AnyPreview, ...]:
        """What is read in each group and list, whoever puts it there."""
        return (*self.previews, *self.by_hand, *self.lists)


async def plan(
    house: House,
    adapters: dict[str, Adapter],
    item_id: str,
    groups: Sequence[Chat],
    hands: Sequence[HandGroup] = (),
    lists: Sequence[SubscriberList] = (),
) -> Plan:
    """Render the announcement for every group and list and ask the rule; nothing is stored."""
    previews = []
    for group in groups:
        item, say = published(house, group.neighbourhood, item_id)
        previews.append(preview(house, adapters, say, item, group))
    posted = []
    for hand in hands:
        item, say = published(house, hand.neighbourhood, item_id)
        posted.append(await by_hand.preview(house, adapters, say, item, hand))
    listed = []
    for one in lists:
        item, say = published(house, one.neighbourhood, item_id)
        listed.append(subscribers.preview(house, adapters, say, item, one))
    if not previews and not posted and not listed:
        raise SettingsError("--group", "there is no active group; see: wijkbot groups")
    return Plan(tuple(previews), tuple(posted), tuple(listed))


def published(house: House, area: str, item_id: str) -> tuple[Item, Say]:
    """That item as a neighbourhood has it now, and what announcing it says.

    Raises:
        SettingsError: it is not published, or not made to be announced.
    """
    shelf = house.library.shelf(area)
    item = shelf.items.get(item_id)
    if item is None:
        raise SettingsError("--item", f"{item_id!r} is not published; see: wijkbot check")
    return item, say_of(item, shelf.book.version_of(item_id))


@dataclass(frozen=True, slots=True)
class Announced:
    """The announcements that were made of a plan, and for how many chats they are queued.

    ``is_whole``: that is everybody; else the running bot goes on.
    """

    ids: tuple[int, ...]
    queued: int
    is_whole: bool = True


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
    areas: dict[str, list[AnyPreview]] = {}
    everybody: tuple[AnyPreview, ...] = (
        *plan_.allowed,
        *plan_.allowed_by_hand,
        *plan_.allowed_lists,
    )
    for preview in everybody:
        areas.setdefault(preview.group.neighbourhood, []).append(preview)

    def queue(conn: Connection) -> Announced:
        """Ask the rule again under each group's lock: two at once pass no limit."""
        ids, queued, is_whole = [], 0, True
        carried = extras or Extras()
        if photo is not None and areas:
            number = keep_photo(conn, house, photo, now_ms)
            carried = replace(carried, photo=number)
        for area, previews in sorted(areas.items()):
            draft = draft_of(previews[0].say, now_ms, f"{key}.{area}", author, carried)
            chats_ = [p.group.id for p in previews if isinstance(p, Preview)]
            hands = [p.group.id for p in previews if isinstance(p, HandPreview)]
            is_listed = any(isinstance(p, ListPreview) for p in previews)
            audience = replace(Audience.of(chats_, area, hands), has_subscribers=is_listed)
            made = broadcasts.create(conn, house.sealer, draft, audience, now_ms)
            expand(conn, house, made, now_ms)
            ids.append(made)
            done = broadcasts.tally(conn, made)
            queued, is_whole = queued + done.queued, is_whole and done.ended
        return Announced(tuple(ids), queued, is_whole)

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

    ``is_change``: it changes what stands there. ``agreed`` tells which of these private chats
    said yes to announcements. Remembers its verdicts for the log of decisions.
    """

    def __init__(
        self, house: House, agreed: Agreed | None = None, *, is_change: bool = False
    ) -> None:
        self._house = house
        self._agreed = agreed
        self._is_change = is_change
        self._verdicts: Counter[tuple[str, Place, str]] = Counter()

    def __call__(self, found: list[Chat]) -> dict[int, LocalDay]:
        """The chats that may get it, with their local day."""
        now_ms = self._house.clock.now_ms()
        moments: dict[str, LocalMoment] = {}
        allowed = {}
        private = [chat.id for chat in found if chat.is_private]
        agreed = self._agreed(private) if private and self._agreed else frozenset()
        for chat in found:
            area = chat.neighbourhood
            if area not in moments:
                moments[area] = moment_in(self._house, area, now_ms, is_change=self._is_change)
            has_consent = chat.id in agreed
            rule = forbidden_by(self._house, chat, moments[area], has_consent=has_consent)
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
    by_hand.deal(conn, house, broadcast, now_ms)
    is_change = bool(broadcasts.act_of(conn, broadcast))
    rule = AnnouncementRule(house, partial(consents.subscribed, conn), is_change=is_change)
    step = broadcasts.expand(conn, broadcast, rule, now_ms, lease=lease)
    counts.add(conn, *rule.counts())
    return step


def forbidden_by(house: House, group: Chat, at: LocalMoment, *, has_consent: bool = False) -> str:
    """The line of the rule that forbids an announcement in this chat at that moment, or ""."""
    place = chats.place_of(group, at.country, at.now_ms, *at.day)
    request = replace(at.request, has_consent=has_consent)
    return permit(request, place, house.settings.policy.limits).forbidden_by


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
