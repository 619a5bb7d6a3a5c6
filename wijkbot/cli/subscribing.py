"""How does a worker reach subscribers, and give a neighbourhood the link by which they come?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import segno
import typer
from sqlalchemy import Connection

from wijkbot.adapter_api import Reason
from wijkbot.app.alter import UNSUPPORTED
from wijkbot.app.house import House
from wijkbot.app.subscribers import ListPreview, SubscriberList, lists, shown
from wijkbot.engine.pick import plain
from wijkbot.engine.words import Purpose
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.storage import consents
from wijkbot.storage.changes import Outcome
from wijkbot.storage.outbox import Status
from wijkbot.storage.tiers import TIER

EVERYWHERE = "all"
JOIN = "AANMELD"
"""The word before that of the neighbourhood; the starter pack knows it in each language."""
NAMES = {
    Purpose.ANNOUNCEMENT: "subscribers",
    Purpose.ODD_JOB: "want odd jobs",
}
_STATES = {
    Status.WAITING: "on their way",
    Status.SENDING: "on their way",
    Status.SENT: "sent",
    Status.QUEUED: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "delivered",
    Status.UNKNOWN: "unknown",
    Status.EXPIRED: "too late",
}


async def chosen_lists(
    house: House, wanted: Sequence[str], *, everywhere: bool
) -> list[SubscriberList]:
    """The lists of these neighbourhoods (id or word), or all of them.

    Raises:
        SettingsError: a neighbourhood is not known, or nobody subscribed to it.
    """
    if not wanted and not everywhere:
        return []
    is_all = everywhere or EVERYWHERE in wanted
    areas = None if is_all else {area_named(house.settings, "--subscribers", n) for n in wanted}
    found = await house.database.read(lambda conn: lists(conn, areas))
    if not found and wanted:
        raise SettingsError("--subscribers", "nobody subscribed there yet; see: wijkbot groups")
    return [one for one in found if one.neighbourhood in house.settings.areas()]


def area_named(settings: Settings, option: str, name: str) -> str:
    """The neighbourhood with that id or word; "" is the only one.

    Raises:
        SettingsError: there is no such neighbourhood, or there are more than one.
    """
    areas = settings.areas()
    if not name and len(areas) == 1:
        return next(iter(areas))
    known = {plain(settings.word_of(area)): area for area in areas} | {a: a for a in areas}
    if name in known or plain(name) in known:
        return known.get(name) or known[plain(name)]
    names = ", ".join(area for area in areas if area) or "there is only one: leave it out"
    raise SettingsError(option, f"there is no neighbourhood {name!r}; known: {names}")


def show_lists(settings: Settings, previews: Sequence[ListPreview], *, reasons: dict[str, str],
               mark: str = "") -> None:  # fmt: skip
    """What the subscribers of each list would read, and how many they are."""
    for one in previews:
        reason = reasons.get(one.forbidden_by, one.forbidden_by)
        told = mark or (f"NOT NOW ({reason})" if reason else "will get")
        area = name_of(settings, one.group.neighbourhood)
        who = f"{one.group.channel}: {one.group.shown} subscribers of {area}"
        typer.echo(f"{who} ({one.language}) {told}:")
        for line in one.text.splitlines():
            typer.echo(f"    {line}".rstrip())


def show_sizes(settings: Settings, conn: Connection) -> None:
    """How many said yes to what, by channel and neighbourhood: numbers, and never who."""
    for one in consents.sizes(conn):
        told = NAMES.get(Purpose(one.purpose))
        if told is not None:
            area = name_of(settings, one.neighbourhood)
            typer.echo(f"   -  {one.channel:<20} {area:<20} {shown(one.members)} {told}")


def name_of(settings: Settings, area: str) -> str:
    """What people call that neighbourhood."""
    known = settings.areas().get(area)
    return known.name if known else area


def tell_private(found: Sequence[Outcome]) -> None:
    """What became of an announcement among its subscribers: numbers that add up."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[_state(one)] += 1
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    if told:
        typer.echo(f"Subscribers, {len(found)}: {told}.")


def _state(one: Outcome) -> str:
    if one.status is Status.WAITING and one.error == TIER:
        return "wait for WhatsApp's limit"
    if one.status is Status.DEAD and one.error == Reason.NEEDS_TEMPLATE:
        return "need a template (wijkbot whatsapp templates)"
    if one.error == UNSUPPORTED:
        return "cannot be changed or deleted on that platform"
    return _STATES.get(one.status) or f"not sent ({one.error})"


def link(config: Path, neighbourhood: str, channel: str, qr: Path | None) -> None:
    """Print the link by which somebody joins, and write it as a QR code."""
    settings = load_settings(config)
    area = area_named(settings, "NEIGHBOURHOOD", neighbourhood)
    number = _number(settings, channel)
    word = settings.word_of(area)
    text = f"{JOIN} {word}".strip()
    url = f"https://wa.me/{number}?text={quote(text)}"
    typer.echo(f"Whoever follows this link has {text!r} ready to send:\n  {url}")
    path = qr if qr is not None else Path(f"{(word or 'wijkbot').lower()}-whatsapp.svg")
    code = segno.make(url, error="m", micro=False)
    try:
        code.save(str(path), kind="svg", scale=8, border=4, xmldecl=False, title=text)
    except OSError:
        raise SettingsError("--qr", f"{path} cannot be written") from None
    typer.echo(f"The same as a QR code, to print: {path}")
    typer.echo("Write beside it what people get: news of their neighbourhood, and how to stop.")


def _number(settings: Settings, channel: str) -> str:
    """The digits of the account's number, as a link wants them."""
    found = {
        name: "".join(ch for ch in str(one.options().get("sender", "")) if ch.isdigit())
        for name, one in settings.channels.items()
        if one.adapter == "whatsapp"
    }
    if channel and channel not in found:
        remedy = f"there is no WhatsApp channel {channel!r}; known: {', '.join(found) or 'none'}"
        raise SettingsError("--channel", remedy)
    if not found:
        raise SettingsError("channels", "there is no WhatsApp channel; see docs/whatsapp.md")
    if not channel and len(found) > 1:
        raise SettingsError("--channel", f"name one of {', '.join(found)}")
    number = found[channel or next(iter(found))]
    if not number:
        raise SettingsError("channels", "the link needs the number; see docs/whatsapp.md")
    return number
