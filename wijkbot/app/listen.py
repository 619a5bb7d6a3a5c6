"""What is overheard in a group that voted for it? Read in memory, and forgotten at once.

A message that is not for the bot leaves three things at most: a class with a way to the message,
for a human; an item that could answer it, in case no neighbour does; and that somebody wrote, so
that the bot stays silent. Never a word of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, EventKind, IncomingEvent, SenderKind
from wijkbot.app.house import House
from wijkbot.app.payload import span_ms
from wijkbot.engine.conversation import LISTEN_MODE
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label
from wijkbot.storage import alerts, chats, overheard, peers
from wijkbot.storage.alerts import AlertDraft
from wijkbot.storage.chats import Chat
from wijkbot.storage.peers import Waiting

ALERTED = SENSITIVE_LABELS | {Label.ABUSE_SPAM, Label.PERSONAL_DATA}
"""Classes at which a human looks; the bot says nothing about them."""
KNOWN_FOR_MS = 10_000
"""So long a group's mode is remembered before a message is read; it is asked for again, in the
same transaction, before anything of the message is written."""
ASK_SECONDS = 2.0
"""So long a platform may take to say who is an admin."""
_HUMANS = frozenset({SenderKind.RESIDENT, SenderKind.ANONYMOUS_ADMIN})


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message leaves behind."""

    chat_id: int
    thread_hmac: str
    member_hmac: str
    alert: AlertDraft | None = None
    waiting: Waiting | None = None


class Listener:
    """Listens for one channel, in the groups that voted for it."""

    def __init__(self, house: House, channel: str, adapter: Adapter) -> None:
        self._house = house
        self._channel = channel
        self._adapter = adapter
        self._known: dict[str, tuple[Chat | None, int]] = {}

    @property
    def is_on(self) -> bool:
        """May any group of this organisation be listened to?"""
        return self._house.settings.policy.mode == LISTEN_MODE

    async def hear(self, event: IncomingEvent) -> Heard | None:
        """What this message leaves; None where the bot does not listen."""
        is_talk = event.kind is EventKind.MESSAGE and not event.is_private
        if not self.is_on or not is_talk or event.sender_kind not in _HUMANS:
            return None
        chat = await self._chat(event.chat)
        if chat is None or chat.mode != LISTEN_MODE or not chat.is_active:
            return None
        sealer = self._house.sealer
        member = sealer.member(self._channel, event.sender)
        thread = sealer.pseudonym("thread", self._channel, event.thread) if event.thread else ""
        heard = Heard(chat.id, thread, member)
        is_resident = event.sender_kind is SenderKind.RESIDENT
        if event.addressed or not is_resident or not event.text.strip():
            return heard  # it gets its own answer, or a human wrote who runs the group
        read = self._read(event, chat, heard)
        if read.alert is None or Label(read.alert.label) in CRISIS_LABELS:
            return read
        return heard if await self._is_admin(event) else read

    async def _is_admin(self, event: IncomingEvent) -> bool:
        """What an admin tells the group about debts is news, not a question for help.

        A crisis is never taken for news. Who cannot be asked about is no admin.
        """
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._adapter.is_admin(event.chat, event.sender)
        except TimeoutError:
            return False

    def _read(self, event: IncomingEvent, chat: Chat, heard: Heard) -> Heard:
        house = self._house
        shelf = house.library.shelf(chat.neighbourhood)
        reading = shelf.reader.read(event.text, event.language or chat.language, "group")
        labels = {reading.label, *reading.also} & ALERTED
        if labels:
            first = next(label for label in Label if label in labels)
            # an edit of a message that was told of is not told of again, unless it became worse
            told = (self._channel, event.edits or event.event_id, first.value)
            key = overheard.KEY + house.sealer.pseudonym("event", *told)
            alert = AlertDraft(key, first.value, chat.id, self._adapter.message_link(event))
            return Heard(heard.chat_id, heard.thread_hmac, heard.member_hmac, alert)
        minutes = house.settings.policy.peer_first_minutes
        if not reading.faq or not minutes or event.edited:
            return heard
        waiting = Waiting(
            key=house.sealer.pseudonym("event", self._channel, event.event_id),
            chat_id=chat.id,
            thread_hmac=heard.thread_hmac,
            member_hmac=heard.member_hmac,
            item_id=reading.faq,
            language=reading.language,
            due_at=house.clock.now_ms() + span_ms(timedelta(minutes=minutes)),
        )
        return Heard(heard.chat_id, heard.thread_hmac, heard.member_hmac, waiting=waiting)

    async def _chat(self, address: str) -> Chat | None:
        now_ms = self._house.clock.now_ms()
        known = self._known.get(address)
        if known is not None and 0 <= now_ms - known[1] < KNOWN_FOR_MS:
            return known[0]
        sealer = self._house.sealer
        found = await self._house.database.read(
            lambda c: chats.find(c, sealer, self._channel, address)
        )
        self._known[address] = (found, now_ms)
        return found


def note(conn: Connection, house: House, heard: Heard) -> None:
    """Write what a message leaves, in the transaction that moves the cursor on."""
    peers.somebody_wrote(conn, heard.chat_id, heard.thread_hmac, heard.member_hmac)
    if heard.alert is None and heard.waiting is None:
        return
    found = chats.get(conn, heard.chat_id)
    if found is None or found.mode != LISTEN_MODE or not found.is_active:
        return  # the group changed its mind in between
    if heard.alert is not None:
        alerts.raise_all(conn, house.sealer, [heard.alert], house.clock.now_ms())
    if heard.waiting is not None:
        peers.wait(conn, heard.waiting)
