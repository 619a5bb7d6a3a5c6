"""Are the texts right, and how do they get out? ``check`` and ``publish``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import typer

from wijkbot.app.announce_lint import notes_on
from wijkbot.app.assemble import open_house
from wijkbot.app.publish import Checked, check_folder, problems_of
from wijkbot.app.publish import publish as publish_content
from wijkbot.clock import Clock
from wijkbot.content.check_plain_language import hard_texts
from wijkbot.content.locate import content_dir
from wijkbot.settings import Settings, load_settings


def check(folder: Path | None) -> None:
    """Print every mistake; exit 1 when there is one."""
    source = folder or (Path("dialogs") if Path("dialogs").is_dir() else content_dir("dialogs"))
    checked = check_folder(source)
    _stop_on_problems(checked)
    _show_notes(checked)
    items = checked[0].loaded.items
    played = sum(len(file.examples) for file in checked[0].loaded.examples)
    typer.echo(f"{source}: {len(items)} items and {played} example conversations are right.")


def publish(config: Path) -> None:
    """Publish checked content; a broken edit keeps the old book and says so."""
    settings = load_settings(config)
    folder = config.resolve().parent
    own = folder / "dialogs"
    checked = check_folder(own if own.is_dir() else content_dir("dialogs"), settings)
    _stop_on_problems(checked, "Nothing was published: the old texts stay.")
    _show_notes(checked)
    version = asyncio.run(_publish(settings, folder, checked))
    typer.echo(f"Published as book {version}. A running bot takes it within 5 seconds.")


async def _publish(settings: Settings, folder: Path, checked: tuple[Checked, ...]) -> int:
    clock = Clock()
    house = await open_house(settings, folder, clock)
    try:
        book = await publish_content(house.database, checked, clock.now_ms())
    finally:
        await house.database.close()
    return book.version


def _show_notes(checked: tuple[Checked, ...]) -> None:
    """What a moderator should look at, and may publish all the same."""
    notes = dict.fromkeys(
        note for part in checked for note in (*notes_on(part.loaded), *hard_texts(part.loaded))
    )
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def _stop_on_problems(checked: tuple[Checked, ...], after: str = "") -> None:
    problems = problems_of(checked)
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        count = len(problems)
        typer.echo(f"{count} problem{'s' if count > 1 else ''}. {after}".strip(), err=True)
        sys.exit(1)
