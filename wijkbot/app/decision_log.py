"""What was decided, how often, and by which line of the rule? Numbers without any content.

A decision is counted under its day, place, class, purpose and verdict. There is no row for a
message and none for a person, so nothing in it can be joined with anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wijkbot.app.perform import Moment, Performed
from wijkbot.engine.effects import Effect, Say, StaffNotice, Withheld
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import Place, Purpose
from wijkbot.storage.counts import Count

PREFIX = "decision"
VERSION = "policy"
PERMITTED = "permitted"
NO_CLASS = "none"
"""For what no message caused, such as a welcome, a vote or an announcement."""


@dataclass(frozen=True, slots=True)
class Decided:
    """How often texts of one purpose were permitted or refused for one class, in one place."""

    day: str
    place: str
    label: str
    purpose: str
    verdict: str
    count: int


def counted(
    effects: Sequence[Effect], performed: Performed, reading: Reading | None, moment: Moment
) -> Iterable[Count]:
    """What one decision adds to the log."""
    label = reading.label.value if reading else NO_CLASS
    day, place = moment.facts.local_now.date().isoformat(), moment.place.place
    yield Count(day, f"{VERSION}/{moment.policy.version}", place, 1)
    for index, effect in enumerate(effects):
        match effect:
            case Say(purpose):
                yield entry(day, place, purpose, performed.refused.get(index, ""), label)
            case Withheld(purpose, rule):
                yield entry(day, place, purpose, rule, label)
            case StaffNotice(kind):
                yield Count(day, f"staff.{kind}", place, 1)
            case _:
                continue


def entry(
    day: str, place: Place, purpose: Purpose, rule: str, label: str = NO_CLASS, many: int = 1
) -> Count:
    """So many texts were permitted, or refused by that line of the rule."""
    return Count(day, f"{PREFIX}/{label}/{purpose}/{rule or PERMITTED}", place, many)


def read(counts: Iterable[Count]) -> list[Decided]:
    """The log, from the stored numbers."""
    found = []
    for one in counts:
        prefix, _, rest = one.kind.partition("/")
        if prefix == PREFIX:
            label, purpose, verdict = rest.split("/")
            found.append(Decided(one.day, one.place, label, purpose, verdict, one.count))
    return found


def versions(counts: Iterable[Count]) -> list[str]:
    """Under which versions of the rule these decisions were taken."""
    return sorted({one.kind.partition("/")[2] for one in counts if one.kind.startswith(VERSION)})
