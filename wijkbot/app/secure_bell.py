"""How does a worker hear that somebody waits? A number, and nothing else, ever.

It runs beside the chat: an address that does not answer never holds up or undoes a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx
import structlog
from sqlalchemy import Connection

from wijkbot.app.loops import tell as tell_trouble
from wijkbot.app.secure_mail import send_mail
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.staff_hours import hours, staffed_seconds
from wijkbot.storage import leases, secure_queue
from wijkbot.storage.errors import StorageProblem

log = structlog.get_logger()

LOOK_SECONDS = 3.0
ASK_SECONDS = 10.0
PATIENCE = 4 * 60 * 60
"""After so many staffed seconds without a worker it is told once more, and again after as many."""
REST_SECONDS = 600
"""The longest pause after a failure; the first one is as short as a look."""
LEASE_MS = 30_000
"""Longer than a look and an address that does not answer."""

WORDS = {
    "nl": ("1 gesprek wacht", "{} gesprekken wachten", " al lang"),
    "fr": ("1 conversation attend", "{} conversations attendent", " depuis longtemps"),
    "en": ("1 talk waits", "{} talks wait", " for a long time already"),
}
"""For one, for more of them, and what is added when nobody came."""

Ring = Callable[[int, str], Awaitable[None]]
"""Tells a number and a line; raises one of these when it did not arrive."""
_NOT_ARRIVED = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)


@dataclass
class Bell:
    """One way to tell, and what was told over it: conversation → how long it had waited then.

    ``name`` and ``holder`` are for :func:`_is_ours`: which way it is, and of which process.
    """

    name: str
    holder: str
    ring: Ring
    told: dict[bytes, int] = field(default_factory=dict)
    failures: int = 0
    rests_until: int = 0


async def telling(room: SecureRoom) -> None:
    """Tell the configured addresses who waits and was not told of yet, as a number."""
    async with httpx.AsyncClient(timeout=ASK_SECONDS) as client:
        bells = bells_of(room, client)
        while True:
            try:
                await asyncio.gather(*(look(room, bell) for bell in bells))
            except StorageProblem as trouble:  # what was told is remembered meanwhile
                tell_trouble(trouble)
            await asyncio.sleep(LOOK_SECONDS)


def bells_of(room: SecureRoom, client: httpx.AsyncClient) -> list[Bell]:
    """The ways that the settings name: a web address, an e-mail address, both or none."""
    chosen = room.settings

    async def post(count: int, line: str) -> None:
        answer = await client.post(chosen.notify_url, json={"count": count, "text": line})
        answer.raise_for_status()

    async def mail(_count: int, line: str) -> None:
        now = room.house.clock.now()
        await send_mail(chosen.smtp_url, chosen.notify_email, line, now, ASK_SECONDS)

    ways = [("web", chosen.notify_url, post), ("mail", chosen.notify_email, mail)]
    holder = room.house.clock.token()
    return [Bell(name, holder, ring) for name, address, ring in ways if address]


async def look(room: SecureRoom, bell: Bell) -> None:
    """Tell over one bell what it was not told yet; what does not arrive is tried again later."""
    if room.now < bell.rests_until:
        return
    waits = await room.house.database.read(lambda conn: waiting(conn, room))
    bell.told = {conv: spans for conv, spans in bell.told.items() if conv in waits}
    if not waits or not await _is_ours(room, bell):
        return
    lines = _lines(waits, bell.told, room.house.settings.organisation.languages[0])
    try:
        for count, line in lines:
            await bell.ring(count, line)
    except _NOT_ARRIVED as error:
        log.warning("worker-not-told", error=type(error).__name__)
        bell.failures += 1
        bell.rests_until = room.now + min(int(LOOK_SECONDS) << bell.failures, REST_SECONDS)
        return
    bell.told, bell.failures = dict(waits), 0


async def _is_ours(room: SecureRoom, bell: Bell) -> bool:
    """Of several processes one tells; another one begins when it stopped or rests."""
    database, now_ms = room.house.database, room.house.clock.now_ms()
    if database.is_embedded:
        return True
    lease, holder = f"bell/{bell.name}", bell.holder
    if not await database.read(lambda c: leases.is_free(c, lease, holder, now_ms)):
        return False
    taken = await database.write(lambda c: leases.acquire(c, lease, holder, now_ms, LEASE_MS))
    return taken is not None


def waiting(conn: Connection, room: SecureRoom) -> dict[bytes, int]:
    """Those that wait → how often the patience of staffed hours has passed since."""
    found = secure_queue.waiting(conn)
    spans = hours(conn, room.house) if found else []
    return {
        one.id: staffed_seconds(spans, room.house, one.queued_at, room.now) // PATIENCE
        for one in found
    }


def _lines(
    waits: Mapping[bytes, int], told: Mapping[bytes, int], language: str
) -> list[tuple[int, str]]:
    one, more, long = WORDS.get(language, WORDS["nl"])
    lines = []
    if waits.keys() - told.keys():
        lines.append((len(waits), one if len(waits) == 1 else more.format(len(waits))))
    if any(spans > told.get(conv, 0) for conv, spans in waits.items()):
        late = sum(spans > 0 for spans in waits.values())
        lines.append((late, (one if late == 1 else more.format(late)) + long))
    return lines
