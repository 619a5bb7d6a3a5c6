"""How do tests give a command from another process, at a moment of their choice?

``python -m tests.announcer 2026-11-21T10:00+00:00 5 announce --item Z4 …`` gives the command
five times. Only the clock differs from what a worker does in the terminal: on a real holiday
nothing may be announced.
"""

from __future__ import annotations

import sys
from datetime import datetime

from wijkbot.cli import main, staff
from wijkbot.clock import Clock


def at_moment(moment: datetime) -> type[Clock]:
    """A clock for commands, given at that moment."""

    class AtThatMoment(Clock):
        """A clock that shows that moment when it is made."""

        def __init__(self) -> None:
            super().__init__()
            self.shift((moment - self.now()).total_seconds())

    return AtThatMoment


if __name__ == "__main__":
    when, times, *command = sys.argv[1:]
    vars(staff)["Clock"] = at_moment(datetime.fromisoformat(when))
    sys.argv[1:] = command
    for _ in range(int(times)):
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                raise
