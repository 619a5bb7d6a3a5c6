"""Which command of `wijkbot postkit` was given?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wijkbot.cli.options import DEFAULT, Config

NEW = 'Example: wijkbot postkit groups add "Buren Zonnewijk" --languages nl,fr --consent'
Number = Annotated[int, typer.Argument(help="The number of `wijkbot postkit groups list`.")]
Platform = Annotated[str | None, typer.Option(help="whatsapp, facebook, signal or other.")]
Area = Annotated[
    str | None, typer.Option(help="The neighbourhood, as wijkbot.toml names it; else the first.")
]
Languages = Annotated[str | None, typer.Option(help="What is written there: nl,fr.")]
Size = Annotated[str | None, typer.Option(help="How many people: <25, 25-100, 100-250 or >250.")]
IsOpen = Annotated[bool | None, typer.Option("--open/--closed", help="May anybody come in?")]
Agreed = Annotated[
    bool | None, typer.Option("--consent/--no-consent", help="Did its admin agree to our news?")
]

kit = typer.Typer(
    invoke_without_command=True,
    help="What people post for us in groups where no bot can be, such as those of WhatsApp.",
    epilog="Example: wijkbot postkit -c wijkbot.toml (see docs/postkit.md)",
)
hands = typer.Typer(
    no_args_is_help=True,
    help="The list of those groups. No members, no names of people, no phone numbers.",
    epilog=NEW,
)
kit.add_typer(hands, name="groups")


@kit.callback()
def postkit(context: typer.Context, config: Config = DEFAULT) -> None:
    """List the cards of the last days: in which groups they were posted, and where not yet."""
    if context.invoked_subcommand is not None:
        return
    from wijkbot.cli import postkit as work

    work.overview(config)


@kit.command("show", epilog="Example: wijkbot postkit show 3 --out cards -c wijkbot.toml")
def show(
    number: Annotated[int, typer.Argument(help="The number of `wijkbot postkit`.")],
    out: Annotated[
        Path | None, typer.Option(help="A folder: write text and picture there as files.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """What is to be pasted: the text and the picture, in each language."""
    from wijkbot.cli import postkit as work

    work.show(config, number, out)


@hands.command("list", epilog="Example: wijkbot postkit groups list -c wijkbot.toml")
def groups_list(config: Config = DEFAULT) -> None:
    """Every group with its number, and when somebody last looked whether this is right."""
    from wijkbot.cli import postkit_groups as work

    work.listing(config)


@hands.command("add", epilog=NEW)
def groups_add(
    name: Annotated[str, typer.Argument(help="What the group is called.")],
    *,
    platform: Platform = None,
    neighbourhood: Area = None,
    languages: Languages = None,
    size: Size = None,
    is_open: IsOpen = None,
    consent: Agreed = None,
    config: Config = DEFAULT,
) -> None:
    """Put a group on the list. Without --consent it gets no cards."""
    from wijkbot.cli import postkit_groups as work

    wish = work.Wish(name, platform, neighbourhood, languages, size, is_open, consent)
    work.add(config, wish)


@hands.command("edit", epilog="Example: wijkbot postkit groups edit 2 --size 25-100 --consent")
def groups_edit(
    number: Number,
    *,
    name: Annotated[str | None, typer.Option(help="What the group is called.")] = None,
    platform: Platform = None,
    neighbourhood: Area = None,
    languages: Languages = None,
    size: Size = None,
    is_open: IsOpen = None,
    consent: Agreed = None,
    config: Config = DEFAULT,
) -> None:
    """Put it right. Without any option: somebody looked today, and it is right."""
    from wijkbot.cli import postkit_groups as work

    wish = work.Wish(name, platform, neighbourhood, languages, size, is_open, consent)
    work.edit(config, number, wish)


@hands.command("remove", epilog="Example: wijkbot postkit groups remove 2 -c wijkbot.toml")
def groups_remove(number: Number, config: Config = DEFAULT) -> None:
    """Take it off the list, with all that was ticked for it."""
    from wijkbot.cli import postkit_groups as work

    work.remove(config, number)


@hands.command("link", epilog="Example: wijkbot postkit groups link 2 -c wijkbot.toml")
def groups_link(
    number: Number,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="No link opens it any more.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Make the link for whoever posts there; an earlier one opens nothing any more."""
    from wijkbot.cli import postkit_groups as work

    work.link(config, number, withdraws=withdraw)
