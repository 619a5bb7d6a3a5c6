"""Is everything well? Asked by ``/health`` and by ``wijkbot doctor``."""

from __future__ import annotations

from typing import Any

from wijkbot.app.assemble import Bot
from wijkbot.storage import health
from wijkbot.storage.errors import StorageProblem


async def look(bot: Bot) -> dict[str, Any]:
    """Live: the process answers. Ready: database, content and every channel work."""
    try:
        now_ms = bot.house.clock.now_ms()
        backlog = await bot.house.database.read(lambda conn: health.look(conn, now_ms))
    except StorageProblem:
        return {"live": True, "ready": False, "database": "away"}
    channels = {}
    for name, adapter in bot.adapters.items():
        state = await adapter.health()
        channels[name] = {"ok": state.ok, "detail": state.detail, "remedy": state.remedy}
    return {
        "live": True,
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
