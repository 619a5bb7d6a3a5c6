"""Which cards wait for the people who post for us, what stands on them, and what was ticked?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from wijkbot.adapter_api import Adapter, Photo
from wijkbot.app.assemble import make_adapters
from wijkbot.app.house import House
from wijkbot.app.known_links import with_links
from wijkbot.app.post_kit import picture, ready
from wijkbot.cli.staff import with_house
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import hand_groups, post_cards
from wijkbot.storage.post_cards import Card, State, Tick

BACK = timedelta(days=7)
"""The overview shows what is to be done, and what was over within this time."""
STATES = {
    State.WAITS: "not posted yet",
    State.CHANGED: "posted, with the old words",
    State.POSTED: "posted",
    State.TO_REMOVE: "still stands there, though it was deleted",
    State.REMOVED: "deleted",
    State.VOID: "never posted",
}


def overview(config: Path) -> None:
    """Tell of each card in which groups it was posted."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        since = house.clock.now_ms() - int(BACK.total_seconds() * 1000)
        found = await house.database.read(lambda c: post_cards.recent(c, since))
        ids = [card.id for card in found]
        ticks = await house.database.read(lambda c: post_cards.ticks(c, ids))
        if not found:
            typer.echo("No card is waiting. A card is made with: wijkbot announce --all")
        for card in found:
            mine = [one for one in ticks if one.card.id == card.id]
            typer.echo(_card_line(card, mine, house.clock.now_ms()))
            for line in lines_of(mine):
                typer.echo(f"      {line}")

    with_house(settings, config, work)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One thing to paste."""

    name: str
    language: str
    text: str
    picture: Photo | None


def show(config: Path, number: int, out: Path | None) -> None:
    """Print what is to be pasted, or write it into a folder."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        made = make_adapters(settings, config.resolve().parent, house.clock)
        adapters = await with_links(house, made)
        sheets = await _sheets(house, adapters, number)
        for sheet in sheets:
            if out is not None:
                _write(out, sheet)
                continue
            typer.echo(f"{sheet.language}:")
            for line in sheet.text.splitlines():
                typer.echo(f"    {line}".rstrip())
            if sheet.picture is not None:
                typer.echo(f"  with a picture: {sheet.picture.alt}")

    with_house(settings, config, work)


async def _sheets(house: House, adapters: Mapping[str, Adapter], number: int) -> list[Sheet]:
    """Each text of the card once, whatever groups it is for."""
    card = await house.database.read(lambda c: post_cards.get(c, number))
    if card is None:
        raise SettingsError("NUMBER", f"there is no card {number}; see: wijkbot postkit")
    if card.withdrawn_at is not None:
        raise SettingsError("NUMBER", f"card {number} was deleted; nobody posts it any more")
    ticks = await house.database.read(lambda c: post_cards.ticks(c, [number]))
    numbers = [one.group_id for one in ticks]
    sheets: dict[str, Sheet] = {}
    for group in await house.database.read(lambda c: hand_groups.listing(c, numbers)):
        made = await ready(house, adapters, card, group)
        if made is None:
            continue
        for version in made.versions:
            if version.text not in sheets:
                again = sum(one.language == version.language for one in sheets.values())
                name = f"card-{number}-{version.language}{f'-{again + 1}' if again else ''}"
                shown = await picture(made, version)
                sheets[version.text] = Sheet(name, version.language, version.text, shown)
    if not sheets:
        raise SettingsError("NUMBER", f"card {number} can be read no more, or has no group left")
    return list(sheets.values())


def _write(out: Path, sheet: Sheet) -> None:
    out.mkdir(parents=True, exist_ok=True)
    files = {f"{sheet.name}.txt": f"{sheet.text}\n".encode()}
    if sheet.picture is not None:
        ending = {"image/png": "png"}.get(sheet.picture.mime_type, "jpg")
        files[f"{sheet.name}.{ending}"] = sheet.picture.data
        files[f"{sheet.name}-picture.txt"] = f"{sheet.picture.alt}\n".encode()
    for name, data in files.items():
        (out / name).write_bytes(data)
        typer.echo(str(out / name))


def by_hand_lines(ticks: Sequence[Tick]) -> list[str]:
    """How far the people are who post an announcement: a count, then each group."""
    counted = [one for one in ticks if one.state is not State.VOID]
    if not counted:
        return []
    posted = sum(one.edition > 0 for one in counted)
    return [f"By hand: {posted} of {len(counted)} group(s).", *lines_of(ticks)]


def lines_of(ticks: Sequence[Tick]) -> list[str]:
    """What was ticked in each group."""
    return [
        f"By hand {one.group_id}, {one.group} ({one.platform}): {STATES[one.state]}{_when(one)}."
        for one in ticks
    ]


def _when(one: Tick) -> str:
    if one.done_at is None:
        return ""
    moment = datetime.fromtimestamp(one.done_at / 1000, UTC).astimezone()
    return f", ticked {moment:%a %Y-%m-%d %H:%M}"


def _card_line(card: Card, ticks: Sequence[Tick], now_ms: int) -> str:
    moment = datetime.fromtimestamp(card.made_at / 1000, UTC).astimezone()
    source = f"announcement {card.broadcast_id}" if card.broadcast_id else card.purpose
    posted = sum(one.edition > 0 for one in ticks)
    state = ""
    if card.withdrawn_at is not None:
        state = "  deleted"
    elif card.expires_at <= now_ms:
        state = "  over"
    told = f"posted in {posted} of {len(ticks)} group(s){state}"
    return f"{card.id:>4}  {moment:%a %Y-%m-%d %H:%M}  {card.item_id:<8} {source}  {told}"
