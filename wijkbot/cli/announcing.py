"""How does a worker announce something from the terminal: now, later, or every week?"""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from wijkbot.adapter_api import Adapter, Reason
from wijkbot.announcements.extras import Extras, Sound
from wijkbot.announcements.photo import PhotoError, photo_of
from wijkbot.app.announce import LATER_REASONS, Plan
from wijkbot.app.announce import announce as announce_plan
from wijkbot.app.announce import plan as plan_announcement
from wijkbot.app.announce_lint import Told, hard_in, told_in
from wijkbot.app.assemble import make_adapters
from wijkbot.app.by_hand import chosen
from wijkbot.app.house import House
from wijkbot.app.known_links import with_links
from wijkbot.app.plan_ahead import Load, Wish, plan_ahead, wish_of
from wijkbot.app.pointer import bump
from wijkbot.app.subscribers import SubscriberList
from wijkbot.cli.reaching import show_reach
from wijkbot.cli.staff import with_house
from wijkbot.cli.subscribing import chosen_lists, show_lists
from wijkbot.cli.words import DATA
from wijkbot.engine.table import POINTER
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import broadcasts, chats, hand_groups, schedules
from wijkbot.storage.broadcasts import Tally
from wijkbot.storage.chats import Chat
from wijkbot.storage.hand_groups import HandGroup
from wijkbot.storage.outbox import Status
from wijkbot.storage.schedules import Schedule
from wijkbot.storage.tiers import TIER

LOOK_SECONDS = 0.5
WAIT_SECONDS = 10.0
REASONS = {
    "quiet-hours": "quiet hours or a holiday",
    "unasked-is-spent": "this group had its announcements for now",
    "chat-is-closed": "the group is not active",
    "group-is-silent": "the group asked for silence",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go with the text. ``is_silent`` None: it depends on the hour."""

    photo: Path | None = None
    alt: str = ""
    is_silent: bool | None = None
    has_calendar: bool = False
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. ``wait`` in seconds; None: as long as fits the terminal."""

    item: str
    numbers: tuple[int, ...] = ()
    by_hand: tuple[int, ...] = ()
    subscribers: tuple[str, ...] = ()
    everywhere: bool = False
    yes: bool = False
    at: str = ""
    every: str = ""
    wait: float | None = None
    allow_personal_data: bool = False
    wanted: Wanted = Wanted()


def announce(config: Path, asked: Asked) -> None:
    """Preview, ask, and queue or plan."""
    settings = load_settings(config)
    wish = wish_of(asked.at, asked.every)
    load = _load(asked)

    async def work(house: House) -> None:
        made = make_adapters(settings, config.resolve().parent, house.clock)
        adapters = await with_links(house, made)
        groups, hands = await _chosen(house, asked), await _hands(house, asked)
        lists = await _lists(house, asked)
        plan = await plan_announcement(house, adapters, asked.item, groups, hands, lists)
        told = told_in(house, plan, load.photo.alt if load.photo else "")
        stop_on_personal_data(told, is_allowed=asked.allow_personal_data)
        _check_calendar(house, plan, load)
        if wish is not None:
            await _plan_ahead(house, plan, asked, wish, load)
            return
        if asked.item == POINTER:
            if load != Load():
                raise SettingsError("--item", "the pointer goes by itself, with nothing else")
            await _bump(house, plan)
            return
        await _announce_now(house, adapters, plan, asked, load)

    with_house(settings, config, work)


async def _announce_now(
    house: House, adapters: Mapping[str, Adapter], plan: Plan, asked: Asked, load: Load
) -> None:
    show(house, plan)
    await show_reach(house, adapters, [one.group for one in plan.lists])
    _show_load(adapters, plan, load)
    if not (plan.allowed or plan.allowed_by_hand or plan.allowed_lists):
        typer.echo("Nothing was sent: no group may get it now.", err=True)
        sys.exit(1)
    by_hand = f", and a card for {n} by hand" if (n := len(plan.allowed_by_hand)) else ""
    lists = ", and to the subscribers" if plan.allowed_lists else ""
    also = f"{lists}{by_hand}"
    if not asked.yes and not typer.confirm(f"Send it to {len(plan.allowed)} group(s){also}?"):
        typer.echo("Nothing was sent.")
        return
    key, author = house.clock.token(12), getpass.getuser()
    made = await announce_plan(house, plan, key, author, load.extras, load.photo)
    whom = "groups and subscribers" if plan.allowed_lists else "group(s)"
    if plan.allowed or plan.allowed_lists:
        rest = "sends it" if made.is_whole else "queues the rest, and sends it"
        typer.echo(f"Queued for {made.queued} {whom}. The running bot {rest}.")
    if plan.allowed_by_hand:
        told = f"{len(plan.allowed_by_hand)} group(s) by hand"
        typer.echo(
            f"A card for {told}: who posts there finds it on their page. See: wijkbot postkit"
        )
    if made.ids:
        told = f"wijkbot announce edit {made.ids[0]}, wijkbot announce delete {made.ids[0]}"
        typer.echo(f"Its number is {made.ids[0]}. Later: {told}")
    if made.queued:
        await follow(house, made.ids, asked.wait)


async def _bump(house: House, plan: Plan) -> None:
    """The pointer never comes at once: nobody must be able to tell what it was for."""
    groups = [(p.group.neighbourhood, p.group.id) for p in plan.previews]
    hands = [(p.group.neighbourhood, p.group.id) for p in plan.by_hand]
    await bump(house, groups, getpass.getuser(), hands)
    typer.echo(
        "The pointer comes once more, in 2 to 4 hours and outside the quiet hours. It never comes"
        " at once, so that nobody can tell that somebody asked something. See: wijkbot schedules"
    )


def list_schedules(config: Path, cancel: int) -> None:
    """List what is planned; cancel one."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        if cancel:
            if not await house.database.write(lambda c: schedules.cancel(c, cancel)):
                raise SettingsError(
                    "--cancel", f"nothing is planned with number {cancel}; see: wijkbot schedules"
                )
            typer.echo(f"Cancelled: {cancel}.")
        planned = await house.database.read(schedules.listing)
        if not planned:
            typer.echo("Nothing is planned. See: wijkbot announce --help")
        for one in planned:
            typer.echo(_line(one))

    with_house(settings, config, work)


def _load(asked: Asked) -> Load:
    """What goes with the text; a file that cannot is told before anything else."""
    wanted = asked.wanted
    if not asked.item:
        raise SettingsError("--item", "say which published text; see: wijkbot announce --help")
    sound = Sound.BY_THE_CLOCK
    if wanted.is_silent is not None:
        sound = Sound.SILENT if wanted.is_silent else Sound.LOUD
    if wanted.alt and wanted.photo is None:
        raise SettingsError("--alt", "it tells what is on a photo; give --photo too")
    extras = Extras(has_calendar=wanted.has_calendar, is_pinned=wanted.is_pinned, sound=sound)
    if wanted.photo is None:
        return Load(extras)
    try:
        return Load(extras, photo_of(wanted.photo.read_bytes(), wanted.alt))
    except OSError:
        raise SettingsError("--photo", f"{wanted.photo} cannot be read") from None
    except PhotoError as error:
        raise SettingsError("--photo", str(error)) from None


def _check_calendar(house: House, plan: Plan, load: Load) -> None:
    shelves = [house.library.shelf(p.group.neighbourhood) for p in plan.everywhere]
    kinds = {s.items[plan.everywhere[0].say.item].kind for s in shelves}
    if load.extras.has_calendar and kinds != {"hours"}:
        raise SettingsError("--ics", "only a consultation hour goes into a calendar")


def _show_load(adapters: Mapping[str, Adapter], plan: Plan, load: Load) -> None:
    """What goes with the text, and where a platform cannot show it."""
    photo = load.photo
    if photo is not None:
        size = f"{photo.width} by {photo.height} points, {len(photo.data) // 1024} kB"
        typer.echo(f"With a photo ({size}), in words: {photo.alt}")
    names = {
        "with the next opening for a calendar": load.extras.has_calendar,
        "pinned where the bot may": load.extras.is_pinned,
        "without a sound": load.extras.sound is Sound.SILENT,
    }
    told = [name for name, holds in names.items() if holds]
    if told:
        typer.echo(f"{', '.join(told).capitalize()}.")
    for one in plan.allowed:
        can = adapters[one.group.channel].capabilities("")
        if photo is not None and not can.has_photos:
            typer.echo(f"Group {one.group.id} reads what is on the photo: no pictures there.")


async def _chosen(house: House, asked: Asked) -> list[Chat]:
    groups = await house.database.read(chats.groups)
    if not (asked.numbers or asked.by_hand or asked.subscribers or asked.everywhere):
        raise SettingsError("--group", "choose groups by number, or --all; see: wijkbot groups")
    chosen = [g for g in groups if asked.everywhere or g.id in asked.numbers]
    missing = set(asked.numbers) - {g.id for g in chosen}
    if missing:
        raise SettingsError("--group", f"there is no group {min(missing)}; see: wijkbot groups")
    return chosen


async def _lists(house: House, asked: Asked) -> list[SubscriberList]:
    """The lists that were chosen; with --all every one. The pointer is for groups alone."""
    if asked.item == POINTER:
        return []
    return await chosen_lists(house, asked.subscribers, everywhere=asked.everywhere)


async def _hands(house: House, asked: Asked) -> list[HandGroup]:
    """The groups by hand that were chosen; with --all those of every neighbourhood."""
    found = await house.database.read(hand_groups.listing)
    areas = house.settings.areas()
    wanted = None if asked.everywhere and not asked.by_hand else asked.by_hand
    hands = [one for one in chosen(found, wanted) if one.neighbourhood in areas]
    missing = set(asked.by_hand) - {one.id for one in hands}
    if missing:
        what = f"there is no group {min(missing)} that agreed"
        raise SettingsError("--by-hand", f"{what}; see: wijkbot postkit groups list")
    return hands


def stop_on_personal_data(told: Sequence[Told], *, is_allowed: bool) -> None:
    """Name every kind and its line, never what stands there; exit 1 unless it is allowed."""
    for one in told:
        where = f"{one.item} ({one.language}), line {one.line}"
        if one.is_refused:
            typer.echo(f"{where}: {DATA[one.kind]}", err=True)
        else:
            typer.echo(f"{where}: an address. Take it out if somebody lives there.", err=True)
    if any(one.is_refused for one in told) and not is_allowed:
        typer.echo(
            "Nothing was sent: it tells something about a person. Write it without, or give "
            "--allow-personal-data if everybody may know it.",
            err=True,
        )
        sys.exit(1)


async def _plan_ahead(house: House, plan: Plan, asked: Asked, wish: Wish, load: Load) -> None:
    show(house, plan, mark="would get, as it is now")
    if not asked.yes and not typer.confirm(f"Plan it for {len(plan.everywhere)} group(s)?"):
        typer.echo("Nothing was planned.")
        return
    made = await plan_ahead(
        house, plan, wish, everywhere=asked.everywhere, author=getpass.getuser(), load=load
    )
    typer.echo("Planned. The running bot sends it then. To stop it: wijkbot schedules --cancel")
    for one in await house.database.read(schedules.listing):
        if one.id in made:
            typer.echo(_line(one))


def show(house: House, plan: Plan, *, mark: str = "") -> None:
    """What each group would read; then what is hard to read in it, which stops nothing."""
    for preview in plan.previews:
        reason = REASONS.get(preview.forbidden_by, preview.forbidden_by)
        told = mark or (f"NOT NOW ({reason})" if reason else "will get")
        typer.echo(f"Group {preview.group.id} ({preview.language}) {told}:")
        _indent(preview.text)
    for hand in plan.by_hand:
        reason = REASONS.get(hand.forbidden_by, hand.forbidden_by)
        told = mark or (f"NOT NOW ({reason})" if reason else "gets a card")
        where = f"By hand: group {hand.group.id}, {hand.group.name}"
        typer.echo(f"{where} ({hand.language}) {told}:")
        _indent(hand.text)
    show_lists(house.settings, plan.lists, reasons=REASONS, mark=mark)
    for hard in hard_in(house, plan):
        told = f"{hard.finding.what}; {hard.finding.remedy}"
        typer.echo(f"Hard to read: {hard.item} ({hard.language}): {told}")


def _indent(text: str) -> None:
    for line in text.splitlines():
        typer.echo(f"    {line}".rstrip())


async def follow(
    house: House, ids: Sequence[int], asked: float | None, done: str = "sent"
) -> None:
    """Tell how far it is until it is through, or we waited long enough (10 s on a terminal)."""
    wait = asked if asked is not None else WAIT_SECONDS * sys.stdout.isatty()
    if wait <= 0:
        return
    looks = max(1, round(wait / LOOK_SECONDS))
    first = shown = ""
    for look in range(looks + 1):
        told = await _tallies(house, ids)
        queued, sent = sum(t.queued for t in told), _sent(told)
        line = f"{done} {sent} of {queued}"
        if line != shown:
            typer.echo(line)
            shown = line
        if _is_through(told):
            break
        state = repr([sorted(t.rows.items()) for t in told])
        first = first or state
        if look < looks:
            await asyncio.sleep(LOOK_SECONDS)
        elif state == first and not sent and not _waits(told):
            typer.echo("The bot is not running; it goes out when it starts.")
    typer.echo(_final(await _tallies(house, ids), done))


async def _tallies(house: House, ids: Sequence[int]) -> list[Tally]:
    return await house.database.read(lambda c: [broadcasts.tally(c, id_) for id_ in ids])


def _sent(told: list[Tally]) -> int:
    done = (Status.SENT, Status.QUEUED, Status.DELIVERED, Status.READ)
    return sum(t.count(*done) for t in told)


def _waits(told: list[Tally]) -> int:
    return sum(t.waiting_for(LATER_REASONS | {TIER}) for t in told)


def _is_through(told: list[Tally]) -> bool:
    return all(t.ended and not t.count(Status.WAITING, Status.SENDING) for t in told)


def _final(told: list[Tally], done: str) -> str:
    on_their_way = sum(t.count(Status.WAITING, Status.SENDING) for t in told)
    later = _waits(told)
    tomorrow = sum(t.waiting_for({TIER}) for t in told)
    lacking = sum(t.rows.get((Status.DEAD, Reason.NEEDS_TEMPLATE.value), 0) for t in told)
    counts = {
        done: _sent(told),
        "on their way": on_their_way - later,
        "wait for quiet hours to end": later - tomorrow,
        "wait for WhatsApp's limit": tomorrow,
        "unknown": sum(t.count(Status.UNKNOWN) for t in told),
        "need a template (wijkbot whatsapp templates)": lacking,
        "refused": sum(t.count(Status.REFUSED, Status.DEAD) for t in told) - lacking,
        "too late": sum(t.count(Status.EXPIRED) for t in told),
    }
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n or name == done) + "."


def _line(one: Schedule) -> str:
    moment = datetime.fromtimestamp(one.next_at / 1000, UTC).astimezone(ZoneInfo(one.zone))
    every = one.rule.rpartition("RRULE:")[2] or "once"
    where = one.audience.neighbourhood or ""
    numbers = one.audience.chats
    groups = "all" if numbers is None else ", ".join(str(number) for number in numbers)
    return (
        f"{one.id:>4}  {moment:%a %Y-%m-%d %H:%M}  {one.zone}  {one.item_id:<8} {every}"
        f"  {where} (groups: {groups})"
    )
