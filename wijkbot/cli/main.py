"""Which command was given? Every command prints the next step when something is wrong.

A command imports what it needs when it is called, so that a small one starts fast.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wijkbot.cli.announce_commands import announcements
from wijkbot.cli.options import DEFAULT, Config
from wijkbot.cli.postkit_commands import kit
from wijkbot.cli.team_commands import team
from wijkbot.cli.whatsapp_commands import whatsapp
from wijkbot.settings import SettingsError
from wijkbot.storage.errors import StorageProblem

app = typer.Typer(
    name="wijkbot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The neighbourhood bot: answers, announces, collects odd jobs, hands on to a human.",
)
db = typer.Typer(
    no_args_is_help=True,
    help="The database: its schema, a backup while the bot runs, and a restore.",
    epilog="Example: wijkbot db backup /mnt/usb/ -c wijkbot.toml (see docs/backup.md)",
)
app.add_typer(db, name="db")
app.add_typer(announcements, name="announce")
app.add_typer(team, name="staff")
app.add_typer(kit, name="postkit")
app.add_typer(whatsapp, name="whatsapp")


@app.command(epilog="Example: wijkbot demo --port 8080")
def demo(
    port: Annotated[int, typer.Option(help="Where the pages are served.")] = 8080,
    data: Annotated[Path | None, typer.Option(help="Keep the demo's data here.")] = None,
) -> None:
    """Everything on one machine, with invented neighbourhoods; no accounts needed."""
    from wijkbot.cli import serving

    serving.demo(port, data)


@app.command(epilog="Example: wijkbot init mijn-wijk")
def init(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Begin a new organisation: wijkbot.toml, a key file and a copy of the dialogs."""
    from wijkbot.cli import setting_up

    setting_up.init(folder)


@app.command(epilog="Example: wijkbot serve -c wijkbot.toml")
def serve(
    config: Config = DEFAULT,
    role: Annotated[
        str, typer.Option(help="all, web, engine or sender (a part needs PostgreSQL)")
    ] = "all",
    port: Annotated[
        int | None, typer.Option(help="Instead of the configured one; 0: any that is free.")
    ] = None,
) -> None:
    """Run the bot, or a part of it."""
    from wijkbot.cli import serving

    serving.serve(config, role, port)


@app.command(epilog="Example: wijkbot check dialogs")
def check(
    folder: Annotated[Path | None, typer.Argument(help="The dialogs; else the pack's.")] = None,
) -> None:
    """Check the content: every mistake as file:line, and every example is played."""
    from wijkbot.cli import contents

    contents.check(folder)


@app.command(epilog="Example: wijkbot publish -c wijkbot.toml")
def publish(config: Config = DEFAULT) -> None:
    """Check the dialogs and publish them; a running bot takes them within 5 seconds."""
    from wijkbot.cli import contents

    contents.publish(config)


@app.command(epilog="Example: wijkbot chat --lang fr --place private")
def chat(
    lang: Annotated[str, typer.Option(help="The language of the chat: nl, fr or en.")] = "nl",
    place: Annotated[str, typer.Option(help="group or private")] = "private",
    country: Annotated[str, typer.Option(help="NL or BE")] = "BE",
    config: Config = DEFAULT,
) -> None:
    """Talk with the dialogs in the terminal."""
    from wijkbot.cli import talking

    talking.chat(lang, place, country, config)


@app.command(epilog='Example: echo \'{"text": "wanneer is het spreekuur?"}\' | wijkbot read -')
def read(
    file: Annotated[str, typer.Argument(help="JSON lines, or - for standard input.")] = "-",
    config: Config = DEFAULT,
) -> None:
    """Read messages, one JSON object a line: label, item, reply and why."""
    from wijkbot.cli import talking

    sys.exit(talking.read(file, config))


@app.command(epilog='Example: wijkbot explain "wanneer is het spreekuur?"')
def explain(
    text: Annotated[
        list[str], typer.Argument(help="What somebody wrote, or - for standard input.")
    ],
    lang: Annotated[str, typer.Option(help="What the writer usually writes in.")] = "nl",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Why is a message understood as it is, and what would be said?"""
    from wijkbot.cli import explaining

    explaining.explain(" ".join(text), lang, config, as_json=as_json)


@app.command(epilog="Example: wijkbot quality -c wijkbot.toml")
def quality(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: Config = DEFAULT,
) -> None:
    """How good are the examples? Topics that look alike, or have too few of them."""
    from wijkbot.cli import explaining

    explaining.quality(config, as_json=as_json)


@app.command(epilog="Example: wijkbot schedules --cancel 3")
def schedules(
    cancel: Annotated[int, typer.Option(help="Take this one off the list.")] = 0,
    config: Config = DEFAULT,
) -> None:
    """List the announcements that are planned, and cancel one."""
    from wijkbot.cli import announcing

    announcing.list_schedules(config, cancel)


@app.command(epilog="Example: wijkbot groups --link 2")
def groups(
    activate: Annotated[int, typer.Option(help="Serve the group with this number.")] = 0,
    link: Annotated[
        int, typer.Option(help="Make a link with which a moderator activates this group, once.")
    ] = 0,
    leave: Annotated[int, typer.Option(help="Leave this group, and erase what is of it.")] = 0,
    listen: Annotated[int, typer.Option(help="This group voted for listening.")] = 0,
    mention: Annotated[int, typer.Option(help="Read only what names the bot again.")] = 0,
    config: Config = DEFAULT,
) -> None:
    """List the groups the bot is in; activate one, or leave it."""
    from wijkbot.cli import staff

    staff.groups(config, staff.Wishes(activate, link, leave, listen, mention))


@app.command(epilog="Example: wijkbot recover --by anna --to ben -c wijkbot.toml")
def recover(
    by: Annotated[str, typer.Option(help="Your login name; without it: only list.")] = "",
    to: Annotated[str, typer.Option(help="Who gets them: a login name; else you.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Open secure chats that nobody of the team can open any more, with the twelve words."""
    from wijkbot.cli import recovering

    recovering.recover_chats(config, by, to)


@app.command(
    "verify-web", epilog="Example: wijkbot verify-web https://chat.example.org/c --pin 3f9a…c2"
)
def verify_web(
    url: Annotated[str, typer.Argument(help="https://host/c, or the team's https://host/werk")],
    pin: Annotated[
        str, typer.Option(help="64 hexadecimal digits; else organisation-root.pin beside -c.")
    ] = "",
    api: Annotated[
        str, typer.Option(help="The server of the chat, when it is another one: https://host")
    ] = "",
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Only what is wrong, and the last line.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Fetch a page of the chat and all it loads from outside: is it the one of this release?"""
    from wijkbot.cli import verifying

    sys.exit(verifying.verify_web(config, verifying.Asked(url, pin, api, quiet)))


@app.command("export-web", epilog="Example: wijkbot export-web /srv/chat -c wijkbot.toml")
def export_web(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one of an earlier export.")],
    config: Config = DEFAULT,
) -> None:
    """Write the chat's page and all it loads, for another party to serve."""
    from wijkbot.cli import exporting

    exporting.export_web(config, folder)


@app.command(epilog="Example: wijkbot audit --days 30 -c wijkbot.toml")
def audit(
    days: Annotated[int, typer.Option(help="So many days back, today included.")] = 7,
    config: Config = DEFAULT,
) -> None:
    """What did the bot say and refuse to say, and by which line of the rule? Counts only."""
    from wijkbot.cli import auditing

    auditing.audit(config, days)


@app.command(epilog="Example: wijkbot alerts --done 12 -c wijkbot.toml")
def alerts(
    done: Annotated[int, typer.Option(help="Somebody looked at the one with this number.")] = 0,
    config: Config = DEFAULT,
) -> None:
    """What must a human look at? The class and the way to it, for 24 hours; never the words."""
    from wijkbot.cli import alerting

    alerting.alerts(config, done)


@app.command(epilog="Example: wijkbot jobs")
def jobs(config: Config = DEFAULT) -> None:
    """List the odd jobs that wait for a moderator."""
    from wijkbot.cli import staff

    staff.jobs(config)


@app.command(epilog="Example: wijkbot queue --requeue i-12-3 --requeue o-4-7 -c wijkbot.toml")
def queue(
    requeue: Annotated[
        list[str] | None, typer.Option(help="Put the letter with this number in again.")
    ] = None,
    requeue_all: Annotated[
        bool, typer.Option("--requeue-all", help="Put in again all that can be.")
    ] = False,
    drop: Annotated[
        list[str] | None, typer.Option(help="Erase the letter with this number.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """List what the bot gave up on, with the reason; put it in again, or drop it."""
    from wijkbot.cli import queueing

    wishes = queueing.Wishes(requeue or (), drop or (), requeue_all=requeue_all)
    sys.exit(queueing.queue(config, wishes))


@app.command(epilog="Example: wijkbot doctor --go-live -c wijkbot.toml")
def doctor(
    *,
    go_live: Annotated[
        bool, typer.Option("--go-live", help="Also: what is missing before residents are served?")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Are the channels, the database and the content healthy? Says what to do."""
    from wijkbot.cli import checking

    sys.exit(checking.doctor(config, go_live=go_live))


@db.command(epilog="Example: wijkbot db upgrade -c wijkbot.toml")
def upgrade(config: Config = DEFAULT) -> None:
    """Bring the database to the schema of this version."""
    from wijkbot.cli import setting_up

    setting_up.upgrade(config)


@db.command(epilog="Example: wijkbot db backup /mnt/usb/ -c wijkbot.toml")
def backup(
    file: Annotated[Path | None, typer.Argument(help="A new file, or a folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace that file.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Copy the whole database into one file, while the bot runs; needs no key file."""
    from wijkbot.cli import copies

    copies.back_up(config, file, force=force)


@db.command(epilog="Example: wijkbot db restore /mnt/usb/wijkbot-20261121-030000.db")
def restore(
    file: Annotated[Path, typer.Argument(help="What `wijkbot db backup` made.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="The bot did not run since: answer what waited."),
    ] = False,
    journal: Annotated[
        list[Path] | None,
        typer.Option(help="wijkbot.journal of each machine; else the one beside the settings."),
    ] = None,
    without_journal: Annotated[
        bool, typer.Option("--without-journal", help="It is lost: erased residents come back.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Put a backup in the place of the database; nobody erased since comes back."""
    from wijkbot.cli import copies

    asked = copies.Asked(
        force=force, replay=replay, journals=journal or [], without_journal=without_journal
    )
    copies.put_back(config, file, asked)


def main() -> None:
    """Run the command; a mistake of the set-up is one line and exit code 2."""
    try:
        app()
    except (SettingsError, StorageProblem) as error:
        typer.echo(f"wijkbot: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
