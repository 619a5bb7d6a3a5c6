"""What did the bot give up on, and how is it put in again?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from wijkbot.app.house import House
from wijkbot.cli.staff import with_house
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import letters
from wijkbot.storage.letters import Letter

SHOWN = 200
"""So many letters of each direction in one list."""

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

REASONS_OUT = {
    "window": "the platform only lets the bot answer for some hours after the resident's last"
    " message; put it in again once they have written",
    "needs_template": "they wrote too long ago for a free text, and no approved template fits; see"
    " wijkbot whatsapp templates, then put it in again",
    "content": "the platform refuses the text; mend it (wijkbot publish) and put it in again",
    "config": "the account or its settings are not right; run wijkbot doctor, mend it, and put"
    " it in again",
    "rate": "the platform wanted the bot to be slower; put it in again later",
    "unavailable": "the platform was away for too long; put it in again when it answers",
    "rekeyed": "the chat has a new address that could not be found; write in it, then put it in"
    " again",
    "error": "a fault in the bot while sending; look for delivery-failed in the log, update, and"
    " put it in again",
    "no answer of the platform": "it may have arrived; look in the chat, then drop it",
    "stopped while sending": "the bot was stopped while sending, so it may have arrived; look in"
    " the chat, then drop it",
    "restored": "it waited in a backup that was put back, so it may have been sent since; look in"
    " the chat, then drop it",
}
"""The codes of messages to send, each with what to do."""

REASON_IN = (
    "a fault in the bot while handling it ({}); look for conversation-failed in the log, update,"
    " and put it in again"
)

NO_SUCH = "there is no such letter (any more); see: wijkbot queue"

HINDRANCES = {
    "unknown": "nobody knows whether it arrived, so it is not sent again; drop it",
    "expired": "it is too late to send it; drop it",
    "closed": "the chat is closed, left or refuses the bot; drop it",
    "erased": "its text is erased; drop it",
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to do with which letters; all empty is only to list them."""

    requeue: Sequence[str] = ()
    drop: Sequence[str] = ()
    requeue_all: bool = False


def queue(config: Path, wishes: Wishes) -> int:
    """List the letters, or put in again and drop; 1 when something could not be done."""
    settings = load_settings(config)
    if wishes.requeue_all and wishes.requeue:
        raise SettingsError("--requeue-all", "this is every letter; leave --requeue out")
    both = {*wishes.requeue} & {*wishes.drop}
    if both:
        raise SettingsError("--drop", f"{_printable(min(both))} cannot be requeued as well")
    done = [0]

    async def work(house: House) -> None:
        if wishes == Wishes():
            await _show(house)
        else:
            done[0] = await _carry_out(house, wishes)

    with_house(settings, config, work)
    return done[0]


async def _show(house: House) -> None:
    now_ms = house.clock.now_ms()
    found = await house.database.read(lambda c: letters.listing(c, now_ms, limit=SHOWN))
    if not found:
        typer.echo("Nothing is stuck: no dead letters, and no message of unknown fate.")
        return
    typer.echo(f"{'number':<12} {'channel':<20} {'what':<13} {'since':>6} {'tries':>5}  why")
    for letter in found:
        tries = str(letter.attempts) if letter.direction == "out" else "-"
        typer.echo(
            f"{letter.number:<12} {letter.channel:<20} {letter.purpose:<13}"
            f" {_since(letter, now_ms):>6} {tries:>5}  {_why(letter)}"
        )
    if len(found) >= SHOWN:
        typer.echo("There may be more: these are the oldest.")
    ready = [letter.number for letter in found if letter.can_requeue]
    if ready:
        typer.echo(
            f"Next: mend the cause, then wijkbot queue --requeue {ready[0]}, or --requeue-all"
            f" for {len(ready)}."
        )
    else:
        typer.echo(f"Next: look in the chat, then wijkbot queue --drop {found[0].number}.")
    typer.echo("What nobody touches is dropped after 7 days.")


async def _carry_out(house: House, wishes: Wishes) -> int:
    numbers: Iterable[str] = wishes.requeue
    if wishes.requeue_all:
        numbers = await _ready(house)
    done: Counter[str] = Counter()
    failed = 0
    for number in dict.fromkeys(numbers):
        if await _requeue(house, number):
            done["put in again"] += 1
        else:
            failed += 1
    for number in dict.fromkeys(wishes.drop):
        if await _drop(house, number):
            done["dropped"] += 1
        else:
            failed += 1
            _complain(number, NO_SUCH)
    if done:
        await house.database.scrub()
    for what, count in done.items():
        typer.echo(f"{count} {what}.")
    if done["put in again"]:
        typer.echo("The running bot takes it from here; look again: wijkbot queue")
    if not done and not failed:
        typer.echo("There is nothing that can be put in again; see: wijkbot queue")
    return 1 if failed else 0


async def _ready(house: House) -> list[str]:
    """The numbers of all that can be put in again, however many they are."""
    now_ms = house.clock.now_ms()
    found = await house.database.read(lambda c: letters.listing(c, now_ms, limit=1_000_000))
    return [letter.number for letter in found if letter.can_requeue]


async def _drop(house: House, number: str) -> bool:
    now_ms = house.clock.now_ms()
    return await house.database.write(lambda c: letters.drop(c, number, now_ms))


async def _requeue(house: House, number: str) -> bool:
    now_ms = house.clock.now_ms()
    if await house.database.write(lambda c: letters.requeue(c, house.sealer, number, now_ms)):
        return True
    letter = await house.database.read(lambda c: letters.find(c, number, now_ms))
    if letter is None:
        _complain(number, NO_SUCH)
    else:
        # without a hindrance its key is destroyed: the words can never be read again
        _complain(number, HINDRANCES[letter.hindrance or "erased"])
    return False


def _complain(number: str, why: str) -> None:
    typer.echo(f"wijkbot: {_printable(number)}: {why}", err=True)


def _why(letter: Letter) -> str:
    if letter.direction == "in":
        told = REASON_IN.format(_printable(letter.reason) or "unknown")
    else:
        told = REASONS_OUT.get(letter.reason, f"{_printable(letter.reason)}; look at the log")
    hindrance = HINDRANCES.get(letter.hindrance, "")
    if letter.hindrance == "unknown":  # told above, with what happened
        return told if letter.reason in REASONS_OUT else hindrance
    return f"{letter.reason or 'dead'}: {hindrance}" if hindrance else told


def _printable(code: str) -> str:
    """A code as it may stand on a screen: a platform's own words never do."""
    return re.sub(r"[^A-Za-z0-9 ._-]", "?", code)[:40]


def _since(letter: Letter, now_ms: int) -> str:
    age = max(0, now_ms - letter.since_ms)
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if age >= unit:
            return f"{age // unit} {name}"
    return "now"
