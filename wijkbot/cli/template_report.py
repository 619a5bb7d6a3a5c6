"""Which templates does the product need, and has the platform approved each of them?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer

from wijkbot.adapter_api import (
    Adapter,
    Approval,
    ConfigError,
    Templated,
    TemplateState,
    TemplateText,
)
from wijkbot.app.assemble import make_adapters
from wijkbot.clock import Clock
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Item, TemplateFile
from wijkbot.settings import SettingsError, load_settings

SECONDS = 30.0
"""How long a platform may take to tell of all of them."""
PREFIX = "wijkbot"
TOLD = {
    Approval.APPROVED: "approved",
    Approval.WAITS: "waits for approval: it may take a day",
    Approval.REJECTED: "REJECTED",
    Approval.MISSING: "MISSING: submit it under this name",
    Approval.DIFFERS: "DIFFERS from this text: submit it again, under this name",
}


def templates(config: Path) -> int:
    """Print each template and its state; 1 when one is missing, rejected or another text."""
    settings = load_settings(config)
    folder = config.resolve().parent
    own = folder / "dialogs"
    items = load(own if own.is_dir() else content_dir("dialogs")).items
    wanted = texts_of(items)
    if not wanted:
        remedy = "put back the folder templates/ of the starter pack"
        raise SettingsError("dialogs", f"there is no item of kind template: {remedy}")
    adapters = make_adapters(settings, folder, Clock())
    lines = {name: one for name, one in adapters.items() if isinstance(one, Templated)}
    for one in wanted:
        _show(one)
    if not lines:
        typer.echo("No channel of wijkbot.toml needs them: there is no WhatsApp. Nothing asked.")
        return 0
    return asyncio.run(_ask_all(adapters, lines, wanted))


def texts_of(items: Mapping[str, Item]) -> list[TemplateText]:
    """What is to be submitted, one for each language that it is written in."""
    found = [item for item in items.values() if isinstance(item, TemplateFile)]
    return [one for item in sorted(found, key=lambda it: it.id) for one in _texts(item)]


def _texts(item: TemplateFile) -> Iterator[TemplateText]:
    for language, body in item.text.items():
        examples = item.examples.get(language, ())
        yield TemplateText(item.id, language, item.category, body.strip(), examples)


def name_of(one: TemplateText) -> str:
    """The name to give it: as platforms want it, in small letters."""
    return f"{PREFIX}_{one.name}_{one.language}".lower().replace("-", "_").replace(".", "_")


def _show(one: TemplateText) -> None:
    typer.echo(f"{name_of(one)}  language {one.language}, category {one.category}")
    for line in one.body.splitlines():
        typer.echo(f"    {line}".rstrip())
    for number, example in enumerate(one.examples, start=1):
        typer.echo(f"    {{{{{number}}}}} for example: {example}")
    typer.echo("")


async def _ask_all(
    adapters: Mapping[str, Adapter],
    lines: Mapping[str, Templated],
    wanted: Sequence[TemplateText],
) -> int:
    try:
        asked = [await ask(name, one, wanted) for name, one in lines.items()]
    finally:
        for adapter in adapters.values():
            await adapter.stop()
    return max(asked)


async def ask(channel: str, line: Templated, wanted: Sequence[TemplateText]) -> int:
    """Ask one channel and print what it tells; 1 when something is not there."""
    try:
        async with asyncio.timeout(SECONDS):
            states = await line.template_states(wanted)
    except ConfigError as error:
        raise SettingsError(error.key, error.remedy) from error
    except TimeoutError:
        remedy = "it does not answer; check this machine's network and ask again"
        raise SettingsError(f"channels.{channel}", remedy) from None
    typer.echo(f"On channel {channel}:")
    for one, state in zip(wanted, states, strict=True):
        typer.echo(f"  {name_of(one):<24} {_told(state)}")
    wrong = {Approval.REJECTED, Approval.MISSING, Approval.DIFFERS}
    return 1 if any(state.approval in wrong for state in states) else 0


def _told(state: TemplateState) -> str:
    told = TOLD[state.approval]
    return f"{told} ({state.detail})" if state.detail else told
