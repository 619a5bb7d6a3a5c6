"""Which command was given? Every command prints the next step when something is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wijkbot.cli import checking, contents, serving, setting_up, staff, talking
from wijkbot.settings import SettingsError
from wijkbot.storage.errors import StorageProblem

app = typer.Typer(
    name="wijkbot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The neighbourhood bot: answers, announces, collects odd jobs, hands on to a human.",
)
db = typer.Typer(no_args_is_help=True, help="Migrations of the database.")
app.add_typer(db, name="db")

Config = Annotated[
    Path, typer.Option("-c", "--config", help="The configuration file, wijkbot.toml.")
]
DEFAULT = Path("wijkbot.toml")


@app.command(epilog="Example: wijkbot demo --port 8080")
def demo(
    port: Annotated[int, typer.Option(help="Where the pages are served.")] = 8080,
    data: Annotated[Path | None, typer.Option(help="Keep the demo's data here.")] = None,
) -> None:
    """Everything on one machine, with invented neighbourhoods; no accounts needed."""
    serving.demo(port, data)


@app.command(epilog="Example: wijkbot init mijn-wijk")
def init(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Begin a new organisation: wijkbot.toml, a key file and a copy of the dialogs."""
    setting_up.init(folder)


@app.command(epilog="Example: wijkbot serve -c wijkbot.toml")
def serve(
    config: Config = DEFAULT,
    role: Annotated[str, typer.Option(help="all (more roles need PostgreSQL)")] = "all",
) -> None:
    """Run the bot."""
    serving.serve(config, role)


@app.command(epilog="Example: wijkbot check dialogs")
def check(
    folder: Annotated[Path | None, typer.Argument(help="The dialogs; else the pack's.")] = None,
) -> None:
    """Check the content: every mistake as file:line, and every example is played."""
    contents.check(folder)


@app.command(epilog="Example: wijkbot publish -c wijkbot.toml")
def publish(config: Config = DEFAULT) -> None:
    """Check the dialogs and publish them; a running bot takes them within 5 seconds."""
    contents.publish(config)


@app.command(epilog="Example: wijkbot chat --lang fr --place private")
def chat(
    lang: Annotated[str, typer.Option(help="The language of the chat: nl, fr or en.")] = "nl",
    place: Annotated[str, typer.Option(help="group or private")] = "private",
    country: Annotated[str, typer.Option(help="NL or BE")] = "BE",
    config: Config = DEFAULT,
) -> None:
    """Talk with the dialogs in the terminal."""
    talking.chat(lang, place, country, config)


@app.command(epilog='Example: echo \'{"text": "wanneer is het spreekuur?"}\' | wijkbot read -')
def read(
    file: Annotated[str, typer.Argument(help="JSON lines, or - for standard input.")] = "-",
    config: Config = DEFAULT,
) -> None:
    """Read messages, one JSON object a line: label, item, reply and why."""
    sys.exit(talking.read(file, config))


@app.command(epilog="Example: wijkbot announce --item Z4 --group 1 --group 3 -c wijkbot.toml")
def announce(
    item: Annotated[str, typer.Option(help="The published text or consultation hour.")],
    group: Annotated[list[int] | None, typer.Option(help="Numbers of `wijkbot groups`.")] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="All active groups.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask after the preview.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Put a published text into chosen groups, after a preview."""
    staff.announce(config, item, group or [], everywhere=everywhere, yes=yes)


@app.command(epilog="Example: wijkbot groups --activate 2")
def groups(
    activate: Annotated[int, typer.Option(help="Serve the group with this number.")] = 0,
    config: Config = DEFAULT,
) -> None:
    """List the groups the bot is in, and activate one."""
    staff.groups(config, activate)


@app.command(epilog="Example: wijkbot jobs")
def jobs(config: Config = DEFAULT) -> None:
    """List the odd jobs that wait for a moderator."""
    staff.jobs(config)


@app.command(epilog="Example: wijkbot doctor -c wijkbot.toml")
def doctor(config: Config = DEFAULT) -> None:
    """Are the channels, the database and the content healthy? Says what to do."""
    sys.exit(checking.doctor(config))


@db.command(epilog="Example: wijkbot db upgrade -c wijkbot.toml")
def upgrade(config: Config = DEFAULT) -> None:
    """Bring the database to the schema of this version."""
    setting_up.upgrade(config)


def main() -> None:
    """Run the command; a mistake of the set-up is one line and exit code 2."""
    try:
        app()
    except (SettingsError, StorageProblem) as error:
        typer.echo(f"wijkbot: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
