"""How does the page of residents get to the party that will serve it? ``export-web``."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path

import typer

from wijkbot.app.assemble import open_house
from wijkbot.app.library import NothingPublishedError
from wijkbot.app.pin import read_pin
from wijkbot.clock import Clock
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.web.outside.expected import Damaged, expected
from wijkbot.web.outside.export import TargetTaken, Wanted, export
from wijkbot.web.outside.fetching import is_safe, origin_of


def export_web(config: Path, target: Path) -> None:
    """Write the folder, and say what comes next."""
    settings = load_settings(config)
    folder = config.resolve().parent
    wanted = _wanted(settings, folder)
    count = asyncio.run(_export(settings, wanted, target))
    origin, right = wanted.origin, wanted.right
    typer.echo(f"{target}: {count} files, to be served at {origin} by another party.")
    typer.echo("Its README.md says how. When it is served, from another network:")
    typer.echo(f"  wijkbot verify-web {origin}/c --api {right.api} --pin {right.pin}")


def _wanted(settings: Settings, folder: Path) -> Wanted:
    chat = settings.secure_chat
    if chat is None or not chat.is_builtin or not chat.static_origin:
        remedy = 'name who will serve the page, as "https://chat.example.org", with kind "builtin"'
        raise SettingsError("secure_chat.static_origin", remedy)
    public_url = settings.organisation.public_url
    if not is_safe(public_url) or origin_of(public_url) == chat.static_origin:
        remedy = "it is where the chat is asked: https, and another address than static_origin"
        raise SettingsError("organisation.public_url", remedy)
    try:
        pin = read_pin(folder)
        if pin is None:
            raise SettingsError("export-web", "first make the team: wijkbot staff invite --help")
        right = expected(pin, origin_of(public_url), chat.exit_url)
    except (Damaged, ValueError) as error:
        raise SettingsError("export-web", str(error)) from error
    return Wanted(folder, chat.static_origin, right, version("wijkbot"))


async def _export(settings: Settings, wanted: Wanted, target: Path) -> int:
    house = await open_house(settings, wanted.folder, Clock())
    try:
        await house.library.refresh()
        return export(house, wanted, target)
    except (NothingPublishedError, TargetTaken) as error:
        raise SettingsError("export-web", str(error)) from error
    except OSError as error:
        raise SettingsError("export-web", f"{target} cannot be written: {error}") from error
    finally:
        await house.database.close()
