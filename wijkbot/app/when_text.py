"""How is a day or an opening written in a sentence? Babel's names, our short forms."""

from __future__ import annotations

from datetime import date, datetime, time

from babel.dates import format_date

from wijkbot.schedule.hours import Opening

_DAY = {"nl": "EEEE d MMMM", "fr": "EEEE d MMMM", "en": "EEEE d MMMM"}
_SHORT = {"nl": "d MMMM", "fr": "d MMMM", "en": "d MMMM"}


def day_text(day: date, language: str, *, with_weekday: bool = True) -> str:
    """ "dinsdag 24 november", "mardi 24 novembre", "Tuesday 24 November"."""
    base = language.split("-", maxsplit=1)[0]
    forms = _DAY if with_weekday else _SHORT
    pattern = forms.get(base, "EEEE d MMMM" if with_weekday else "d MMMM")
    return format_date(day, pattern, locale=language.replace("-", "_"))


def span_text(begins: time, ends: time, language: str) -> str:
    """ "van 14 tot 16 uur", "de 14 h à 16 h", "14:00-16:00"."""
    base = language.split("-", maxsplit=1)[0]
    if base == "nl":
        if begins.minute == 0 and ends.minute == 0:
            return f"van {begins.hour} tot {ends.hour} uur"
        return f"van {_dotted(begins)} tot {_dotted(ends)} uur"
    if base == "fr":
        return f"de {_french(begins)} à {_french(ends)}"
    return f"{begins:%H:%M}-{ends:%H:%M}"


def opening_text(opening: Opening, language: str) -> str:
    """ "dinsdag 24 november van 14 tot 16 uur"."""
    span = span_text(opening.starts_at.time(), opening.ends_at.time(), language)
    day = day_text(opening.starts_at.date(), language)
    joint = ", " if language.startswith("en") else " "
    return f"{day}{joint}{span}"


def moment_text(moment: datetime, language: str) -> str:
    """ "dinsdag 24 november om 9 uur", "mardi 24 novembre à 9 h", "Tuesday 24 November, 09:00"."""
    day = day_text(moment.date(), language)
    base = language.split("-", maxsplit=1)[0]
    if base == "nl":
        return f"{day} om {_dotted(moment.time())} uur"
    if base == "fr":
        return f"{day} à {_french(moment.time())}"
    return f"{day}, {moment:%H:%M}"


def is_open(opening: Opening, now: datetime) -> bool:
    """Is somebody there at this moment?"""
    return opening.starts_at <= now < opening.ends_at


def _dotted(moment: time) -> str:
    return f"{moment.hour}" if moment.minute == 0 else f"{moment.hour}.{moment.minute:02}"


def _french(moment: time) -> str:
    return f"{moment.hour} h" if moment.minute == 0 else f"{moment.hour} h {moment.minute:02}"
