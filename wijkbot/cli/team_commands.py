"""Which command of `wijkbot staff` was given?"""

from __future__ import annotations

from typing import Annotated

import typer

from wijkbot.cli.options import DEFAULT, Config

team = typer.Typer(
    no_args_is_help=True,
    help="The team that answers residents: invite the first, list all, let one in no more.",
    epilog='Example: wijkbot staff invite "Ann" --role admin --role coordinator -c wijkbot.toml',
)


@team.command(
    "invite",
    epilog='Example: wijkbot staff invite "Ann" --role admin --role coordinator -c wijkbot.toml',
)
def staff_invite(
    name: Annotated[str, typer.Argument(help="The name that residents and colleagues see.")] = "",
    role: Annotated[
        list[str] | None,
        typer.Option(help="admin, coordinator, worker, trainee, moderator, connector, ..."),
    ] = None,
    account: Annotated[
        int, typer.Option(help="Instead of a name: whoever lost the password of this account.")
    ] = 0,
    config: Config = DEFAULT,
) -> None:
    """Make a link with which somebody joins the team, once."""
    from wijkbot.cli import staffing

    staffing.invite_staff(config, staffing.Invited(name, tuple(role or ()), account))


@team.command("list", epilog="Example: wijkbot staff list -c wijkbot.toml")
def staff_list(config: Config = DEFAULT) -> None:
    """Every account with its number, roles and state, and who was invited."""
    from wijkbot.cli import staffing

    staffing.list_staff(config)


@team.command("revoke", epilog="Example: wijkbot staff revoke 3 -c wijkbot.toml")
def staff_revoke(
    account: Annotated[int, typer.Argument(help="The number of `wijkbot staff list`.")],
    config: Config = DEFAULT,
) -> None:
    """Let an account in no more: its sessions end at once."""
    from wijkbot.cli import staffing

    staffing.revoke_staff(config, account)
