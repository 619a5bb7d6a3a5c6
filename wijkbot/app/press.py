"""Is a pressed button one of now, and how is who pressed it told at once?

A choice of a dialog goes out as a token of the server: it names the round in which the step was
asked, the conversation and the choice, and nobody else can make one. So a button of somebody
else, of another step or of another day opens nothing. Choices that always mean the same (a
menu, a topic, a vote) keep their names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from wijkbot.adapter_api import Adapter, EventKind, IncomingEvent, Refused
from wijkbot.app.house import House
from wijkbot.app.payload import Remembered, remembered_from
from wijkbot.content.texts import template
from wijkbot.engine.effects import Say
from wijkbot.engine.table import OLD_BUTTON
from wijkbot.storage import glance
from wijkbot.storage.errors import StorageProblem
from wijkbot.storage.seal import Sealer

log = structlog.get_logger()

LASTING = ("menu.", "faq.", "vote.")
"""So begin the names of choices that mean the same on every day and for everybody."""
LOOK_SECONDS = 1.0
"""A press must be answered within two seconds, also when the database is slow."""
ANSWER_SECONDS = 10.0
_DIGITS = 24


def token_of(sealer: Sealer, round_: str, conversation_id: int, choice: str) -> str:
    """What stands on a button in place of this choice."""
    return "~" + sealer.pseudonym("choice", round_, str(conversation_id), choice)[:_DIGITS]


def with_tokens(
    sealer: Sealer, say: Say, offered: Sequence[str], round_: str, conversation_id: int
) -> Say:
    """The text with tokens for the choices of the open step; ``round_`` "" when none is open."""
    if not round_:
        return say
    offers = tuple(
        replace(offer, id=token_of(sealer, round_, conversation_id, offer.id))
        if offer.id in offered
        else offer
        for offer in say.offers
    )
    return replace(say, offers=offers)


def chosen(sealer: Sealer, conversation_id: int, known: Remembered, pressed: str) -> str:
    """The choice behind what was pressed, "" when it is none of now."""
    if pressed.startswith(LASTING):
        return pressed
    offered = known.conversation.offered
    if not known.round:
        return pressed if pressed in offered else ""
    found = (o for o in offered if token_of(sealer, known.round, conversation_id, o) == pressed)
    return next(found, "")


class Presses:
    """Answers the presses of one channel whose platform waits for that (``choice_ref``)."""

    def __init__(self, house: House, channel: str, adapter: Adapter) -> None:
        self._house = house
        self._channel = channel
        self._adapter = adapter
        self._answering: set[asyncio.Task[None]] = set()

    async def take(self, events: Sequence[IncomingEvent]) -> list[IncomingEvent]:
        """Begin to answer the presses among these; gives what remains to be stored.

        Who pressed an old or forged button reads that at once, and nothing else happens.
        """
        presses = [one for one in events if one.kind is EventKind.CHOICE and one.choice_ref]
        judged = await asyncio.gather(*(self._is_old(press) for press in presses))
        old = {press.event_id for press, is_old in zip(presses, judged, strict=True) if is_old}
        for press in presses:
            self._begin(press.choice_ref, self._refusal(press) if press.event_id in old else "")
        return [event for event in events if event.event_id not in old]

    async def _is_old(self, event: IncomingEvent) -> bool:
        """Only a look: what becomes old on its way in, the engine finds out."""
        if event.choice_id.startswith(LASTING):
            return False
        house = self._house
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                found = await house.database.read(
                    lambda c: glance.state_of(
                        c, house.sealer, self._channel, event.chat, event.sender
                    )
                )
        except (TimeoutError, StorageProblem):
            return False
        if found is None:
            return True
        number, state = found
        return not chosen(house.sealer, number, remembered_from(state), event.choice_id)

    def _refusal(self, event: IncomingEvent) -> str:
        settings, library = self._house.settings, self._house.library
        area = settings.neighbourhood_of(self._channel)
        item = library.shelf(area).items.get(OLD_BUTTON) if library.version else None
        if item is None:
            return ""
        offered = settings.languages_of(area)
        language = event.language if event.language in offered else offered[0]
        return template(item, "text", language) or ""

    def _begin(self, choice_ref: str, text: str) -> None:
        task = asyncio.create_task(self._answer(choice_ref, text))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, choice_ref: str, text: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                result = await self._adapter.answer_choice(choice_ref, text)
        except TimeoutError:
            log.warning("press-not-answered", channel=self._channel)
            return
        if isinstance(result, Refused):
            log.info("press-not-answered", channel=self._channel, reason=str(result.reason))
