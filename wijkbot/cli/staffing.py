"""Who is in the team that answers residents? Invite the first, see all, and let one in no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from wijkbot.app.assemble import open_house
from wijkbot.app.house import House
from wijkbot.app.staff_invite import FOUNDERS, OPERATOR, invite, invite_again
from wijkbot.app.staff_team import Team, revoke, team
from wijkbot.clock import Clock
from wijkbot.securechat.encoding import Refused
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import staff


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom to invite: somebody new, or (``account`` is not 0) somebody who lost their password."""

    name: str
    roles: tuple[str, ...]
    account: int = 0


def invite_staff(config: Path, asked: Invited) -> None:
    """Print a link that works once."""

    async def work(house: House) -> None:
        if asked.account:
            link = await invite_again(house, OPERATOR, asked.account)
            typer.echo(f"Give this link to the owner of account {asked.account}, and nobody else.")
            typer.echo("New keys: what was open to the old ones stays closed to the new ones.")
        else:
            has_root = (await team(house)).root is not None
            if not has_root and not set(asked.roles) >= FOUNDERS:
                raise SettingsError(
                    "--role", "the first one needs --role admin --role coordinator"
                )
            link = await invite(house, OPERATOR, asked.name, asked.roles)
            typer.echo(f"Give this link to {asked.name}, and nobody else.")
            if not has_root:
                typer.echo("Whoever opens it writes down twelve words: have paper at hand.")
        typer.echo(f"It works once, for 72 hours:\n  {link}")

    _with_house(config, work)


def list_staff(config: Path) -> None:
    """Print every account: number, roles, state, name; and who was invited."""

    async def work(house: House) -> None:
        found = await team(house)
        if not found.accounts and not found.invites:
            typer.echo("There is nobody yet. Next: wijkbot staff invite --help")
        for line in _lines(found):
            typer.echo(line)

    _with_house(config, work)


def revoke_staff(config: Path, account: int) -> None:
    """Let an account in no more, from now on."""

    async def work(house: House) -> None:
        given_back = await revoke(house, OPERATOR, account)
        typer.echo(f"Account {account} is out; its sessions have ended.")
        if given_back:
            typer.echo(f"{len(given_back)} conversation(s) wait for a coordinator.")
        typer.echo("A coordinator now signs a new list of the team, in the console.")

    _with_house(config, work)


def _lines(found: Team) -> list[str]:
    accounts = []
    for one in found.accounts:
        state = "revoked" if not one.is_active else "here" if one.id in found.here else "away"
        accounts.append(f"{one.id:>4}  {state:<8} {staff.as_roles(one.roles):<28} {one.name}")
    invited = [
        f"   -  invited  {staff.as_roles(one.roles):<28} {one.name}" for one in found.invites
    ]
    return accounts + invited


def _with_house(config: Path, work: Callable[[House], Awaitable[None]]) -> None:
    """Do one thing; what is refused is one line with what to do."""
    settings = load_settings(config)

    async def run() -> None:
        house = await open_house(settings, config.resolve().parent, Clock())
        try:
            await work(house)
        except Refused as refused:
            raise SettingsError("staff", refused.detail) from refused
        finally:
            await house.database.close()

    asyncio.run(run())
