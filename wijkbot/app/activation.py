"""How does a moderator let the bot serve a group? With a link that works once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.payload import span_ms
from wijkbot.storage import chats, stays, tokens
from wijkbot.storage.tokens import Bound

WAITS = timedelta(hours=24)
"""So long the bot stays in a group that nobody activated, and so long a link to do it works."""
_FOR = "activate:"
_BY = "moderator"
"""Whoever holds the link is meant; no resident has this name for a pseudonym."""


async def make_link(house: House, chat_id: int) -> str:
    """The address of a page on which that group can be activated, once, for a day."""
    code = house.clock.token(16)
    now_ms = house.clock.now_ms()
    bound = Bound(f"{_FOR}{chat_id}", _BY, now_ms + span_ms(WAITS))
    await house.database.write(lambda c: tokens.bind(c, house.sealer, code, bound))
    return f"{house.settings.organisation.public_url}/activate/{code}"


async def is_open(house: House, code: str) -> bool:
    """Would this code activate a group now? Looking does not use it up."""
    now_ms = house.clock.now_ms()
    return (
        await house.database.read(lambda c: tokens.look(c, house.sealer, code, _BY, now_ms))
        is not None
    )


async def activate(house: House, code: str, area: str) -> bool:
    """Serve the group of this code as a group of that neighbourhood; False when it is used."""
    now_ms = house.clock.now_ms()
    trial_days = house.settings.policy.trial_days

    def write(conn: Connection) -> bool:
        bound = tokens.use(conn, house.sealer, code, _BY, now_ms)
        chat = chats.lock(conn, int(bound.removeprefix(_FOR))) if bound else None
        if chat is None or chat.left_at is not None:
            return False
        chats.configure(conn, chat.id, neighbourhood=area)
        stays.activate(conn, chat.id, now_ms, trial_days=trial_days)
        return True

    return await house.database.write(write)
