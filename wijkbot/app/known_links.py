"""Which link opens the private chat, when a command asks that never connects to the platform?

Some platforms tell their own address only once they are connected. The home keeps it then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House
from wijkbot.storage import channel_state

_NAME = "private-link"


async def keep_link(house: House, channel: str, adapter: Adapter) -> None:
    """Keep the fixed link of a channel that is connected now."""
    link = adapter.private_link("").encode()
    sealer, now_ms = house.sealer, house.clock.now_ms()

    def store(conn: Connection) -> None:
        if link and channel_state.kept(conn, sealer, channel, _NAME) != link:
            channel_state.keep(conn, sealer, (channel, _NAME), link, now_ms)

    if link:
        await house.database.write(store)


async def with_links(house: House, adapters: Mapping[str, Adapter]) -> dict[str, Adapter]:
    """The adapters, and for one that does not know its link yet the one that was kept."""
    return {name: await _with_link(house, name, one) for name, one in adapters.items()}


async def _with_link(house: House, name: str, adapter: Adapter) -> Adapter:
    if adapter.private_link(""):
        return adapter
    kept = await house.database.read(
        lambda conn: channel_state.kept(conn, house.sealer, name, _NAME)
    )
    return cast("Adapter", _Linked(adapter, kept.decode())) if kept else adapter


class _Linked:
    """An adapter whose fixed link is known from before."""

    def __init__(self, adapter: Adapter, link: str) -> None:
        self._adapter = adapter
        self._link = link

    def private_link(self, token: str) -> str:
        return self._adapter.private_link(token) if token else self._link

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)
