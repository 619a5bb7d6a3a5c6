"""Do the golden dates of the field come out, holidays, closures and changes included?"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from wijkbot.schedule.hours import Change, Closure, HolidayRule, Hours, WeekRule
from wijkbot.schedule.openings import next_opening, outlook

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def _hours(
    rrule: str,
    begins: str,
    ends: str,
    holidays: HolidayRule,
    *,
    zone: str = "Europe/Amsterdam",
    starts: date = date(2026, 9, 1),
    closures: tuple[Closure, ...] = (),
    changes: tuple[Change, ...] = (),
) -> Hours:
    rule = WeekRule(rrule, time.fromisoformat(begins), time.fromisoformat(ends), starts)
    return Hours("Z", zone, (rule,), holidays, closures, changes)


def _days(hours: Hours, after: datetime, count: int) -> list[date]:
    return [o.starts_at.date() for o in outlook(hours, after, count).openings]


NL = HolidayRule("skip", "NL")
BE = HolidayRule("next_week", "BE")
Z1 = _hours(
    "FREQ=WEEKLY;BYDAY=TU",
    "14:00",
    "16:00",
    NL,
    closures=(Closure(date(2026, 12, 21), date(2027, 1, 1), "kerst"),),
)


def test_weekly_walk_in_skips_the_christmas_closure() -> None:
    """Z1: 24/11, 1, 8, 15/12, then 5/1."""
    expected = [date(2026, 11, 24), date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)]
    assert [*expected, date(2027, 1, 5)] == _days(Z1, NOW, 5)


def test_kings_day_is_skipped_and_named() -> None:
    """Asked on Tuesday 27 April 2027, the next one is 4 May, because of Koningsdag."""
    asked = datetime(2027, 4, 27, 7, tzinfo=UTC)
    view = outlook(Z1, asked)
    assert date(2027, 5, 4) == view.openings[0].starts_at.date()
    assert [("holiday", date(2027, 4, 27))] == [(c.kind, c.day) for c in view.cancelled]
    assert "Koning" in view.cancelled[0].reason


def test_first_thursday_on_ascension_moves_one_week() -> None:
    """Z3: 6 May 2027 is Ascension, so 13 May."""
    z3 = _hours("FREQ=MONTHLY;BYDAY=1TH", "18:00", "20:00", BE, zone="Europe/Brussels")
    after = datetime(2026, 11, 21, tzinfo=UTC)
    expected = [(12, 3), (1, 7), (2, 4), (3, 4), (4, 1), (5, 13), (6, 3)]
    assert expected == [(d.month, d.day) for d in _days(z3, after, 7)]


def test_every_fourteen_days_is_anchored_over_week_53() -> None:
    """Z7: not "odd weeks"; 2026 has ISO week 53."""
    z7 = _hours(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
        "19:00",
        "20:30",
        HolidayRule("open"),
        starts=date(2026, 9, 3),
    )
    expected = [(11, 26), (12, 10), (12, 24), (1, 7), (1, 21)]
    assert expected == [(d.month, d.day) for d in _days(z7, NOW, 5)]


def test_an_hour_that_runs_now_is_the_next_one() -> None:
    """At 15:00 on Tuesday the door is open until 16:00."""
    asked = datetime(2026, 11, 24, 15, tzinfo=ZoneInfo("Europe/Amsterdam"))
    opening = next_opening(Z1, asked)
    assert opening is not None
    assert date(2026, 11, 24) == opening.starts_at.date()
    later = next_opening(Z1, datetime(2026, 11, 24, 16, tzinfo=ZoneInfo("Europe/Amsterdam")))
    assert later is not None
    assert date(2026, 12, 1) == later.starts_at.date()


def test_a_change_beats_the_rule() -> None:
    """An ill worker cancels one day; another day moves to the evening, elsewhere."""
    changed = _hours(
        "FREQ=WEEKLY;BYDAY=TU",
        "14:00",
        "16:00",
        NL,
        changes=(
            Change(date(2026, 11, 24), is_cancelled=True, reason="ziek"),
            Change(date(2026, 12, 1), begins=time(19), ends=time(20), place="Plein 2"),
        ),
    )
    view = outlook(changed, NOW)
    assert [("cancelled", date(2026, 11, 24))] == [(c.kind, c.day) for c in view.cancelled]
    opening = view.openings[0]
    assert (True, "Plein 2", 19) == (opening.is_changed, opening.place, opening.starts_at.hour)


def test_wall_time_survives_the_summer_change() -> None:
    """14:00 stays 14:00 on both sides of 28 March 2027."""
    days = outlook(Z1, datetime(2027, 3, 22, tzinfo=UTC), 2).openings
    assert [(14, 1), (14, 2)] == [
        (o.starts_at.hour, (o.starts_at.utcoffset() or NOW - NOW).seconds // 3600) for o in days
    ]


def test_an_ended_series_has_no_next_opening() -> None:
    """A rule with UNTIL in the past gives nothing instead of a wrong date."""
    ended = _hours("FREQ=WEEKLY;BYDAY=TU;UNTIL=20261001", "14:00", "16:00", NL)
    assert next_opening(ended, NOW) is None
