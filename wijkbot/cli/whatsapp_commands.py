"""Which command of `wijkbot whatsapp` was given?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wijkbot.cli.options import DEFAULT, Config

whatsapp = typer.Typer(
    no_args_is_help=True,
    help="WhatsApp: what must be arranged before the line works (see docs/whatsapp.md).",
    epilog="Example: wijkbot whatsapp templates -c wijkbot.toml",
)


@whatsapp.callback()
def whatsapp_commands() -> None:
    """WhatsApp: what must be arranged before the line works (see docs/whatsapp.md)."""


@whatsapp.command(epilog="Example: wijkbot whatsapp templates -c wijkbot.toml")
def templates(config: Config = DEFAULT) -> None:
    """List the templates to submit, ready to copy, and how far each is; 1 if one is not there."""
    from wijkbot.cli import template_report

    sys.exit(template_report.templates(config))


@whatsapp.command(epilog="Example: wijkbot whatsapp link zonnewijk -c wijkbot.toml")
def link(
    neighbourhood: Annotated[
        str, typer.Argument(help="Its id or word; nothing when there is only one.")
    ] = "",
    channel: Annotated[str, typer.Option(help="Which WhatsApp account, if there are more.")] = "",
    qr: Annotated[
        Path | None, typer.Option(help="Write the QR code here (SVG); else beside you.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Print the link with which residents subscribe, and write it as a QR code to print."""
    from wijkbot.cli import subscribing

    subscribing.link(config, neighbourhood, channel, qr)
