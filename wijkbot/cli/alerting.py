"""What must a human look at? A class, a colour and the way to the message; never its words."""

from __future__ import annotations

from pathlib import Path

import typer

from wijkbot.app.alarm_bell import WORDS, colour_of
from wijkbot.app.house import House, local_time
from wijkbot.cli.staff import with_house
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import alerts as stored
from wijkbot.storage.alerts import Alert


def alerts(config: Path, done: int) -> None:
    """List what is open, the worst first; put one away."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        if done and not await house.database.write(lambda c: stored.done(c, done)):
            raise SettingsError("--done", f"there is no alert {done}; see: wijkbot alerts")
        now_ms = house.clock.now_ms()
        found = await house.database.read(lambda c: stored.open_ones(c, house.sealer, now_ms))
        if not found:
            typer.echo("Nothing waits for a human.")
        order = list(WORDS)
        area = next(iter(settings.areas()))
        for one in sorted(found, key=lambda one: (order.index(colour_of(one.label)), -one.at)):
            at = local_time(settings, area, one.at)
            typer.echo(_line(one, f"{at:%d-%m %H:%M}"))

    with_house(settings, config, work)


def _line(one: Alert, at: str) -> str:
    where = "private chat" if one.chat_id is None else f"group {one.chat_id}"
    link = one.link or "(no link: look in the app)"
    return f"{one.id:>4}  {colour_of(one.label):<6} {one.label:<18} {where:<14} {at}  {link}"
