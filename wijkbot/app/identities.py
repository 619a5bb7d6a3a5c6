"""Who wrote, where a platform knows one person by two addresses?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot.app.house import House
from wijkbot.engine.conversation import ORDINARY_MODE
from wijkbot.storage import aliases, opt_outs
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.entries import OptedOut


def settle_identities(
    conn: Connection, house: House, channel: str, events: Sequence[IncomingEvent], now_ms: int
) -> list[IncomingEvent]:
    """The events, each with the canonical address of its chat and sender.

    An event that names both addresses links them, in the transaction that stores it; a later
    one that names only the second is of the same person. Opt-outs of both are kept.
    """
    told = [one for one in events if one.is_private and one.kind is not EventKind.DELIVERY]
    pairs = {one.alias: one.chat for one in told if one.alias and one.alias != one.chat}
    new = aliases.unknown(conn, house.sealer, channel, pairs) if pairs else {}
    for alias, canonical in sorted(new.items()):
        newcomer = _newcomer(house, channel, canonical)
        if aliases.link(conn, house.sealer, newcomer, alias, now_ms):
            member = house.sealer.member(channel, canonical)
            stopped = opt_outs.of(conn, member)
            house.journal.write(*(OptedOut(member, purpose, now_ms) for purpose in stopped))
    alone = sorted({one.chat for one in told if not one.alias})
    known = aliases.resolve(conn, house.sealer, channel, alone) if alone else {}
    return [_named(one, known) if one.is_private else one for one in events]


def _named(event: IncomingEvent, known: dict[str, str]) -> IncomingEvent:
    canonical = known.get(event.chat)
    if canonical is None or event.alias:
        return event
    sender = canonical if event.sender == event.chat else event.sender
    return replace(event, chat=canonical, sender=sender, alias=event.chat)


def _newcomer(house: House, channel: str, address: str) -> Newcomer:
    area = house.settings.neighbourhood_of(channel)
    return Newcomer(
        channel=channel,
        address=address,
        is_private=True,
        neighbourhood=area,
        language=house.settings.languages_of(area)[0],
        mode=ORDINARY_MODE,
    )
