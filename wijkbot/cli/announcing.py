"""How does a worker announce something from the terminal: now, later, or every week?"""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from wijkbot.app.announce import LATER_REASONS, Announced, Plan
from wijkbot.app.announce import announce as announce_plan
from wijkbot.app.announce import plan as plan_announcement
from wijkbot.app.announce_lint import Told, hard_in, told_in
from wijkbot.app.assemble import make_adapters
from wijkbot.app.house import House
from wijkbot.app.plan_ahead import Wish, plan_ahead, wish_of
from wijkbot.app.pointer import bump
from wijkbot.cli.staff import with_house
from wijkbot.cli.words import DATA
from wijkbot.engine.table import POINTER
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import broadcasts, chats, schedules
from wijkbot.storage.broadcasts import Tally
from wijkbot.storage.chats import Chat
from wijkbot.storage.outbox import Status
from wijkbot.storage.schedules import Schedule

LOOK_SECONDS = 0.5
WAIT_SECONDS = 10.0
REASONS = {
    "quiet-hours": "quiet hours or a holiday",
    "unasked-is-spent": "this group had its announcements for now",
    "chat-is-closed": "the group is not active",
    "group-is-silent": "the group asked for silence",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. ``wait`` in seconds; None: as long as fits the terminal."""

    item: str
    numbers: tuple[int, ...] = ()
    everywhere: bool = False
    yes: bool = False
    at: str = ""
    every: str = ""
    wait: float | None = None
    allow_personal_data: bool = False


def announce(config: Path, asked: Asked) -> None:
    """Preview, ask, and queue or plan."""
    settings = load_settings(config)
    wish = wish_of(asked.at, asked.every)

    async def work(house: House) -> None:
        adapters = make_adapters(settings, config.resolve().parent, house.clock)
        chosen = await _chosen(house, asked)
        plan = await plan_announcement(house, adapters, asked.item, chosen)
        _stop_on_personal_data(told_in(house, plan), asked)
        if wish is not None:
            await _plan_ahead(house, plan, asked, wish)
            return
        if asked.item == POINTER:
            await _bump(house, plan)
            return
        _show(house, plan)
        if not plan.allowed:
            typer.echo("Nothing was sent: no group may get it now.", err=True)
            sys.exit(1)
        if not asked.yes and not typer.confirm(f"Send it to {len(plan.allowed)} group(s)?"):
            typer.echo("Nothing was sent.")
            return
        made = await announce_plan(house, plan, house.clock.token(12), getpass.getuser())
        typer.echo(f"Queued for {made.queued} group(s). The running bot sends it.")
        wait = asked.wait if asked.wait is not None else WAIT_SECONDS * sys.stdout.isatty()
        if made.queued and wait > 0:
            await _follow(house, made, wait)

    with_house(settings, config, work)


async def _bump(house: House, plan: Plan) -> None:
    """The pointer never comes at once: nobody must be able to tell what it was for."""
    groups = [(p.group.neighbourhood, p.group.id) for p in plan.previews]
    await bump(house, groups, getpass.getuser())
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


async def _chosen(house: House, asked: Asked) -> list[Chat]:
    groups = await house.database.read(chats.groups)
    if not asked.numbers and not asked.everywhere:
        raise SettingsError("--group", "choose groups by number, or --all; see: wijkbot groups")
    chosen = [g for g in groups if asked.everywhere or g.id in asked.numbers]
    missing = set(asked.numbers) - {g.id for g in chosen}
    if missing:
        raise SettingsError("--group", f"there is no group {min(missing)}; see: wijkbot groups")
    return chosen


def _stop_on_personal_data(told: Sequence[Told], asked: Asked) -> None:
    """Name every kind and its line, never what stands there; exit 1 unless it is allowed."""
    for one in told:
        where = f"{one.item} ({one.language}), line {one.line}"
        if one.is_refused:
            typer.echo(f"{where}: {DATA[one.kind]}", err=True)
        else:
            typer.echo(f"{where}: an address. Take it out if somebody lives there.", err=True)
    if any(one.is_refused for one in told) and not asked.allow_personal_data:
        typer.echo(
            "Nothing was sent: it tells something about a person. Write it without, or give "
            "--allow-personal-data if everybody may know it.",
            err=True,
        )
        sys.exit(1)


async def _plan_ahead(house: House, plan: Plan, asked: Asked, wish: Wish) -> None:
    _show(house, plan, is_later=True)
    if not asked.yes and not typer.confirm(f"Plan it for {len(plan.previews)} group(s)?"):
        typer.echo("Nothing was planned.")
        return
    made = await plan_ahead(
        house, plan, wish, everywhere=asked.everywhere, author=getpass.getuser()
    )
    typer.echo("Planned. The running bot sends it then. To stop it: wijkbot schedules --cancel")
    for one in await house.database.read(schedules.listing):
        if one.id in made:
            typer.echo(_line(one))


def _show(house: House, plan: Plan, *, is_later: bool = False) -> None:
    """What each group would read; then what is hard to read in it, which stops nothing."""
    for preview in plan.previews:
        reason = REASONS.get(preview.forbidden_by, preview.forbidden_by)
        mark = f"NOT NOW ({reason})" if reason else "will get"
        if is_later:
            mark = "would get, as it is now"
        typer.echo(f"Group {preview.group.id} ({preview.language}) {mark}:")
        for line in preview.text.splitlines():
            typer.echo(f"    {line}")
    for hard in hard_in(house, plan):
        told = f"{hard.finding.what}; {hard.finding.remedy}"
        typer.echo(f"Hard to read: {hard.item} ({hard.language}): {told}")


async def _follow(house: House, made: Announced, wait: float) -> None:
    """Tell how far it is until it is through, or we waited long enough."""
    looks = max(1, round(wait / LOOK_SECONDS))
    first = shown = ""
    for look in range(looks + 1):
        told = await _tallies(house, made)
        queued, sent = sum(t.queued for t in told), _sent(told)
        line = f"sent {sent} of {queued}"
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
    typer.echo(_final(await _tallies(house, made)))


async def _tallies(house: House, made: Announced) -> list[Tally]:
    return await house.database.read(lambda c: [broadcasts.tally(c, id_) for id_ in made.ids])


def _sent(told: list[Tally]) -> int:
    return sum(t.count(Status.SENT, Status.QUEUED, Status.DELIVERED) for t in told)


def _waits(told: list[Tally]) -> int:
    return sum(t.waiting_for(LATER_REASONS) for t in told)


def _is_through(told: list[Tally]) -> bool:
    return all(t.ended and not t.count(Status.WAITING, Status.SENDING) for t in told)


def _final(told: list[Tally]) -> str:
    on_their_way = sum(t.count(Status.WAITING, Status.SENDING) for t in told)
    later = _waits(told)
    counts = {
        "sent": _sent(told),
        "on their way": on_their_way - later,
        "wait for quiet hours to end": later,
        "unknown": sum(t.count(Status.UNKNOWN) for t in told),
        "refused": sum(t.count(Status.REFUSED, Status.DEAD) for t in told),
        "too late": sum(t.count(Status.EXPIRED) for t in told),
    }
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n or name == "sent") + "."


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
