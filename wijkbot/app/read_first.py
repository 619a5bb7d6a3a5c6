"""May this go out before everything is read that its reader may have written?

Who wrote STOP while the house was down must get nothing unasked at the next start. So on a
platform that tells when it asked for what was missed, news waits until then, and news to
somebody whose words wait to be read waits for those.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from time import monotonic

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House
from wijkbot.app.rates import WHOLE_ACCOUNT
from wijkbot.storage import caught_up
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Lane

REPLIES_WAIT_SECONDS = 5.0
"""A reply was asked for, so it waits a moment only for what may have been said since."""
OLD_REPLY_MS = 15_000
"""A reply that waited for so long may have been overtaken by a STOP."""
UNREAD = "unread"
"""Why a row waits: its reader wrote something that nobody thought about yet."""
LOOK_AGAIN_MS = 1_000


class ReadFirst:
    """What holds the sender of one channel back."""

    def __init__(self, house: House, channel: str, adapter: Adapter) -> None:
        self._channel = channel
        self._house = house
        self._catches_up = adapter.capabilities(WHOLE_ACCOUNT).catches_up
        self._behind_since: float | None = None

    def lanes(self, conn: Connection, now_ms: int) -> Collection[Lane]:
        """Which lanes may go on. A crisis card waits for nothing."""
        if not self._catches_up or caught_up.is_caught_up(conn, self._channel, now_ms):
            self._behind_since = None
            return frozenset(Lane)
        self._behind_since = self._behind_since or monotonic()
        if monotonic() - self._behind_since < REPLIES_WAIT_SECONDS:
            return (Lane.CRISIS,)
        return (Lane.CRISIS, Lane.REPLY)

    def unread(self, conn: Connection, rows: Sequence[Outgoing], now_ms: int) -> Collection[int]:
        """The private chats of these rows that must be read first."""
        waits = [row.chat_id for row in rows if row.is_private and _waits(row, now_ms)]
        return caught_up.with_unread(conn, waits)


def _waits(row: Outgoing, now_ms: int) -> bool:
    is_old = now_ms - row.created_at > OLD_REPLY_MS
    return row.lane is Lane.BULK or (row.lane is Lane.REPLY and is_old)
