"""What can workers and moderators see in the terminal? The groups, and the odd jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import typer

from wijkbot.app.assemble import open_house
from wijkbot.app.house import House
from wijkbot.clock import Clock
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.storage import chats
from wijkbot.storage import jobs as stored_jobs


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

    with_house(settings, config, work)


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

    with_house(settings, config, work)


def with_house(settings: Settings, config: Path, work: Callable[[House], Awaitable[None]]) -> None:
    """Do one thing with the open house, and close it."""

    async def run() -> None:
        house = await open_house(settings, config.resolve().parent, Clock())
        try:
            await house.library.refresh()
            await work(house)
        finally:
            await house.database.close()

    asyncio.run(run())
