"""What can workers and moderators see and do in the terminal? The groups, and the odd jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import typer
from sqlalchemy import Connection

from wijkbot.app.activation import make_link
from wijkbot.app.assemble import open_house
from wijkbot.app.house import House
from wijkbot.cli.subscribing import show_sizes
from wijkbot.clock import Clock
from wijkbot.engine.conversation import ALARM_MODE, LISTEN_MODE, ORDINARY_MODE
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.storage import chats, overheard, stays
from wijkbot.storage import jobs as stored_jobs
from wijkbot.storage.chats import Chat


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to do with which group; 0 is none."""

    activate: int = 0
    link: int = 0
    leave: int = 0
    listen: int = 0
    mention: int = 0


def groups(config: Path, wishes: Wishes) -> None:
    """List the groups; activate one, make its link, or leave it."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        found = {g.id: g for g in await _all_groups(house)}
        for option, number in (
            ("--activate", wishes.activate),
            ("--link", wishes.link),
            ("--leave", wishes.leave),
            ("--listen", wishes.listen),
            ("--mention", wishes.mention),
        ):
            if number and number not in found:
                raise SettingsError(option, f"there is no group {number}; see: wijkbot groups")
        await _carry_out(house, wishes)
        found = {g.id: g for g in await _all_groups(house)}
        if not found:
            typer.echo("The bot is in no group yet. Invite it, then run this again.")
        for group in found.values():
            area = settings.areas().get(group.neighbourhood)
            name = area.name if area else group.neighbourhood
            state = _state(group, house.clock.now_ms())
            typer.echo(f"{group.id:>4}  {group.channel:<20} {name:<20} {state}")
        await house.database.read(lambda conn: show_sizes(settings, conn))

    with_house(settings, config, work)


async def _all_groups(house: House) -> list[Chat]:
    return await house.database.read(lambda c: chats.groups(c, waiting=True))


async def _carry_out(house: House, wishes: Wishes) -> None:
    now_ms, trial_days = house.clock.now_ms(), house.settings.policy.trial_days
    if wishes.activate:
        await house.database.write(
            lambda c: stays.activate(c, wishes.activate, now_ms, trial_days=trial_days)
        )
    if wishes.leave:
        await house.database.write(lambda c: stays.leave_later(c, wishes.leave, now_ms))
        typer.echo(f"The running bot leaves group {wishes.leave} and erases what it has of it.")
    if wishes.listen and house.settings.policy.mode != LISTEN_MODE:
        raise SettingsError("policy.mode", 'write mode = "listen" first; see docs/the-rule.md')
    for chosen, mode in ((wishes.listen, LISTEN_MODE), (wishes.mention, ORDINARY_MODE)):
        if chosen:
            await _set_mode(house, chosen, mode)
    if wishes.link:
        link = await make_link(house, wishes.link)
        typer.echo(f"Give this link to the moderator of group {wishes.link}.")
        typer.echo(f"It works once, for 24 hours:\n  {link}")


async def _set_mode(house: House, group: int, mode: str) -> None:
    def change(conn: Connection) -> None:
        chats.configure(conn, group, mode=mode)
        if mode != LISTEN_MODE:
            overheard.forget(conn, group)

    await house.database.write(change)


def _state(group: Chat, now_ms: int) -> str:
    if not group.is_active:
        return f"waits for: wijkbot groups --link {group.id}"
    parts = ["active"]
    if group.leave_at is not None:
        parts.append("leaving")
    if group.mode == ALARM_MODE:
        parts.append("alarm group")
    if group.mode == LISTEN_MODE:
        parts.append("listens")
    if group.silent_until is not None and group.silent_until > now_ms:
        parts.append("asked for silence")
    if group.vote_ends_at is not None:
        parts.append("votes")
    elif group.trial_ends_at is not None:
        parts.append("on trial")
    return ", ".join(parts)


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
