"""Do the lines about workers, ignored residents, cards, tips and alarm groups forbid enough?

And not too much: each line stands here with what it leaves alone. The other lines are in
test_limits.py; together they are the whole rule.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine import test_limits
from tests.engine.pack import NOW, group, private
from wijkbot.engine.conversation import ALARM_MODE, PlaceState
from wijkbot.engine.policy import RULES, PolicySettings, Request, permit
from wijkbot.engine.relaxations import Relaxation
from wijkbot.engine.words import Place, Purpose

WORKER = "ann"
TODAY = NOW.date()
STREET = PolicySettings(
    relaxations=(Relaxation("outreach", "het straatwerk kent hen al", TODAY, (WORKER,)),)
)
BY_HAND = Request(Purpose.CONTACT, is_answer=True, local_now=NOW, worker=WORKER)
ANSWER = Request(Purpose.INFO, is_answer=True, local_now=NOW)
CARD = replace(ANSWER, purpose=Purpose.CRISIS)
TIP = replace(ANSWER, purpose=Purpose.SERVICE, is_tip=True)
NEWS = Request(Purpose.ANNOUNCEMENT, is_answer=False, local_now=NOW)
NIGHT = NOW.replace(hour=23)
SOON, LATER = timedelta(seconds=29), timedelta(seconds=30)
ALARM = group(mode=ALARM_MODE)

FORBIDDEN = [
    ("worker-has-no-leave", BY_HAND, private(), PolicySettings()),
    ("worker-has-no-leave", replace(BY_HAND, worker="bob"), private(), STREET),
    ("worker-has-no-leave", BY_HAND, group(), STREET),
    ("worker-has-no-leave", replace(BY_HAND, is_answer=False), private(), STREET),
    ("worker-has-no-leave", replace(BY_HAND, purpose=Purpose.REFERRAL), private(), STREET),
    (
        "worker-has-no-leave",
        replace(BY_HAND, local_now=NOW + timedelta(days=1)),
        private(),
        STREET,
    ),
    ("resident-is-ignored", replace(ANSWER, is_ignored=True), private(), STREET),
    ("resident-is-ignored", replace(ANSWER, is_ignored=True), group(), STREET),
    (
        "resident-is-ignored",
        replace(ANSWER, purpose=Purpose.REFERRAL, is_ignored=True),
        private(),
        STREET,
    ),
    ("card-just-shown", replace(CARD, same_card_at=NOW - SOON), private(), STREET),
    ("tip-repeated-in-group", TIP, group(last_tip_at=NOW - timedelta(hours=23)), STREET),
    ("noise-in-alarm-group", ANSWER, ALARM, STREET),
    ("noise-in-alarm-group", replace(ANSWER, purpose=Purpose.ODD_JOB), ALARM, STREET),
    ("noise-in-alarm-group", NEWS, ALARM, STREET),
    ("no-consent", NEWS, private(), STREET),
    ("no-consent", replace(NEWS, is_answer=True), private(), STREET),
    ("resident-stopped", replace(NEWS, has_consent=True, has_stopped=True), private(), STREET),
    ("resident-is-ignored", replace(NEWS, has_consent=True, is_ignored=True), private(), STREET),
    ("nobody-asked", replace(NEWS, purpose=Purpose.ODD_JOB, has_consent=True), private(), STREET),
    ("unasked-is-spent", replace(NEWS, has_consent=True), private(unasked_today=1), STREET),
    ("unasked-is-spent", replace(NEWS, has_consent=True), private(unasked_this_week=3), STREET),
    ("quiet-hours", replace(NEWS, has_consent=True, local_now=NIGHT), private(), STREET),
]
ALLOWED = [
    ("a street worker answers by hand", BY_HAND, private()),
    ("own words of that worker", replace(BY_HAND, has_own_words=True), private()),
    ("a crisis of who is ignored", replace(CARD, is_ignored=True), private()),
    ("what who is ignored tells", replace(TIP, is_tip=False, is_ignored=True), private()),
    ("the card half a minute later", replace(CARD, same_card_at=NOW - LATER), private()),
    ("the card in a group", replace(CARD, same_card_at=NOW), group()),
    ("the tip a day later", TIP, group(last_tip_at=NOW - timedelta(hours=24))),
    ("the tip in private", TIP, private(last_tip_at=NOW)),
    ("a service after the tip", replace(TIP, is_tip=False), group(last_tip_at=NOW)),
    ("a crisis in an alarm group", CARD, ALARM),
    ("a referral in an alarm group", replace(ANSWER, purpose=Purpose.REFERRAL), ALARM),
    ("a command in an alarm group", replace(ANSWER, purpose=Purpose.SERVICE), ALARM),
    ("a private chat is no alarm group", ANSWER, private(mode=ALARM_MODE)),
    ("news in private for who said yes", replace(NEWS, has_consent=True), private()),
    ("news in a group, where nobody is asked", NEWS, group()),
    ("a change of news in private", replace(NEWS, is_change=True), private()),
]


@pytest.mark.parametrize(("line", "request_", "place", "limits"), FORBIDDEN)
def test_line_forbids_what_it_is_there_for(
    line: str, request_: Request, place: PlaceState, limits: PolicySettings
) -> None:
    verdict = permit(request_, place, limits)
    assert (line, False) == (verdict.rule, verdict.is_permitted)


@pytest.mark.parametrize(
    ("request_", "place"), [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED]
)
def test_line_leaves_the_rest_alone(request_: Request, place: PlaceState) -> None:
    verdict = permit(request_, place, STREET)
    assert ("allowed", True) == (verdict.rule, verdict.is_permitted)


def test_every_line_of_the_rule_has_its_cases() -> None:
    named = {row[0] for row in FORBIDDEN} | {row[0] for row in test_limits.CASES}
    assert {name for name, _ in RULES} == named - {"allowed"}


@pytest.mark.parametrize("place", [Place.GROUP, Place.PRIVATE])
@pytest.mark.parametrize("days", [0, 1])
def test_outreach_changes_nothing_for_what_the_bot_says(place: Place, days: int) -> None:
    """A relaxation is for named humans: with and without it the bot may say the same."""
    where = group() if place is Place.GROUP else private()
    for purpose in Purpose:
        for is_answer in (True, False):
            for words in (True, False):
                moment = NOW + timedelta(days=days)
                asked = Request(purpose, is_answer, moment, has_own_words=words)
                assert permit(asked, where, STREET) == permit(asked, where, PolicySettings())
