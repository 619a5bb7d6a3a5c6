"""Does an exception to the rule end by itself?"""

from __future__ import annotations

from datetime import date

from wijkbot.engine.relaxations import OUTREACH, Relaxation, active

UNTIL = date(2027, 3, 31)
ONE = Relaxation(OUTREACH, "Het straatwerk kent hen al", UNTIL, ("Ann",))


def test_relaxation_holds_through_its_last_day_and_not_after() -> None:
    assert active([ONE], date(2026, 11, 21)) == (ONE,)
    assert active([ONE], UNTIL) == (ONE,)
    assert active([ONE], date(2027, 4, 1)) == ()


def test_one_that_ended_takes_no_other_along() -> None:
    ended = Relaxation(OUTREACH, "Alleen voor de zomer", date(2026, 8, 31), ("Youssef",))
    assert active([ended, ONE], UNTIL) == (ONE,)
