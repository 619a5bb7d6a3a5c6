"""What do many steps write together? How far conversations got, and what goes out.

The bookings of one transaction are kept here and written with few statements, one for each
table instead of one for each message. Whoever reads or erases these tables writes them first.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from wijkbot.storage import conversations, counts, outbox
from wijkbot.storage.conversations import Advance, Claimed
from wijkbot.storage.counts import Count
from wijkbot.storage.outbox import Draft
from wijkbot.storage.seal import Sealer


class Ledger:
    """The bookings of one transaction. :meth:`write` them before it ends."""

    def __init__(self, sealer: Sealer, now_ms: int) -> None:
        self._sealer = sealer
        self._now_ms = now_ms
        self._advances: list[Advance] = []
        self._awake: list[int] = []
        self._drafts: list[Draft] = []
        self._counts: list[Count] = []
        self._claims: dict[int, Claimed] = {}

    def advance(self, step: Advance) -> None:
        """A conversation gets on."""
        self._advances.append(step)

    def wake(self, chat_id: int) -> None:
        """Somebody wrote in a private chat: whoever writes can be answered, after a block too."""
        self._awake.append(chat_id)

    def send(self, drafts: Sequence[Draft]) -> None:
        """These messages go out."""
        self._drafts += drafts

    def count(self, counted: Sequence[Count]) -> None:
        """So often was this decided."""
        self._counts += counted

    def write(self, conn: Connection) -> None:
        """Write what was booked.

        Raises:
            LeaseLost: a conversation is somebody else's; nothing of this transaction may stay.
        """
        if self._awake:
            outbox.resume(conn, *self._awake)
        if self._drafts:
            outbox.append_many(conn, self._sealer, self._drafts, self._now_ms)
        counts.add(conn, *self._counts)
        if self._advances:  # last: what comes in for these conversations waits from here on
            for claimed in conversations.advance(conn, self._sealer, self._advances, self._now_ms):
                self._claims[claimed.id] = claimed
        self._advances, self._awake, self._drafts, self._counts = [], [], [], []

    def claim_of(self, conversation_id: int) -> Claimed:
        """The claim on a conversation as it goes on, once it is written."""
        return self._claims[conversation_id]
