"""May an answer in a group point at who asked? Never where that would tell something of a person.

A reply-to, a button for one person or a message that one person sees says who asked. After a
help question, a complaint, an insult or somebody's personal data the answer points at nobody,
so that two messages of one class give identical bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.engine import table
from wijkbot.engine.effects import Say
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import SENSITIVE_LABELS, Label, Purpose

POINTS_AT_NOBODY = SENSITIVE_LABELS | {
    Label.COMPLAINT,
    Label.ABUSE_SPAM,
    Label.PERSONAL_DATA,
    Label.STOP,
}
FOR_ONE = frozenset({table.JOB_LINK, table.GO_PRIVATE, table.ASK_PRIVATE})
"""A link to the private chat after an odd job or a command about oneself: of use to one person."""

_HIDING = frozenset({Purpose.CRISIS, Purpose.REFERRAL, Purpose.ANNOUNCEMENT, Purpose.STAFF})
_REPLIES = frozenset({Purpose.INFO, Purpose.ODD_JOB})
_REPLYING_ITEMS = frozenset({table.JOB_LINK, table.SUGGEST})


@dataclass(frozen=True, slots=True)
class Pointing:
    """``at_asker``: only they can press. ``replies``: under the question. ``to_one``: unseen."""

    at_asker: bool = False
    replies: bool = False
    to_one: bool = False


def pointing(say: Say, reading: Reading | None) -> Pointing:
    """How far this answer in a group may point at who asked; ``reading`` of the question."""
    labels = set() if reading is None else {reading.label, *reading.also}
    if say.purpose in _HIDING or labels & POINTS_AT_NOBODY:
        return Pointing()
    return Pointing(
        at_asker=True,
        replies=say.purpose in _REPLIES or say.item in _REPLYING_ITEMS,
        to_one=say.item in FOR_ONE,
    )
