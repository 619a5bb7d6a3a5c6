"""How does whoever is on call hear of something? A number and a colour, nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import structlog
from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.engine.words import SENSITIVE_LABELS, Label
from wijkbot.storage import alerts

log = structlog.get_logger()

LOOK_SECONDS = 3.0
ASK_SECONDS = 10.0
COLOURS = {
    "red": {Label.CRISIS_SUICIDE, Label.CRISIS_VIOLENCE, Label.CRISIS_MEDICAL},
    "amber": SENSITIVE_LABELS,
}
"""The first that fits; anything else is "grey"."""
WORDS = {"red": "rood", "amber": "oranje", "grey": "grijs"}


def colour_of(label: str) -> str:
    """How urgent a class is: red, amber or grey."""
    return next((name for name, labels in COLOURS.items() if Label(label) in labels), "grey")


async def ringing(house: House, url: str) -> None:
    """Tell this address of every new alert; tries again until it took it."""
    async with httpx.AsyncClient(timeout=ASK_SECONDS) as client:
        while True:
            await ring(house, client, url)
            await asyncio.sleep(LOOK_SECONDS)


async def ring(house: House, client: httpx.AsyncClient, url: str) -> int:
    """Tell of what nobody was told of yet and can still be looked at; returns of how many."""
    new = await house.database.read(lambda c: _untold(c, house))
    if not new:
        return 0
    colours = Counter(colour_of(label) for _, label in new)
    worst = next(name for name in WORDS if colours[name])
    one = "melding" if len(new) == 1 else "meldingen"
    told = {"colour": worst, "count": len(new), "text": f"{len(new)} {one}, {WORDS[worst]}"}
    try:
        answer = await client.post(url, json=told)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        log.warning("alert-not-delivered", error=type(error).__name__)
        return 0
    ids = [number for number, _ in new]
    now_ms = house.clock.now_ms()
    await house.database.write(lambda c: alerts.told(c, ids, now_ms))
    return len(new)


def _untold(conn: Connection, house: House) -> list[tuple[int, str]]:
    untold = alerts.untold(conn)
    if not untold:
        return []
    shown = {one.id for one in alerts.open_ones(conn, house.sealer, house.clock.now_ms())}
    return [(number, label) for number, label in untold if number in shown]
