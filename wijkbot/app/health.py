"""Is everything well? Asked by ``/health`` and by ``wijkbot doctor``."""

from __future__ import annotations

import asyncio
from typing import Any

from wijkbot.app.assemble import Bot
from wijkbot.storage import health
from wijkbot.storage.errors import StorageProblem
from wijkbot.storage.health import Backlog, ChannelBacklog

ANSWER_SECONDS = 4.0
"""A database that hangs is away: whoever asks must know it soon."""
_NOTHING = ChannelBacklog(Backlog(), None)


async def look(bot: Bot) -> dict[str, Any]:
    """Live: the process answers. Ready: database, content and every channel work."""
    try:
        now_ms = bot.house.clock.now_ms()
        async with asyncio.timeout(ANSWER_SECONDS):
            waiting = await bot.house.database.read(lambda conn: health.by_channel(conn, now_ms))
    except (StorageProblem, TimeoutError):
        return {"live": True, "ready": False, "database": "away"}
    backlog = health.total(waiting)
    channels = {}
    for name, adapter in bot.adapters.items():
        state = await adapter.health()
        channels[name] = {
            "ok": state.ok,
            "detail": state.detail,
            "remedy": state.remedy,
            "is_home": name in bot.homes and bot.homes[name].is_home,
            **_figures(waiting.get(name, _NOTHING)),
        }
    return {
        "live": True,
        "role": bot.role.value,
        "ready": bot.house.library.version > 0,
        "book": bot.house.library.version,
        "database": "ok",
        "backlog": {
            "waiting_in": backlog.waiting_in,
            "waiting_out": backlog.waiting_out,
            "dead": backlog.dead,
        },
        "channels": channels,
    }


def _figures(channel: ChannelBacklog) -> dict[str, int]:
    waits = channel.backlog
    return {
        "waiting_in": waits.waiting_in,
        "oldest_in_ms": waits.oldest_in_ms,
        "waiting_out": waits.waiting_out,
        "oldest_out_ms": waits.oldest_out_ms,
        "dead": waits.dead,
        "unknown": waits.unknown,
        "suspended": waits.suspended,
        "needs_template": waits.needs_template,
        "held_ms": channel.rate.held_ms if channel.rate else 0,
    }
