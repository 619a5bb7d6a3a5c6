"""Which rows of a channel go out now, and what is known of their chats at that moment?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House
from wijkbot.app.outside_window import OutsideWindow
from wijkbot.app.rates import pace_of
from wijkbot.app.read_first import ReadFirst
from wijkbot.app.still_permitted import Known
from wijkbot.storage import chats, consents, lanes, waits
from wijkbot.storage.chats import Chat
from wijkbot.storage.lanes import Outgoing

POLL_MS = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows to send now, their chats as they are now, and how long nothing more may go out.

    ``agreed``: the private chats among them that want announcements at this moment; ``heard``:
    when who is in a private chat wrote last (ms), where that matters; ``unread``: the chats
    whose own words must be read first.
    """

    rows: Sequence[Outgoing] = ()
    chats: Mapping[int, Chat] = field(default_factory=dict)
    wait_ms: int = POLL_MS
    agreed: Collection[int] = ()
    heard: Mapping[int, int] = field(default_factory=dict)
    unread: Collection[int] = ()

    def known_of(self, row: Outgoing) -> Known:
        """What is known of the chat of a row."""
        chat_id = row.chat_id
        return Known(
            self.chats.get(chat_id),
            chat_id in self.agreed,
            self.heard.get(chat_id),
            is_unread=chat_id in self.unread,
        )


class NextRows:
    """Takes what is due on one channel, as fast as its platform allows."""

    def __init__(
        self, house: House, channel: str, adapter: Adapter, windows: OutsideWindow
    ) -> None:
        self._house = house
        self._channel = channel
        self._pace = pace_of(adapter)
        self._windows = windows
        self._read_first = ReadFirst(house, channel, adapter)

    async def take(self, limit: int) -> Taken:
        """Take at most so many; each is ours until it is settled or put back."""
        house, channel, now_ms = self._house, self._channel, self._house.clock.now_ms()

        def take(conn: Connection) -> Taken:
            pace = replace(self._pace, lanes=self._read_first.lanes(conn, now_ms))
            rows = lanes.claim(conn, house.sealer, channel, now_ms, limit=limit, pace=pace)
            found = chats.get_each(conn, [row.chat_id for row in rows])
            wait = self._wait(conn, now_ms) if len(rows) < limit else 0
            news = [r.chat_id for r in rows if r.is_private and r.broadcast_id is not None]
            agreed = consents.subscribed(conn, news)
            unread = self._read_first.unread(conn, rows, now_ms)
            heard = self._windows.heard(conn, found)
            return Taken(rows, found, wait, agreed, heard, unread)

        return await house.database.write(take)

    def _wait(self, conn: Connection, now_ms: int) -> int:
        return waits.wait_ms(conn, self._channel, now_ms, POLL_MS, self._pace.most_per_s)
