"""Which command of `wijkbot announce` was given?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wijkbot.cli.options import DEFAULT, Config

NEW = "Example: wijkbot announce --item Z4 --group 1 --group 3 -c wijkbot.toml"
Number = Annotated[int, typer.Argument(help="The number of `wijkbot announce list`.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask after the preview.")]
Wait = Annotated[
    float | None, typer.Option(help="Seconds to show progress; else 10 on a terminal.")
]
Allowed = Annotated[
    bool, typer.Option("--allow-personal-data", help="Everybody may know what it tells.")
]

Groups = Annotated[list[int] | None, typer.Option(help="Numbers of `wijkbot groups`.")]
Hands = Annotated[list[int] | None, typer.Option(help="Numbers of `wijkbot postkit groups list`.")]
Subscribers = Annotated[
    list[str] | None,
    typer.Option(help='Who subscribed in a neighbourhood (id or word), or "all".'),
]
Everywhere = Annotated[
    bool, typer.Option("--all", help="All active groups, those by hand, all subscribers.")
]
Picture = Annotated[
    Path | None, typer.Option(help="A JPEG, PNG or WebP of at most 5 MB, above the text.")
]
At = Annotated[
    str, typer.Option(help='Later: "2026-11-25 09:00", local time of the neighbourhood.')
]
Every = Annotated[
    str, typer.Option(help="And again: FREQ=WEEKLY;BYDAY=MO (RFC 5545), from --at on.")
]

announcements = typer.Typer(
    invoke_without_command=True,
    help="Put a published text into chosen groups, after a preview; edit or delete it later.",
    epilog=NEW,
)


@announcements.callback()
def announce(
    context: typer.Context,
    *,
    item: Annotated[str, typer.Option(help="The published text or consultation hour.")] = "",
    group: Groups = None,
    by_hand: Hands = None,
    subscribers: Subscribers = None,
    everywhere: Everywhere = False,
    photo: Picture = None,
    alt: Annotated[str, typer.Option(help="What is on it, for who does not see it.")] = "",
    ics: Annotated[
        bool, typer.Option("--ics", help="With the next opening as a file for a calendar.")
    ] = False,
    pin: Annotated[bool, typer.Option("--pin", help="Pin it where the bot may.")] = False,
    silent: Annotated[
        bool | None,
        typer.Option("--silent/--loud", help="Ring no bell; else it rings from 8 to 21 o'clock."),
    ] = None,
    yes: Yes = False,
    at: At = "",
    every: Every = "",
    wait: Wait = None,
    allow_personal_data: Allowed = False,
    config: Config = DEFAULT,
) -> None:
    """Put a published text into chosen groups, after a preview: now, later or regularly."""
    if context.invoked_subcommand is not None:
        return
    from wijkbot.cli import announcing

    wanted = announcing.Wanted(photo, alt, silent, has_calendar=ics, is_pinned=pin)
    asked = announcing.Asked(
        item=item,
        numbers=tuple(group or ()),
        by_hand=tuple(by_hand or ()),
        subscribers=tuple(subscribers or ()),
        everywhere=everywhere,
        yes=yes,
        at=at,
        every=every,
        wait=wait,
        allow_personal_data=allow_personal_data,
        wanted=wanted,
    )
    announcing.announce(config, asked)


@announcements.command("list", epilog="Example: wijkbot announce list -c wijkbot.toml")
def announce_list(config: Config = DEFAULT) -> None:
    """What was announced in the last 30 days, edited and deleted, with its numbers."""
    from wijkbot.cli import announce_changing

    announce_changing.list_announcements(config)


@announcements.command("show", epilog="Example: wijkbot announce show 12 -c wijkbot.toml")
def announce_show(number: Number, config: Config = DEFAULT) -> None:
    """What became of an announcement in each group, and of what changed it later."""
    from wijkbot.cli import announce_changing

    announce_changing.show(config, number)


@announcements.command("edit", epilog="Example: wijkbot announce edit 12 -c wijkbot.toml")
def announce_edit(
    number: Number,
    *,
    item: Annotated[str, typer.Option(help="Another text; else the same one, as it is now.")] = "",
    yes: Yes = False,
    wait: Wait = None,
    allow_personal_data: Allowed = False,
    config: Config = DEFAULT,
) -> None:
    """Put the words that are published now in place of those in every group that has them."""
    from wijkbot.cli import announce_changing

    asked = announce_changing.Asked(number, item, yes, wait, allow_personal_data)
    announce_changing.edit(config, asked)


@announcements.command("delete", epilog="Example: wijkbot announce delete 12 -c wijkbot.toml")
def announce_delete(
    number: Number,
    *,
    yes: Yes = False,
    wait: Wait = None,
    config: Config = DEFAULT,
) -> None:
    """Take an announcement back from every group that has it or would still get it."""
    from wijkbot.cli import announce_changing

    announce_changing.delete(config, announce_changing.Asked(number, "", yes, wait))
