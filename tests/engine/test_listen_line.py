"""What may come unasked in a group that voted for listening? An answer, bound like news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.pack import NOW, group, private
from wijkbot.engine.conversation import ALARM_MODE, LISTEN_MODE, ORDINARY_MODE, PlaceState
from wijkbot.engine.policy import PolicySettings, Request, permit
from wijkbot.engine.words import Place, Purpose

UNASKED = Request(Purpose.INFO, is_answer=False, local_now=NOW)
LISTENS = group(mode=LISTEN_MODE)


def _rule(request: Request, place: PlaceState) -> str:
    return permit(request, place, PolicySettings()).rule


def test_answer_that_no_neighbour_gave_may_come_where_the_group_voted_for_it() -> None:
    assert "allowed" == _rule(UNASKED, LISTENS)


@pytest.mark.parametrize("mode", [ORDINARY_MODE, ALARM_MODE])
def test_nowhere_else(mode: str) -> None:
    assert "nobody-asked" == _rule(UNASKED, group(mode=mode))
    assert "nobody-asked" == _rule(UNASKED, private(mode=LISTEN_MODE))


@pytest.mark.parametrize(
    "purpose", sorted(set(Purpose) - {Purpose.INFO, Purpose.ANNOUNCEMENT, Purpose.CONTACT})
)
def test_nothing_but_information_comes_unasked_there(purpose: Purpose) -> None:
    """No card, no referral, no call for help: a human is told of those."""
    assert "allowed" != _rule(replace(UNASKED, purpose=purpose), LISTENS)


@pytest.mark.parametrize(
    ("line", "request_", "place"),
    [
        ("quiet-hours", replace(UNASKED, local_now=NOW.replace(hour=23)), LISTENS),
        ("quiet-hours", replace(UNASKED, is_holiday=True), LISTENS),
        ("unasked-is-spent", UNASKED, replace(LISTENS, unasked_today=1)),
        ("unasked-is-spent", UNASKED, replace(LISTENS, unasked_this_week=3)),
        ("group-is-silent", UNASKED, replace(LISTENS, silent_until=NOW + timedelta(days=1))),
        ("resident-stopped", replace(UNASKED, has_stopped=True), LISTENS),
        ("chat-is-closed", UNASKED, replace(LISTENS, is_active=False)),
    ],
)
def test_what_binds_news_binds_that_answer(
    line: str, request_: Request, place: PlaceState
) -> None:
    assert Place.GROUP is place.place
    assert line == _rule(request_, place)
