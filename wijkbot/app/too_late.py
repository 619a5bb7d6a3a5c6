"""What came in too late to be answered: is there a STOP in it? That is obeyed however old it is.

Where a platform lets us answer for some hours only, what is older than that is not answered
any more when the house was away for so long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wijkbot.adapter_api import PLATFORM_OPT_OUT, EventKind, IncomingEvent
from wijkbot.engine.book import DialogBook
from wijkbot.engine.commands import Command, find
from wijkbot.engine.pick import is_firm_stop

_SAID = frozenset({EventKind.MESSAGE, EventKind.CHOICE, EventKind.START})
_STOPS = frozenset({Command.UNSUBSCRIBE, Command.IGNORE_ME, Command.STOP_NEWS})
_SHORT = 80
"""A longer text that has "stop" in it somewhere is about something else."""


def in_time(
    events: Sequence[IncomingEvent], book: DialogBook, now: datetime, hours: int
) -> list[IncomingEvent]:
    """The events without what is too old; of that a STOP stays, to be obeyed in silence.

    ``hours``: so long the platform lets us answer; 0 is always.
    """
    oldest = now - timedelta(hours=hours)
    found = []
    for event in events:
        if not hours or event.kind not in _SAID or event.received_at >= oldest:
            found.append(event)
        elif event.is_private and _stops(event.text, book):
            found.append(replace(event, text="stop", choice_id="", payload=PLATFORM_OPT_OUT))
    return found


def _stops(text: str, book: DialogBook) -> bool:
    asked = find(book, text) if text else None
    if asked is not None and asked.command in _STOPS:
        return True
    # in doubt they get nothing: who meant something else writes again
    return len(text) <= _SHORT and any(is_firm_stop(word) for word in text.split())
