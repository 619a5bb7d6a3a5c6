"""Where are we with this person in this chat? Small, frozen, and it forgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wijkbot.engine.words import Place

FORGET_AFTER = timedelta(hours=24)
"""A conversation without a new message for this long starts empty."""


ALARM_MODE = "alarm"
"""The mode of a group in which neighbours warn each other of danger."""
ORDINARY_MODE = "mention"
"""The mode of every other group: only what is addressed to the bot is read."""
LISTEN_MODE = "listen"
"""The mode of a group that voted for it: all is read in memory, nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The state between two messages.

    ``dialog`` and ``step`` are empty when no dialog is open. ``trail`` holds the earlier steps,
    for "go back". ``slots`` are what was answered, as text. ``book_version`` is the book on
    which the dialog began. ``referred_at`` are the moments of the referrals of the last 24 h.
    ``sources`` tells which message filled which slot.
    ``offered`` are the choices of the last menu: (id, …), so that "2" can be understood.
    ``late_told_at`` is when this person last read that something came too late.
    ``unclear`` counts what was not understood in a row. ``abused_at`` are the moments of abuse
    of the last minutes; until ``muted_until`` only a crisis is answered. ``card`` and
    ``carded_at``: the last crisis card of this person here. ``not_opened_at`` is when it was last
    said that a message cannot be opened: to this person, in a group to all.
    """

    book_version: int = 0
    dialog: str = ""
    step: str = ""
    trail: tuple[str, ...] = ()
    slots: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    offered: tuple[str, ...] = ()
    misses: int = 0
    referred_at: tuple[datetime, ...] = ()
    abuse_told: bool = False
    late_told_at: datetime | None = None
    unclear: int = 0
    abused_at: tuple[datetime, ...] = ()
    muted_until: datetime | None = None
    card: str = ""
    carded_at: datetime | None = None
    not_opened_at: datetime | None = None
    last_at: datetime | None = None

    def slot(self, name: str) -> str:
        """What was answered, or "" when it was not asked yet."""
        return dict(self.slots).get(name, "")

    def with_slot(self, name: str, value: str, source: str = "") -> Conversation:
        """The same conversation with one slot set, by that message."""
        kept = tuple((key, old) for key, old in self.slots if key != name)
        sources = tuple((key, old) for key, old in self.sources if key != name)
        told = ((name, source),) if source else ()
        return replace(self, slots=(*kept, (name, value)), sources=(*sources, *told))

    def without_dialog(self) -> Conversation:
        """The same conversation with no dialog open and nothing of it kept."""
        return replace(
            self,
            book_version=0,
            dialog="",
            step="",
            trail=(),
            slots=(),
            sources=(),
            offered=(),
            misses=0,
        )

    def fresh(self, now: datetime) -> Conversation:
        """The conversation as it stands now: forgotten after 24 hours."""
        if self.last_at is not None and now - self.last_at >= FORGET_AFTER:
            return Conversation(last_at=now)
        recent = tuple(at for at in self.referred_at if now - at < FORGET_AFTER)
        return replace(self, referred_at=recent, last_at=now)


@dataclass(frozen=True, slots=True)
class PlaceState:
    """A frozen snapshot of the chat: what the rule needs to know about it."""

    place: Place
    country: str
    is_active: bool = True
    mode: str = "mention"
    was_told: bool = False
    silent_until: datetime | None = None
    last_crisis_at: datetime | None = None
    last_referral_at: datetime | None = None
    answers_this_hour: int = 0
    hour_started_at: datetime | None = None
    limit_shown_at: datetime | None = None
    last_tip_at: datetime | None = None
    is_voting: bool = False
    unasked_today: int = 0
    unasked_this_week: int = 0
