"""How does a new organisation begin, and how does its database stay up to date?"""

from __future__ import annotations

import shutil
from pathlib import Path

import typer

from wijkbot.app.assemble import database_url, ensure_key, ensure_schema
from wijkbot.clock import Clock
from wijkbot.content.locate import content_dir
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import schema

TEMPLATE = """# The configuration of one organisation. Every key can also come from
# the environment,
# for example WIJKBOT_CHANNELS__BUURT_TELEGRAM__TOKEN. See docs/configuration.md.

[organisation]
name = "Buurthuis De Brug"
country = "BE"                       # "NL" or "BE"
languages = ["nl", "fr", "en"]
public_url = "https://bot.example.org"

[policy]
group_activation = "moderator"       # "invite": served as soon as the bot is invited
trial_days = 14                      # then the group votes on keeping the bot; 0: no vote
pointer = "MO 10:00"                 # when the weekly pointer to a human comes by; "": never

# [crisis]
# on_call = "none"                   # is a human on call? "none", "phone" or "external"

# [go_live]                          # what `wijkbot doctor --go-live` asks for
# connector = "team Zonnewijk"       # who looks after the groups
# insurance_text = "…"               # what your insurance says about odd jobs
# shelter = "…"                      # the number for who has no place to sleep tonight
# helplines_checked = 2026-11-21     # the day on which somebody tried every helpline

# [secure_chat]                      # without it a referral gives the phone and the next hour
# kind = "builtin"                   # then: wijkbot staff invite; docs/operating.md
# kind = "external_url"              # or one that you have already
# url = "https://veilige-chat.example.org"

[channels.proef]                     # a pretend group app, to try everything out
adapter = "sandbox"

# Replace the sandbox by real channels; it never runs beside them.
# [channels.buurt-telegram]
# adapter = "telegram"
# token = { file = "telegram.token" }
#
# [channels.buurt-matrix]
# adapter = "matrix"
# homeserver = "https://matrix.example.org"
# user = "wijkbot"
# password = { file = "matrix.password" }
#
# [channels.buurt-whatsapp]
# adapter = "whatsapp"
# account_sid = "AC…"
# auth_token = { file = "twilio.token" }
# sender = "whatsapp:+32…"
"""


def init(folder: Path) -> None:
    """Make the folder of a new organisation; never touches what is already there."""
    config = folder / "wijkbot.toml"
    if config.exists():
        raise SettingsError(str(config), "it exists already; choose another folder")
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(str(folder), "this folder is not empty; choose another one")
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(TEMPLATE, encoding="utf-8")
    dialogs = folder / "dialogs"
    shutil.copytree(content_dir("dialogs"), dialogs, ignore=shutil.ignore_patterns("_*"))
    ensure_key(folder, Clock())
    settings = load_settings(config)
    ensure_schema(settings, folder)
    typer.echo(f"A new organisation is ready in {folder}:")
    typer.echo("  wijkbot.toml   the configuration: put in your name and your channels")
    typer.echo("  dialogs/       everything the bot says: change it as you like")
    typer.echo("  wijkbot.key    opens the database: keep a copy elsewhere, never in a backup")
    typer.echo(f"Try it:  wijkbot serve -c {config}")
    typer.echo(f"A group is served once a moderator says so: wijkbot groups -c {config}")


def upgrade(config: Path) -> None:
    """Bring the database to the schema of this code."""
    settings = load_settings(config)
    folder = config.resolve().parent
    ensure_key(folder, Clock())
    ensure_schema(settings, folder)
    url = database_url(settings, folder)
    typer.echo(f"The database is at schema {schema.current(url)}.")
