"""How does somebody try the dialogs without a platform? ``chat`` and ``read``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer

from wijkbot.app.publish import check_folder, problems_of
from wijkbot.app.read_lines import read_lines
from wijkbot.app.rehearse import Rehearsal, Stage, Uttered, stage_with
from wijkbot.app.shelf import Readers, Shelf, make_shelf
from wijkbot.clock import Clock
from wijkbot.content.locate import content_dir
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.understanding import Reader
from wijkbot.understanding.meaning import MeaningMissingError, SecondLook, installed


def chat(lang: str, place: str, country: str, config: Path) -> None:
    """Talk in the terminal until an empty line."""
    if lang not in {"nl", "fr", "en"}:
        raise SettingsError("--lang", "use nl, fr or en")
    if place not in {"group", "private"}:
        raise SettingsError("--place", "use group or private")
    if country not in {"NL", "BE"}:
        raise SettingsError("--country", "use NL or BE")
    settings = load_settings(config) if config.is_file() else None
    stage = stage_with(stage_of(settings, country, was_told=False), place, lang)
    rehearsal = Rehearsal(_shelf(settings, country, config), stage)
    typer.echo("Type what a resident would type. An empty line ends it.")
    if place == "private":
        _show(rehearsal.start())
    for line in sys.stdin:
        if not line.strip():
            break
        reading, said = rehearsal.hear(line.strip())
        typer.echo(f"    [{reading.label.value}]")
        _show(said)


def read(file: str, config: Path) -> int:
    """Judge every line; 1 when a line could not be read."""
    settings = load_settings(config) if config.is_file() else None
    country = settings.organisation.country if settings else "BE"
    shelf = _shelf(settings, country, config, plays=False)
    stage = stage_of(settings, country, was_told=True)
    bad = False
    with _lines(file) as source:
        for line in read_lines(shelf, stage, source):
            bad = bad or line.is_error
            typer.echo(line.text())
    return 1 if bad else 0


@contextmanager
def _lines(file: str) -> Iterator[TextIO]:
    if file == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield sys.stdin
        return
    path = Path(file)
    if not path.is_file():
        raise SettingsError(
            file, "there is no such file; give JSON lines, or - for standard input"
        )
    with path.open(encoding="utf-8", errors="replace") as source:
        yield source


def _shelf(settings: Settings | None, country: str, config: Path, *, plays: bool = True) -> Shelf:
    readers = Readers()
    checked = check_folder(dialogs_of(settings, config), readers=readers, plays=plays)
    problems = problems_of(checked)
    if problems:
        raise SettingsError("dialogs", f"{problems[0]} (all of them: wijkbot check)")
    items = checked[0].loaded.items
    reader = readers.of(items)
    look_deeper(settings, reader)
    return make_shelf(items, country=country, reader=reader)


def look_deeper(settings: Settings | None, reader: Reader) -> None:
    """Look at meaning too, where a running bot would; learning it takes a minute.

    Raises:
        SettingsError: the extra is not installed.
    """
    if settings is None or not settings.understanding.semantic:
        return
    typer.echo(f"Learning the meaning of {len(reader.faq.examples)} examples …", err=True)
    try:
        reader.deeper = SecondLook(installed()).learn(reader.faq)
    except MeaningMissingError as missing:
        raise SettingsError("understanding.semantic", str(missing)) from None


def dialogs_of(settings: Settings | None, config: Path) -> Path:
    """The content beside the configuration, else the pack's."""
    own = config.resolve().parent / "dialogs"
    return own if settings and own.is_dir() else content_dir("dialogs")


def stage_of(settings: Settings | None, country: str, *, was_told: bool) -> Stage:
    """Where a text is tried: now, in this country, in the organisation's name."""
    name = settings.organisation.name if settings else ""
    return Stage(country=country, now=Clock().now(), organisation_name=name, was_told=was_told)


def _show(said: tuple[Uttered, ...]) -> None:
    for uttered in said:
        for number, line in enumerate(uttered.rendered.text.splitlines()):
            typer.echo(f"{'bot: ' if number == 0 else '     '}{line}")
        for number, choice in enumerate(uttered.rendered.choices, start=1):
            typer.echo(f"     {number} {choice.title}")
