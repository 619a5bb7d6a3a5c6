"""How fast may each channel send? What its platform allows, for every process together."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, Capabilities
from wijkbot.app.house import House
from wijkbot.storage import limiter
from wijkbot.storage.heads import Pace

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
    return Pace(private_gap_ms=known.gap_ms, group_gap_ms=known.group_gap_ms)


def _set(conn: Connection, channel: str, known: Capabilities, now_ms: int) -> None:
    if known.account_per_s > 0:
        limiter.configure(conn, channel, known.account_per_s, known.account_burst)
    else:
        limiter.lift(conn, channel, now_ms)
