"""What does every part of the secure chat work with? One object for a process."""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.app.house import House
from wijkbot.app.secure_known import Known
from wijkbot.app.secure_limits import Limits
from wijkbot.app.secure_team import TeamList
from wijkbot.app.secure_wakes import SecureWakes
from wijkbot.securechat.timers import Keeps
from wijkbot.settings import SecureChatSettings
from wijkbot.storage import secure_site

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class SecureRoom:
    """The secure chat of one process. Nothing in it can send to a platform."""

    house: House
    settings: SecureChatSettings
    limits: Limits
    known: Known
    wakes: SecureWakes
    team: TeamList
    work_key: bytes

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return self.house.clock.now_ms() // 1000

    @property
    def keeps(self) -> Keeps:
        """How long things are kept."""
        chosen = self.settings
        return Keeps(chosen.closed_days, chosen.silent_days, chosen.max_days)

    async def prepare(self) -> None:
        """What must be there before the first resident comes."""
        fresh = self.house.clock.random_bytes(_SALT_BYTES)
        await self.house.database.write(lambda c: secure_site.keep_salt(c, fresh))


def secure_room(house: House) -> SecureRoom | None:
    """The secure chat of this server; None when it is elsewhere, or there is none."""
    settings = house.settings.secure_chat
    if settings is None or not settings.is_builtin:
        return None
    known = Known(house.database, house.clock)
    return SecureRoom(
        house,
        settings,
        Limits(house.clock),
        known,
        SecureWakes(house.database, known),
        TeamList(),
        # the same in all processes: a challenge of one is good for the other
        house.sealer.key_file.derive("secure-chat-work"),
    )
