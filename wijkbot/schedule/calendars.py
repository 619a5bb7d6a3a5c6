"""What are the public holidays of a country in a year?"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import holidays
from holidays.registry import COUNTRIES

_LANGUAGES = {"NL": ("nl",), "BE": ("nl", "fr", "de")}
"""The languages that these calendars have, of those that we speak; the others have English."""


def holiday_name(country: str, subdivision: str, day: date, language: str = "nl") -> str:
    """The name of the public holiday on that day, or "" when it is an ordinary day.

    A language that the calendar of that country lacks gives English.

    Raises:
        LookupError: the library knows no such country.
        NotImplementedError: it knows no such part of it.
    """
    spoken = language if language in _LANGUAGES.get(country, ()) else "en_US"
    return _calendar(country, subdivision, day.year, spoken).get(day, "")


@lru_cache(maxsize=64)
def _calendar(country: str, subdivision: str, year: int, language: str) -> dict[date, str]:
    made = _kind(country)(subdiv=subdivision or None, years=year, language=language)
    return dict(made.items())


@cache
def _kind(country: str) -> type[holidays.HolidayBase]:
    """The class of one country, from its own file.

    Asked by name, the library reads the files of all 250: a fifth of a second in the middle of
    the first answer that names an hour, and 8 MB for as long as the bot runs.
    """
    found = [(file, names[0]) for file, names in COUNTRIES.items() if country in names]
    if not found:
        raise LookupError(f"no holidays are known of {country}")
    file, name = found[0]
    path = Path(holidays.__file__).parent / "countries" / f"{file}.py"
    loader = SourceFileLoader(f"holidays.countries.{file}", str(path))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    kind: type[holidays.HolidayBase] = getattr(module, name)
    return kind
