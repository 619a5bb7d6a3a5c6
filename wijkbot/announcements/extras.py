"""What goes with the text of an announcement, how loud is it, and what changes one later?

All of it stands, sealed, beside the values of the text: see ``wijkbot.app.payload``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from wijkbot.engine.quiet_hours import QuietHours

BELLS_REST = QuietHours(time(21), time(8))
"""Outside the day an announcement rings no bell, also where the quiet hours allow it to come."""


class Sound(StrEnum):
    """Does it ring a bell on the phones of a group?"""

    BY_THE_CLOCK = "clock"
    SILENT = "silent"
    LOUD = "loud"


@dataclass(frozen=True, slots=True)
class Extras:
    """What comes on top of the text. ``photo`` is the number of a stored photo, 0 for none."""

    photo: int = 0
    has_calendar: bool = False
    is_pinned: bool = False
    sound: Sound = Sound.BY_THE_CLOCK

    def is_silent(self, local_now: datetime) -> bool:
        """Whether it arrives without a sound at this moment on the wall clock."""
        if self.sound is Sound.BY_THE_CLOCK:
            return BELLS_REST.holds(local_now)
        return self.sound is Sound.SILENT

    def to_plain(self) -> dict[str, Any]:
        """As it is written down: only what differs from an ordinary text."""
        told = {
            "photo": self.photo,
            "calendar": self.has_calendar,
            "pin": self.is_pinned,
            "sound": "" if self.sound is Sound.BY_THE_CLOCK else self.sound.value,
        }
        return {name: value for name, value in told.items() if value}

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Extras:
        """What :meth:`to_plain` wrote."""
        return cls(
            photo=int(told.get("photo", 0)),
            has_calendar=bool(told.get("calendar")),
            is_pinned=bool(told.get("pin")),
            sound=Sound(told.get("sound") or Sound.BY_THE_CLOCK),
        )


class Act(StrEnum):
    """What is done to a message that stands in a group already."""

    EDIT = "edit"
    WITHDRAW = "withdraw"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the message that an announcement, by its number, put into a chat."""

    act: Act
    announcement: int

    def to_plain(self) -> dict[str, Any]:
        """As it is written down."""
        return {"act": self.act.value, "of": self.announcement}

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Change:
        """What :meth:`to_plain` wrote."""
        return cls(Act(told["act"]), int(told["of"]))
