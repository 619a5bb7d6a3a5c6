"""What can workers and moderators do in the terminal? Announce, list groups, list odd jobs."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import typer

from wijkbot.app.announce import Plan
from wijkbot.app.announce import announce as announce_plan
from wijkbot.app.announce import plan as plan_announcement
from wijkbot.app.assemble import make_adapters, open_house
from wijkbot.app.house import House
from wijkbot.clock import Clock
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.storage import chats
from wijkbot.storage import jobs as stored_jobs

REASONS = {
    "quiet-hours": "quiet hours or a holiday",
    "unasked-is-spent": "this group had its announcements for now",
    "chat-is-closed": "the group is not active",
    "group-is-silent": "the group asked for silence",
}


def announce(config: Path, item: str, numbers: list[int], *, everywhere: bool, yes: bool) -> None:
    """Preview, ask, and queue."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        adapters = make_adapters(settings, config.resolve().parent, house.clock)
        groups_ = await house.database.read(chats.groups)
        if not numbers and not everywhere:
            raise SettingsError(
                "--group", "choose groups by number, or --all; see: wijkbot groups"
            )
        chosen = [g for g in groups_ if everywhere or g.id in numbers]
        missing = set(numbers) - {g.id for g in chosen}
        if missing:
            raise SettingsError(
                "--group", f"there is no group {min(missing)}; see: wijkbot groups"
            )
        plan = await plan_announcement(house, adapters, item, chosen)
        _show(plan)
        if not plan.allowed:
            typer.echo("Nothing was sent: no group may get it now.", err=True)
            sys.exit(1)
        if not yes and not typer.confirm(f"Send it to {len(plan.allowed)} group(s)?"):
            typer.echo("Nothing was sent.")
            return
        sent = await announce_plan(house, plan, house.clock.token(12), getpass.getuser())
        typer.echo(f"Queued for {sent} group(s). The running bot sends it.")

    _with_house(settings, config, work)


def groups(config: Path, activate: int) -> None:
    """List the groups; activate one."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        if activate:
            known = {g.id for g in await house.database.read(chats.groups)}
            if activate not in known:
                raise SettingsError("--activate", f"there is no group {activate}")
            await house.database.write(lambda c: chats.configure(c, activate, is_active=True))
        found = await house.database.read(chats.groups)
        if not found:
            typer.echo("The bot is in no group yet. Invite it, then run this again.")
        for group in found:
            area = settings.areas().get(group.neighbourhood)
            state = "active" if group.is_active else "waits for: wijkbot groups --activate"
            name = area.name if area else group.neighbourhood
            typer.echo(f"{group.id:>4}  {group.channel:<20} {name:<20} {state}")

    _with_house(settings, config, work)


def jobs(config: Path) -> None:
    """List the odd jobs that are open, without a name or number of anybody."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        found = await house.database.read(
            lambda c: stored_jobs.listing(c, house.sealer, status="open")
        )
        if not found:
            typer.echo("There are no open odd jobs.")
        for job in found:
            typer.echo(
                f"{job.number:>4}  {job.kind:<8} {job.category:<5} {job.area:<20}"
                f" {job.when:<20} {job.words}"
            )

    _with_house(settings, config, work)


def _show(plan: Plan) -> None:
    for preview in plan.previews:
        reason = REASONS.get(preview.forbidden_by, preview.forbidden_by)
        mark = f"NOT NOW ({reason})" if reason else "will get"
        typer.echo(f"Group {preview.group.id} ({preview.language}) {mark}:")
        for line in preview.text.splitlines():
            typer.echo(f"    {line}")


def _with_house(
    settings: Settings, config: Path, work: Callable[[House], Awaitable[None]]
) -> None:
    async def run() -> None:
        house = await open_house(settings, config.resolve().parent, Clock())
        try:
            await house.library.refresh()
            await work(house)
        finally:
            await house.database.close()

    asyncio.run(run())
