"""Which exceptions to the rule hold today? Each has a reason, an end and the people it is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

OUTREACH = "outreach"
"""Named workers of the street may send words of their own in a private chat; never the bot."""
KNOWN = (OUTREACH,)
"""Every relaxation there is: the list is closed."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One exception, for these workers alone. ``until`` is the last day on which it holds."""

    name: str
    reason: str
    until: date
    workers: tuple[str, ...]

    def holds(self, today: date) -> bool:
        """Is it still in force? It ends by itself: nobody has to switch it off."""
        return today <= self.until


def active(relaxations: Iterable[Relaxation], today: date) -> tuple[Relaxation, ...]:
    """Those in force on a day of the neighbourhood, in the order given."""
    return tuple(relaxation for relaxation in relaxations if relaxation.holds(today))
