"""May what stands in a group be put right, pinned or taken away when nothing new may come?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wijkbot.engine.conversation import ALARM_MODE, PlaceState
from wijkbot.engine.policy import PolicySettings, Request, permit
from wijkbot.engine.words import Place, Purpose

NIGHT = datetime(2026, 11, 24, 23, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GROUP = PlaceState(place=Place.GROUP, country="BE")
NEWS = Request(Purpose.ANNOUNCEMENT, is_answer=False, local_now=NOON)


@pytest.mark.parametrize(
    ("request_", "place", "rule"),
    [
        (replace(NEWS, local_now=NIGHT), GROUP, "quiet-hours"),
        (replace(NEWS, is_holiday=True), GROUP, "quiet-hours"),
        (NEWS, replace(GROUP, unasked_today=1), "unasked-is-spent"),
        (NEWS, replace(GROUP, unasked_this_week=3), "unasked-is-spent"),
        (NEWS, replace(GROUP, silent_until=NOON + timedelta(hours=1)), "group-is-silent"),
        (NEWS, replace(GROUP, mode=ALARM_MODE), "noise-in-alarm-group"),
        (replace(NEWS, has_stopped=True), replace(GROUP, place=Place.PRIVATE), "resident-stopped"),
    ],
    ids="night holiday day week silence alarm stopped".split(),
)
def test_what_forbids_news_does_not_forbid_a_change(
    request_: Request, place: PlaceState, rule: str
) -> None:
    assert rule == permit(request_, place, PolicySettings()).rule
    assert permit(replace(request_, is_change=True), place, PolicySettings()).is_permitted


def test_group_that_is_closed_gets_no_change_either() -> None:
    closed = replace(GROUP, is_active=False)
    assert "chat-is-closed" == permit(replace(NEWS, is_change=True), closed, PolicySettings()).rule


def test_change_never_reaches_the_secure_chat() -> None:
    secure = replace(GROUP, place=Place.SECURE)
    found = permit(replace(NEWS, is_change=True), secure, PolicySettings())
    assert "purpose-has-no-place" == found.rule
