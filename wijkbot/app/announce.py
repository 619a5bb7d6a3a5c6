"""How does a published text get into groups that did not ask for it? Preview, then the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.deliver import links_of
from wijkbot.app.house import House, local_time, policy_of
from wijkbot.app.language import answer_language
from wijkbot.app.payload import say_bytes
from wijkbot.app.render import Setting, render
from wijkbot.content.model import Item
from wijkbot.engine.effects import Say
from wijkbot.engine.policy import Request, permit
from wijkbot.engine.words import Purpose
from wijkbot.schedule.openings import holiday_name
from wijkbot.settings import SettingsError
from wijkbot.storage import broadcasts, chats
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.chats import Chat

ANNOUNCEMENT_LIVES = timedelta(hours=24)
ANNOUNCED_KINDS = frozenset({"hours", "text", "announcement", "faq"})


@dataclass(frozen=True, slots=True)
class Preview:
    """What one group would read, or why it gets nothing now."""

    group: Chat
    text: str
    language: str
    forbidden_by: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """An announcement before it is agreed to."""

    say: Say
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
    say: Say | None = None
    for group in groups:
        shelf = house.library.shelf(group.neighbourhood)
        item = shelf.items.get(item_id)
        if item is None:
            raise SettingsError("--item", f"{item_id!r} is not published; see: wijkbot check")
        say = _say(item, shelf.book.version_of(item_id))
        previews.append(_preview(house, adapters, say, item, group))
    if say is None:
        raise SettingsError("--group", "there is no active group; see: wijkbot groups")
    return Plan(say, tuple(previews))


async def announce(house: House, plan_: Plan, key: str, author: str) -> int:
    """Queue an agreed plan; twice with one key is once. Gives how many groups get it."""
    now_ms = house.clock.now_ms()
    draft = BroadcastDraft(
        key=key,
        item_id=plan_.say.item,
        item_version=plan_.say.version,
        values=say_bytes(plan_.say),
        created_by=author,
        expires_at=now_ms + int(ANNOUNCEMENT_LIVES.total_seconds() * 1000),
    )

    def queue(conn: Connection) -> int:
        """Ask the rule again under each group's lock: two at once pass no limit."""
        chosen = []
        for preview in sorted(plan_.allowed, key=lambda p: p.group.id):
            group = chats.lock(conn, preview.group.id)
            if group is not None and not _forbidden_by(house, group):
                chosen.append(group)
        ids = [group.id for group in chosen]
        made = broadcasts.announce(conn, house.sealer, draft, ids, now_ms)
        for group in chosen:
            moment = local_time(house.settings, group.neighbourhood, now_ms)
            chats.count_unasked(conn, group, *_day_and_week(moment))
        return made.queued

    return await house.database.write(queue)


def _forbidden_by(house: House, group: Chat) -> str:
    """The line of the rule that forbids an announcement in this group now, or ""."""
    settings, now_ms = house.settings, house.clock.now_ms()
    country = settings.country_of(group.neighbourhood)
    local_now = local_time(settings, group.neighbourhood, now_ms)
    place = chats.place_of(group, country, now_ms, *_day_and_week(local_now))
    request = Request(
        purpose=Purpose.ANNOUNCEMENT,
        is_answer=False,
        local_now=local_now,
        is_holiday=bool(holiday_name(country, "", local_now.date())),
    )
    verdict = permit(request, place, policy_of(settings))
    return "" if verdict.is_permitted else verdict.rule


def _day_and_week(moment: datetime) -> tuple[str, str]:
    return moment.date().isoformat(), f"{moment:%G-W%V}"


def _say(item: Item, version: int) -> Say:
    if item.kind not in ANNOUNCED_KINDS:
        raise SettingsError(
            "--item", f"{item.id!r} is of kind {item.kind}; choose a text or hours"
        )
    if item.kind == "text" and getattr(item, "purpose", "") not in {"announcement", "info"}:
        raise SettingsError("--item", f"the text {item.id!r} is not made to be announced")
    key = "card" if item.kind == "hours" else "text"
    return Say(Purpose.ANNOUNCEMENT, item.id, version, key)


def _preview(
    house: House, adapters: dict[str, Adapter], say: Say, item: Item, group: Chat
) -> Preview:
    settings = house.settings
    area = group.neighbourhood
    country = settings.country_of(area)
    shelf = house.library.shelf(area)
    setting = Setting(
        items=shelf.items,
        country=country,
        now=local_time(settings, area, house.clock.now_ms()),
        links=links_of(house, adapters[group.channel]),
        main_hours=shelf.book.main_hours,
        organisation_name=settings.organisation.name,
        shelter=settings.go_live.shelter,
    )
    language = answer_language("", group.language, "", country, settings.organisation.languages)
    rendered = render(say, item, language, setting)
    return Preview(group, rendered.text, language, _forbidden_by(house, group))
