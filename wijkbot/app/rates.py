"""How fast may each channel send? What its platform allows, for every process together."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, Capabilities, Reason
from wijkbot.app.house import House
from wijkbot.storage import heads, lanes, limiter, outbox
from wijkbot.storage.dialect import moment
from wijkbot.storage.heads import Pace
from wijkbot.storage.lanes import Outgoing

WHOLE_ACCOUNT = ""
"""The chat to ask for what holds for all chats."""


async def set_rates(house: House, adapters: Mapping[str, Adapter]) -> None:
    """Write down the rate of each channel's account; asked once, when the bot starts.

    A channel without a known rate has no row, unless its platform told it to wait.
    """
    rates = {name: one.capabilities(WHOLE_ACCOUNT) for name, one in adapters.items()}
    now_ms = house.clock.now_ms()

    def write(conn: Connection) -> None:
        # one order for everybody: two processes that start can never wait for each other
        for name in sorted(rates):
            _set(conn, name, rates[name], now_ms)

    await house.database.write(write)


def pace_of(adapter: Adapter) -> Pace:
    """How long each chat of a channel rests between two messages."""
    known = adapter.capabilities(WHOLE_ACCOUNT)
    most = int(known.account_per_s) + known.account_burst if known.counts_arrivals else 0
    return Pace(known.gap_ms, known.group_gap_ms, most)


def put_back(
    conn: Connection, row: Outgoing, pace: Pace, now_ms: int, after_ms: int, error: str
) -> None:
    """Try this message again after so many ms; its chat waits as long as its platform asks.

    It may have arrived, where nobody knows, so the chat rests after it as after any other.
    """
    if error == Reason.RATE:
        outbox.hold_chat(conn, row.chat_id, moment(conn, now_ms) + after_ms)
    else:
        heads.rest(conn, [row.chat_id], now_ms, pace)
    lanes.retry(conn, row, now_ms, after_ms=after_ms, error=error)


def _set(conn: Connection, channel: str, known: Capabilities, now_ms: int) -> None:
    if known.account_per_s > 0:
        limiter.configure(conn, channel, known.account_per_s, known.account_burst)
    else:
        limiter.lift(conn, channel, now_ms)
