"""What does every loop of the shell work with, and what time is it in a neighbourhood?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from wijkbot.app.doorway import Doorway
from wijkbot.app.journal import Journal
from wijkbot.app.library import Library
from wijkbot.app.metrics import Meters
from wijkbot.clock import Clock
from wijkbot.settings import Settings
from wijkbot.storage.database import Database
from wijkbot.storage.seal import Sealer


@dataclass(frozen=True, slots=True)
class House:
    """What the engine's loop works with."""

    database: Database
    sealer: Sealer
    clock: Clock
    settings: Settings
    library: Library
    journal: Journal
    meters: Meters = field(default_factory=Meters)
    doorway: Doorway = field(default_factory=Doorway)


def local_time(settings: Settings, area: str, now_ms: int) -> datetime:
    """The wall time of a neighbourhood."""
    utc = datetime.fromtimestamp(now_ms / 1000, UTC)
    return utc.astimezone(ZoneInfo(settings.timezone_of(area)))
