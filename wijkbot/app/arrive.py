"""In which order are events stored, when some of them change what they all belong to?

A group that moves, and a bot that is put out or let in, change whole chats. What came before
belongs to the chat as it was, and what comes behind to the chat as it is then, also when a
platform brings all of it at once. So these are done here, at their place, and not when their
conversation has its turn: an erasure would take along what came after it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from wijkbot.adapter_api import EventKind, IncomingEvent, SenderKind
from wijkbot.app import receipts
from wijkbot.app.house import House
from wijkbot.app.payload import event_bytes, to_ms
from wijkbot.engine.conversation import ORDINARY_MODE
from wijkbot.storage import addresses, chats, inbox, rekey, stays
from wijkbot.storage.inbox import Arrival

_STAYS = frozenset({EventKind.BOT_JOINED, EventKind.BOT_LEFT})


class Order:
    """Stores the events of one channel in one transaction, each at its place."""

    def __init__(self, conn: Connection, house: House, channel: str, now_ms: int) -> None:
        self._conn = conn
        self._house = house
        self._channel = channel
        self._now_ms = now_ms
        self._waiting: list[Arrival] = []

    def store(self, events: Sequence[IncomingEvent]) -> None:
        """Store them; those that were seen before change nothing."""
        for event in events:
            match event.kind:
                case EventKind.REKEYED:
                    self._flush()
                    places = (event.chat, event.new_chat)
                    sealer = self._house.sealer
                    rekey.rekey(self._conn, sealer, self._channel, *places, self._now_ms)
                case EventKind.DELIVERY:
                    receipts.book(self._conn, self._channel, event, self._now_ms)
                case kind if kind in _STAYS and not event.is_private:
                    self._flush()
                    self._stay(event)
                case _:
                    self._waiting.append(self._arrival(event))
        self._flush()

    def _flush(self) -> bool:
        """Store what waits; False when all of it was seen before."""
        waiting, self._waiting = self._waiting, []
        return bool(inbox.accept(self._conn, self._house.sealer, waiting, self._now_ms))

    def _stay(self, event: IncomingEvent) -> None:
        """The bot is put out of a group, or let in."""
        conn, sealer = self._conn, self._house.sealer
        name = (self._channel, chats.pseudonym(sealer, self._channel, event.chat))
        if addresses.known(conn, {name}):
            return  # the group is somewhere else by now: what becomes of its shell is no news
        self._waiting.append(self._arrival(event))
        if not self._flush():
            return
        chat = chats.find(conn, sealer, self._channel, event.chat)
        if chat is None:
            return
        if event.kind is EventKind.BOT_LEFT:
            stays.left(conn, chat.id, self._now_ms)
        else:
            stays.let_in_again(conn, chat, opens_itself=self._opens_itself)

    @property
    def _opens_itself(self) -> bool:
        return self._house.settings.policy.group_activation == "invite"

    def _arrival(self, event: IncomingEvent) -> Arrival:
        settings = self._house.settings
        area = settings.neighbourhood_of(self._channel)
        return Arrival(
            channel=self._channel,
            external_id=event.event_id,
            chat=event.chat,
            is_private=event.is_private,
            member=_member(event),
            payload=event_bytes(event),
            received_at=to_ms(event.received_at),
            neighbourhood=area,
            language=settings.languages_of(area)[0],
            mode=ORDINARY_MODE,
            is_active=event.is_private or self._opens_itself,
        )


def _member(event: IncomingEvent) -> str:
    """Whose conversation it belongs to; "" is that of the chat itself."""
    if event.sender_kind is SenderKind.ANONYMOUS_ADMIN:
        # all anonymous admins share one id, so none of them has a dialog of their own
        return ""
    if event.kind is EventKind.BOT_JOINED and event.is_private:
        # who opened the direct chat is the resident it is with
        return event.invited_by or event.sender
    if event.kind in {EventKind.BOT_LEFT, EventKind.UNREADABLE} and not event.is_private:
        # of a message that stays shut nobody knows whom it was for: the group is told as a whole
        return ""
    # who shuts a direct chat and opens it again does so in the order of their own messages
    return event.sender
