"""When does time close a conversation, end an offer or take everything away?

Moments are whole seconds since 1970, UTC, and a day has 86,400 of them: no clock change makes one
shorter. What is due follows from stored moments only, so a clock that goes back takes nothing
away earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.securechat.states import Event, State

MINUTE = 60
HOUR = 3600
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Keeps:
    """How long things are kept: settings of an organisation, with these defaults."""

    closed_days: int = 14
    silent_days: int = 30
    max_days: int = 90
    unanswered_days: int = 14
    offer_hours: int = 24


@dataclass(frozen=True, slots=True)
class Moments:
    """What happened when to one conversation.

    ``queued``: when it last began to wait (made, released or opened again). ``last``: the newest
    message. ``offered``: when the open offer was made. ``purge_at``: only of a closed one.
    """

    created: int
    queued: int
    last: int
    offered: int | None = None
    purge_at: int | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """One thing that time will do, from this moment on."""

    at: int
    event: Event


def minute(moment: int) -> int:
    """The minute a moment lies in: more exactly nothing of a conversation is stamped."""
    return moment - moment % MINUTE


def purge_at(now: int, moments: Moments, keeps: Keeps) -> int:
    """Until when a conversation is kept that is closed now; a whole minute, rounded up.

    A clock that has gone back counts from the newest message instead.
    """
    closed = max(now, moments.last)
    until = min(closed + keeps.closed_days * DAY, moments.created + keeps.max_days * DAY)
    return minute(until + MINUTE - 1)


def timers(state: State, moments: Moments, keeps: Keeps) -> tuple[Timer, ...]:
    """Everything time will do to a conversation if nobody does anything, the soonest first.

    Of two at the same moment the one that takes more away comes first.
    """
    found = [Timer(moments.created + keeps.max_days * DAY, Event.TOO_OLD)]
    if state is State.CLOSED:
        if moments.purge_at is not None:
            found.append(Timer(moments.purge_at, Event.PURGE))
    else:
        found.append(Timer(moments.last + keeps.silent_days * DAY, Event.SILENT))
    if state is State.WAITING:
        found.append(Timer(moments.queued + keeps.unanswered_days * DAY, Event.UNANSWERED))
    if state is State.ASSIGNED and moments.offered is not None:
        found.append(Timer(moments.offered + keeps.offer_hours * HOUR, Event.OFFER_OVER))
    return tuple(sorted(found, key=lambda timer: timer.at))


def due(state: State, moments: Moments, keeps: Keeps, now: int) -> Event | None:
    """What time does now: the first timer that has passed, or nothing yet.

    Apply it and ask again: a machine that was off for months catches up step by step, except
    that what is too old goes at once.
    """
    passed = [timer.event for timer in timers(state, moments, keeps) if timer.at <= now]
    if Event.TOO_OLD in passed:
        return Event.TOO_OLD
    return passed[0] if passed else None


def kept_until(state: State, moments: Moments, keeps: Keeps) -> int:
    """The date on the page: when everything is gone if nobody does anything any more."""
    found = timers(state, moments, keeps)
    if state is State.CLOSED:
        return found[0].at
    closes = next(timer.at for timer in found if timer.event in (Event.SILENT, Event.UNANSWERED))
    return purge_at(closes, moments, keeps)
