"""Is a holiday read from one country's own file the one that the whole library knows?"""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import holidays
import pytest

from wijkbot.schedule.calendars import holiday_name

ONE_COUNTRY = """
import sys
from datetime import date
from wijkbot.schedule.calendars import holiday_name
print(holiday_name("BE", "", date(2026, 7, 21), "fr"))
print(sum(name.startswith("holidays.countries") for name in sys.modules))
"""


@pytest.mark.parametrize("language", ["nl", "fr", "en_US"])
@pytest.mark.parametrize("country", ["NL", "BE"])
def test_every_day_of_years_has_the_name_that_the_library_gives(
    country: str, language: str
) -> None:
    spoken = language if (country, language) != ("NL", "fr") else "en_US"
    years = range(2024, 2032)
    theirs = holidays.country_holidays(country, years=years, language=spoken)
    assert len(theirs) > 60
    day = date(2024, 1, 1)
    while day.year in years:
        assert theirs.get(day, "") == holiday_name(country, "", day, language)
        day += timedelta(days=1)


def test_a_part_of_a_country_has_its_own() -> None:
    day = date(2026, 11, 11)
    assert "" == holiday_name("DE", "BE", day)
    assert "Assumption Day" == holiday_name("DE", "SL", date(2026, 8, 15), "en")


def test_an_unknown_country_is_said_to_be_unknown() -> None:
    with pytest.raises(LookupError, match="XX"):
        holiday_name("XX", "", date(2026, 1, 1))


def test_the_files_of_other_countries_are_not_read() -> None:
    told = subprocess.run(
        [sys.executable, "-c", ONE_COUNTRY], capture_output=True, text=True, check=True, timeout=60
    )
    assert ["Fête nationale", "0"] == told.stdout.split("\n")[:2]
