"""What can happen in a neighbourhood, as hypothesis draws it: words, moments, books, limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache

from hypothesis import strategies as st

from tests.engine.pack import NOW, shelf
from wijkbot.engine.book import DialogBook
from wijkbot.engine.decide import Decision
from wijkbot.engine.effects import Say
from wijkbot.engine.events import Facts
from wijkbot.engine.policy import (
    PolicySettings,
)
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.engine.reading import Reading
from wijkbot.engine.relaxations import Relaxation
from wijkbot.engine.table import FIXED_ITEMS
from wijkbot.engine.words import SENSITIVE_LABELS, Label, Place, Purpose

LONG_AGO = timedelta(days=2)

TYPED = st.one_of(
    st.sampled_from(
        [
            *("ja", "nee", "1", "2", "15", "terug", "stop", "menu.job", "Noord", "klusje"),
            *("stil", "stil 7d", "praat", "weg", "negeer mij", "start", "stop nieuws", "menu"),
            *("mijn gegevens", "over wie ging dat", "privacy", "mens", "stop klusjes", "over"),
            *("kaart", "aanmelden", "aanmeld zonnewijk", "afmelden", "uitschrijven zonnewijk"),
        ]
    ),
    st.text(min_size=1, max_size=60),
)
CHOICES = st.sampled_from(
    ["menu.job", "menu.hours", "yes", "no", "request", "K02", "faq.F07", "x", "vote.yes"]
)
OPTIONAL = sorted(
    id_
    for id_, card in shelf().book.items.items()
    if id_ not in FIXED_ITEMS and card.kind in {"faq", "text", "helpline", "category"}
)
DIALOGS = sorted(shelf().book.dialogs)
RESIDENTS = st.sampled_from(["momo", "vera"])
PLACES = st.sampled_from([Place.GROUP, Place.PRIVATE])
HOW = st.sampled_from([(True, False), (True, False), (True, True), (False, False)])
"""Addressed or not, and an edit or not; most messages are plain ones to the bot."""
WAITED = st.sampled_from([0.0, 0.0, 0.0, -5.0, 11.0, 90.0, 3000.0])
"""Minutes between the platform and us; below zero is a clock that runs ahead."""
PASSED = st.sampled_from([0.0, 0.1, 0.1, 1.0, 1.0, 3.0, 12.0, 61.0, 400.0, 1500.0])
"""Minutes until the next event: within and beyond each pause of the rule."""
READINGS = st.builds(
    Reading,
    st.sampled_from([*Label, *sorted(SENSITIVE_LABELS), Label.INFO, Label.PERSONAL_DATA]),
    also=st.sampled_from([(), (), (Label.PERSONAL_DATA,), (Label.MINOR,)]),
    faq=st.sampled_from([None, "F01", "F30", "F07"]),
    language=st.sampled_from(["nl", "fr", "other"]),
    suggestions=st.sampled_from([(), (), ("F07", "F30")]),
)
POLICIES = st.builds(
    PolicySettings,
    answers_per_hour=st.integers(1, 4),
    unasked_per_day=st.integers(0, 2),
    unasked_per_week=st.integers(0, 3),
    quiet=st.sampled_from(
        [
            QuietHours(time(21), time(8)),
            QuietHours(time(0), time(0)),
            QuietHours(time(0), time(23, 59)),
            QuietHours(time(12), time(14)),
        ]
    ),
    silent_at_most=st.sampled_from([timedelta(days=30), timedelta(hours=2)]),
    relaxations=st.sampled_from(
        [(), (Relaxation("outreach", "straat", NOW.date() + LONG_AGO, ("Fatima",)),)]
    ),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """How long after the last event, how long it waited for us, and what the day is."""

    passed: float
    waited: float
    is_admin: bool
    is_holiday: bool


MOMENTS = st.builds(Moment, PASSED, WAITED, st.booleans(), st.booleans())


@cache
def _book(removed: frozenset[str], without: frozenset[str], version: int) -> DialogBook:
    """The pack as an overlay can make it: items gone, dialogs gone, other versions."""
    book = shelf().book
    items = {
        id_: replace(card, version=version + len(id_) % 3)
        for id_, card in book.items.items()
        if id_ not in removed
    }
    dialogs = {id_: dialog for id_, dialog in book.dialogs.items() if id_ not in without}
    return replace(
        book, version=version, items=items, dialogs=dialogs, areas={"zonnewijk": "zonnewijk"}
    )


BOOKS = st.builds(
    _book,
    st.frozensets(st.sampled_from(OPTIONAL), max_size=4),
    st.sampled_from([frozenset(), frozenset(), frozenset(DIALOGS[:1]), frozenset(DIALOGS)]),
    st.integers(1, 3),
)


def since(at: datetime | None, now: datetime) -> timedelta:
    """How long ago that was; long ago when it never was."""
    return LONG_AGO if at is None else now - at


def stranger(facts: Facts) -> Facts:
    """The same moment for somebody else, of whom nothing is known."""
    return Facts(facts.local_now, received_at=facts.received_at, random_token="another")


def said_in(decision: Decision) -> tuple[Say, ...]:
    """The texts of a decision."""
    return tuple(effect for effect in decision.effects if isinstance(effect, Say))


def items_of(decision: Decision) -> list[tuple[str, Purpose]]:
    """What is said, but for values: until when it is silent may differ."""
    return [(say.item, say.purpose) for say in said_in(decision)]
