"""Why is a message understood as it is, and how good are the examples? The two commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from wijkbot.app.rehearse import Rehearsal, Stage, stage_with
from wijkbot.app.shelf import Shelf, make_shelf
from wijkbot.cli import explanation_report, quality_report
from wijkbot.cli.explanation_report import PLACES, Explained, Said
from wijkbot.cli.talking import dialogs_of, look_deeper, stage_of
from wijkbot.content import book
from wijkbot.content.check import check
from wijkbot.content.load import load
from wijkbot.content.model import Faq
from wijkbot.content.texts import in_language
from wijkbot.settings import SettingsError, load_settings
from wijkbot.understanding import Example
from wijkbot.understanding import explain as taking_apart
from wijkbot.understanding import quality as measuring
from wijkbot.understanding.language import READ


def explain(text: str, lang: str, config: Path, *, as_json: bool) -> None:
    """Print one decision with its reasons, and what would be said where."""
    if lang not in READ:
        raise SettingsError("--lang", f"use one of {', '.join(READ)}")
    message = _typed() if text.strip() == "-" else text
    if not message.strip():
        raise SettingsError("explain", 'give the message between quotes: wijkbot explain "…"')
    shelf, stage = _opened(config)
    phrases, cues = book.phrases(shelf.items), book.cues(shelf.items)
    explained = Explained(
        why=taking_apart.explain(shelf.reader, message, phrases, cues, lang),
        said=tuple(_say(shelf, stage, message, lang, key) for key in PLACES),
        titles=_titles(shelf, stage.country),
    )
    if as_json:
        typer.echo(_json(explanation_report.as_json(explained)))
    else:
        _print(explanation_report.lines(explained))


def quality(config: Path, *, as_json: bool) -> None:
    """Print the report over the examples of every topic."""
    shelf, stage = _opened(config)
    matcher = shelf.reader.faq
    topics = {id_: item for id_, item in shelf.items.items() if isinstance(item, Faq)}
    written = [
        Example(id_, text, language)
        for id_, item in topics.items()
        for language, texts in item.examples.items()
        for text in texts
    ]
    asked = [Example(e.item, e.text, e.language) for e in book.faq_examples(shelf.items)]
    labelled = [
        Example(e.label.value, e.text, e.language)
        for e in book.labelled(shelf.items)
        if e.label not in quality_report.TOPIC_LABELS
    ]
    typer.echo(f"Asking {len(asked)} examples as if each were new …", err=True)
    measured = quality_report.Measured(
        quality=measuring.quality(matcher),
        few=measuring.too_few(tuple(topics), written),
        doubles=measuring.doubles([*asked, *labelled]),
        titles=_titles(shelf, stage.country),
    )
    if as_json:
        typer.echo(_json(quality_report.as_json(measured)))
    else:
        _print(quality_report.lines(measured))


def _opened(config: Path) -> tuple[Shelf, Stage]:
    """The content; without a configuration that of the pack, unless one was asked for.

    Example conversations are not played: whoever looks for the reason why one of them goes
    wrong, needs these commands.
    """
    is_named = config != Path("wijkbot.toml")
    settings = load_settings(config) if is_named or config.is_file() else None
    country = settings.organisation.country if settings else "BE"
    loaded = load(dialogs_of(settings, config))
    problems = (*loaded.problems, *check(loaded))
    if problems:
        raise SettingsError("dialogs", f"{problems[0]} (all of them: wijkbot check)")
    try:
        shelf = make_shelf(loaded.items, country=country)
    except ValueError as error:
        raise SettingsError("dialogs", f"{error} (in which file: wijkbot check)") from None
    look_deeper(settings, shelf.reader)
    return shelf, stage_of(settings, country, was_told=True)


def _say(shelf: Shelf, stage: Stage, text: str, lang: str, key: str) -> Said:
    """As `wijkbot read` judges a line: a new conversation with somebody greeted before."""
    place, _, called = key.partition("_")
    rehearsal = Rehearsal(shelf, stage_with(stage, place, stage.language))
    is_addressed = bool(called) or place == "private"
    uttered = rehearsal.hear(text, is_addressed=is_addressed, hint=lang)[1]
    return Said(key, tuple(one.rendered for one in uttered))


def _titles(shelf: Shelf, country: str) -> dict[str, str]:
    tag = f"nl-{country}"
    return {
        id_: in_language(item.title, tag) or id_
        for id_, item in shelf.items.items()
        if isinstance(item, Faq)
    }


def _typed() -> str:
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    return sys.stdin.read()


def _json(found: object) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2)


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        typer.echo(line)
