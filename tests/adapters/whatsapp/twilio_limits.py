"""What would a real WhatsApp line be punished for? Pair rate, tier, and who said stop.

What breaks a rule of WhatsApp is noted in ``violations``: tests say that there are none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.adapters.whatsapp.twilio_world import WINDOW_HOURS, Sent

PAIR_SECONDS = 6.0
PAIR_BURST = 10
_STOP = re.compile(
    r"(stop|stoppen|afmelden|uitschrijven|arr[eê]t|arr[eê]ter|d[eé]sinscrire|unsubscribe)[.!]*",
    re.IGNORECASE,
)
_START = re.compile(r"(start|aanmeld|inscri|join|abonn|hervat|reprendre)", re.IGNORECASE)
_DIGITS = re.compile(r"[\s().\-/]")


def says_stop(text: str) -> bool:
    """Is this whole text a word to stop?"""
    return _STOP.fullmatch(text.strip()) is not None


class Limits:
    """Counts what goes to whom. ``tier``: to so many different people a day unasked."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.tier = 0
        self.over_tier = 0
        """So often a template was refused because as many people had one that day."""
        self._pairs: dict[str, tuple[datetime, float]] = {}
        self._unasked: deque[tuple[datetime, str]] = deque()
        self._answers_left: dict[str, int] = {}
        self._heard: Counter[str] = Counter()
        self._sent: dict[str, list[tuple[int, Sent]]] = defaultdict(list)

    def heard(self, person: str, text: str, *, was_confirmed: bool) -> None:
        """Somebody wrote: they may be answered, and who says stop once more only."""
        self._heard[person] += 1
        if says_stop(text):
            self._answers_left[person] = 0 if was_confirmed else 1
        elif _START.match(text.strip()):
            self._answers_left.pop(person, None)
        elif person in self._answers_left:
            self._answers_left[person] += 1

    def has_stopped(self, person: str) -> bool:
        """Did they say stop, and not start since?"""
        return person in self._answers_left

    def check(self, person: str, message: Sent, now: datetime) -> int:
        """Note what is wrong with a message; gives the code with which it fails, or 0."""
        if person in self._answers_left:
            self._answers_left[person] -= 1
            if message.is_template or self._answers_left[person] < 0:
                self._note("to who said stop", message)
        if self._is_again(person, message):
            self._note("the same again", message)
        self._sent[person].append((self._heard[person], message))
        if not self._is_in_pace(person, now):
            self._note("faster than one in 6 seconds to one person", message)
            return 63018
        if message.is_template and not self._is_in_tier(person, now):
            self.over_tier += 1
            return 63018
        return 0

    def check_numbers(self, message: Sent, others: Iterable[str]) -> None:
        """Does the number of somebody else stand in this text?"""
        plain = _DIGITS.sub("", f"{message.body} {message.variables}")
        if any(number[-9:] in plain for number in others):
            self._note("the number of another resident", message)

    def note_shape(self, why: str, message: Sent) -> None:
        """Content that WhatsApp does not show."""
        self._note(why, message)

    def note_window(self, message: Sent) -> None:
        """A free text more than 24 hours after the resident wrote."""
        self._note("outside the 24 hours", message)

    def _is_again(self, person: str, message: Sent) -> bool:
        """Did they get this already? The same answer comes as often as they asked, no more."""
        heard = self._heard[person]
        same = [at for at, before in self._sent[person] if _is_same(message, before)]
        return heard in same if message.is_unasked else len(same) >= max(heard, 1)

    def _note(self, why: str, message: Sent) -> None:
        self.violations.append(f"{why}: {message.body[:60]!r}")

    def _is_in_pace(self, person: str, now: datetime) -> bool:
        last, room = self._pairs.get(person, (now, float(PAIR_BURST)))
        gained = max(0.0, (now - last).total_seconds()) / PAIR_SECONDS
        room = min(PAIR_BURST, room + gained) - 1
        self._pairs[person] = (now, max(room, 0.0))
        return room >= 0

    def _is_in_tier(self, person: str, now: datetime) -> bool:
        day_ago = now - timedelta(hours=WINDOW_HOURS)
        while self._unasked and self._unasked[0][0] < day_ago:
            self._unasked.popleft()
        known = {each for _, each in self._unasked}
        if self.tier and person not in known and len(known) >= self.tier:
            return False
        self._unasked.append((now, person))
        return True


def _is_same(one: Sent, other: Sent) -> bool:
    is_alike = (one.body, one.content_sid) == (other.body, other.content_sid)
    return is_alike and other.status not in {"failed", "undelivered"}
