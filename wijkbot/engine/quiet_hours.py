"""Is it quiet time now? Only what nobody asked for is bound by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` to ``end``, wall time; over midnight when start is the later one.

    The end is outside: at 08:00 sharp the bot may speak again. Equal times: never quiet.
    """

    start: time
    end: time

    def holds(self, local_now: datetime) -> bool:
        """Is this moment inside the quiet hours?"""
        now = local_now.time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """Read "21:00-08:00".

        Raises:
            ValueError: the text has another form.
        """
        start, _, end = text.partition("-")
        read = cls(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
        if read.start.tzinfo or read.end.tzinfo:
            # "08:00-09:00" would be eight o'clock in a zone nine hours away
            raise ValueError("quiet hours have no time zone")
        return read
