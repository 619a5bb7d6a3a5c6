"""What leaves when two residents, a group and the engine go on for a while? In memory.

The chats and the residents change as the house changes them (see ``perform`` and ``chats``), and
what left is written down, so that a test can count it without asking the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.engine.pack import NOW
from wijkbot.engine.book import DialogBook
from wijkbot.engine.conversation import (
    ALARM_MODE,
    ORDINARY_MODE,
    Conversation,
    PlaceState,
)
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import (
    Agree,
    BeSilent,
    CastVote,
    ChangePlace,
    Effect,
    MoveTo,
    OptIn,
    OptOut,
    PlaceChange,
    Say,
)
from wijkbot.engine.events import BotJoined, Event, Facts
from wijkbot.engine.policy import PolicySettings, Request, permit
from wijkbot.engine.table import PERSONAL_DATA
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import Place, Purpose

GROUP = "group"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Left:
    """One text that left: for which chat, when, and whether somebody had asked."""

    chat: str
    say: Say
    at: datetime
    is_answer: bool


@dataclass(slots=True)
class Neighbourhood:
    """One group, the private chat of each resident, and what everybody decided."""

    book: DialogBook
    policy: PolicySettings
    now: datetime = NOW
    places: dict[str, PlaceState] = field(default_factory=dict)
    talks: dict[tuple[str, str], Conversation] = field(default_factory=dict)
    stopped: dict[str, frozenset[Purpose]] = field(default_factory=dict)
    agreed: dict[str, frozenset[Purpose]] = field(default_factory=dict)
    lapsed: dict[str, frozenset[Purpose]] = field(default_factory=dict)
    votes: dict[str, bool] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def place(self, chat: str) -> PlaceState:
        """The chat as the engine gets it now; counters of an hour or day that is over are 0."""
        new = PlaceState(Place.GROUP if chat == GROUP else Place.PRIVATE, "BE")
        found = self.places.setdefault(chat, new)
        started = found.hour_started_at
        if started is not None and self.now - started >= HOUR:
            found = replace(found, answers_this_hour=0, hour_started_at=None)
        unasked = [one.at for one in self.left if one.chat == chat and not one.is_answer]
        week = self.now.isocalendar()[:2]
        return replace(
            found,
            unasked_today=sum(at.date() == self.now.date() for at in unasked),
            unasked_this_week=sum(at.isocalendar()[:2] == week for at in unasked),
        )

    def configure(self, chat: str, **changes: object) -> None:
        """What a moderator, or the passing of time, changes about a chat."""
        self.places[chat] = replace(self.place(chat), **changes)  # type: ignore[arg-type]

    def facts(self, resident: str, **more: object) -> Facts:
        """What is known of a resident at this moment."""
        stopped = self.stopped.get(resident, frozenset())
        known = Facts(
            local_now=self.now,
            has_stopped=Purpose.ANNOUNCEMENT in stopped,
            has_stopped_jobs=Purpose.ODD_JOB in stopped,
            is_ignored=Purpose.SERVICE in stopped,
            agreed=self.agreed.get(resident, frozenset()),
            lapsed=self.lapsed.get(resident, frozenset()),
            random_token="token",
            random_code="042195",
        )
        return replace(known, **more)  # type: ignore[arg-type]

    def talk(self, chat: str, resident: str) -> Conversation:
        """Where the bot is with this resident in this chat."""
        return self.talks.get((chat, resident), Conversation())

    def happens(self, chat: str, resident: str, event: Event) -> tuple[Decision, list[Say]]:
        """Decide, and do what follows; gives what left for the chat."""
        if isinstance(event, BotJoined) or chat != GROUP:
            self.configure(chat, is_active=True)
        place = self.place(chat)
        decision = decide(self.book, place, self.talk(chat, resident), event, self.policy)
        gone = [say for say in _said(decision) if self._may_leave(say, place, event.facts)]
        self.talks[chat, resident] = decision.conversation
        self.left.extend(Left(chat, say, self.now, is_answer=True) for say in gone)
        for effect in decision.effects:
            self._take(chat, resident, effect)
        return decision, gone

    def announce(self, chat: str, purpose: Purpose, *, is_holiday: bool) -> bool:
        """Something that nobody asked for wants to leave for a chat; may it?"""
        stopped = self.stopped.get(chat, frozenset())
        request = Request(
            purpose,
            is_answer=False,
            local_now=self.now,
            is_holiday=is_holiday,
            has_stopped=Purpose.ANNOUNCEMENT in stopped,
            has_consent=purpose in self.agreed.get(chat, frozenset()),
            is_ignored=Purpose.SERVICE in stopped,
        )
        may = permit(request, self.place(chat), self.policy).is_permitted
        if may:
            say = Say(purpose, "T07", self.book.version_of("T07"))
            self.left.append(Left(chat, say, self.now, is_answer=False))
        return may

    def _may_leave(self, say: Say, place: PlaceState, facts: Facts) -> bool:
        """The rule as it is asked again under the lock of the chat."""
        request = Request(
            purpose=say.purpose,
            is_answer=True,
            local_now=facts.local_now,
            is_holiday=facts.is_holiday,
            has_own_words=any(isinstance(value, OwnWords) for _, value in say.values),
            has_stopped=facts.has_stopped,
            is_ignored=facts.is_ignored,
            is_tip=say.item == PERSONAL_DATA,
        )
        return permit(request, place, self.policy).is_permitted

    def _take(self, chat: str, resident: str, effect: Effect) -> None:
        stopped = self.stopped.get(resident, frozenset())
        agreed = self.agreed.get(resident, frozenset())
        lapsed = self.lapsed.get(resident, frozenset())
        match effect:
            case ChangePlace(change):
                self.configure(chat, **self._changed(chat, change))
            case BeSilent(hours):
                until = self.now + timedelta(hours=hours) if hours else None
                self.configure(chat, silent_until=until)
            case OptOut(purposes):
                self.stopped[resident] = stopped | set(purposes)
                self.lapsed[resident] = lapsed | (agreed & set(purposes))
                self.agreed[resident] = agreed - set(purposes)
            case OptIn():
                self.stopped[resident] = frozenset()
                if chat != GROUP:
                    self.agreed[resident] = agreed | lapsed
            case Agree(purpose):
                self.stopped[resident] = stopped - {purpose, Purpose.SERVICE}
                self.agreed[resident] = agreed | {purpose, Purpose.SERVICE}
            case MoveTo(area):
                assert chat != GROUP, "a group is moved by its moderator alone"
                assert area in self.book.areas.values()
            case CastVote(is_yes):
                self.votes[resident] = is_yes
            case _:
                pass

    def _changed(self, chat: str, change: PlaceChange) -> dict[str, object]:
        place = self.place(chat)
        answered = {
            "hour_started_at": place.hour_started_at or self.now,
            "answers_this_hour": place.answers_this_hour + 1,
        }
        changes: dict[PlaceChange, dict[str, object]] = {
            PlaceChange.DISCLOSED: {"was_told": True},
            PlaceChange.CRISIS_SHOWN: {"last_crisis_at": self.now},
            PlaceChange.REFERRAL_SHOWN: {"last_referral_at": self.now},
            PlaceChange.LIMIT_SHOWN: {"limit_shown_at": self.now},
            PlaceChange.TIP_SHOWN: {"last_tip_at": self.now},
            PlaceChange.ALARM_GROUP: {"mode": ALARM_MODE},
            PlaceChange.ORDINARY: {"mode": ORDINARY_MODE},
            PlaceChange.ACTIVATED: {"is_active": True},
            PlaceChange.CLOSED: {"is_active": False},
            PlaceChange.ANSWERED: answered,
        }
        return changes[change]


def _said(decision: Decision) -> Iterator[Say]:
    return (effect for effect in decision.effects if isinstance(effect, Say))
