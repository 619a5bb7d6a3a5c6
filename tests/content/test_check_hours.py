"""Is an hour that cannot be computed stopped before a resident asks for it?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.content.edits import change, problems
from wijkbot.content.check_hours import check_hours
from wijkbot.content.load import Loaded, load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Hours, HoursHolidays

WEDNESDAY = "FREQ=WEEKLY;BYDAY=WE"
HOLIDAYS = "holidays: {country: BE}"
CHANGE = 'changes:\n  - {date: 2026-12-01, from: "15:00", until: "%s"}\n'


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=2;INTERVAL=0",
        "FREQ=SECONDLY",
        "FREQ=MONTHLY;BYDAY=99MO",
        "FREQ=WEEKLY;UNTIL=soon",
        "FREQ=WEEKLY;UNTIL=20261231T000000Z",
        "RDATE:20260101",
    ],
)
def test_rule_that_cannot_be_computed_is_refused(pack: Path, rule: str) -> None:
    change(pack, "Z4*.yaml", WEDNESDAY, rule)
    (told,) = problems(pack)
    assert f"the rule {rule!r} is no RRULE" == told.what


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;UNTIL=20200101"]
)
def test_rule_without_any_day_is_refused(pack: Path, rule: str) -> None:
    change(pack, "Z4*.yaml", WEDNESDAY, rule)
    (told,) = problems(pack)
    assert "never falls on a day" in told.what


@pytest.mark.parametrize(
    "rule",
    ["FREQ=WEEKLY;BYDAY=TU", "FREQ=MONTHLY;BYDAY=1TH", "FREQ=WEEKLY;INTERVAL=2", "FREQ=DAILY"],
)
def test_rules_that_the_guide_shows_are_taken(pack: Path, rule: str) -> None:
    change(pack, "Z4*.yaml", WEDNESDAY, rule)
    assert () == problems(pack)


@pytest.mark.parametrize("zone", ["Europe", "../etc", "a" * 300, "Europe/Brusel", "''"])
def test_time_zone_that_is_none_is_told(pack: Path, zone: str) -> None:
    change(pack, "Z4*.yaml", "Europe/Brussels", zone)
    assert ["timezone"] == [
        (pack / "hours/Z4-onthaal.yaml").read_text().splitlines()[told.line - 1].split(":")[0]
        for told in problems(pack)
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (HOLIDAYS, "holidays: {country: ZZ}", "no holiday calendar of 'ZZ'"),
        (HOLIDAYS, "holidays: {country: BE, subdivision: XX}", "has no part 'XX'"),
        (HOLIDAYS, "closed: [{from: 2026-12-31, until: 2026-12-24}]", "closure ends before"),
        (HOLIDAYS, CHANGE % "14:00", "this change ends before it begins"),
        (HOLIDAYS, CHANGE % "17:00" + "  - {date: 2026-12-01}\n", "2026-12-01 is changed twice"),
        (
            HOLIDAYS,
            "changes:\n  - {date: 2026-12-01, cancelled: true, reason: {nl: ziek, en: ill}}",
            "the reason has no text in fr",
        ),
        ("price: free", 'price: {nl: "2 euro", en: "2 euros"}', "price has no text in fr"),
        ('from: "13:00"', 'from: "17:00"', "this ends before it begins"),
    ],
)
def test_other_mistakes_of_an_hour_are_told(pack: Path, old: str, new: str, what: str) -> None:
    change(pack, "Z4*.yaml", old, new)
    (told,) = problems(pack)
    assert what in told.what


def _z4() -> tuple[Loaded, Hours]:
    loaded = load(content_dir("dialogs"))
    item = loaded.items["Z4"]
    assert isinstance(item, Hours)
    return loaded, item


@given(rule=st.text(max_size=40), zone=st.text(max_size=40), country=st.text(max_size=5))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_text_in_an_hour_gives_problems_and_no_exception(
    rule: str, zone: str, country: str
) -> None:
    loaded, item = _LOADED
    rules = (item.rules[0].model_copy(update={"rrule": rule}),)
    holidays = HoursHolidays(country=country, subdivision=country)
    odd = item.model_copy(update={"rules": rules, "timezone": zone, "holidays": holidays})
    list(check_hours(loaded, odd))


_LOADED = _z4()
