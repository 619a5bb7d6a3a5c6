"""When does the chat open next? The hours of the console, else those of the configuration."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection

from wijkbot.app.house import House, local_time
from wijkbot.securechat.encoding import Refused, fields
from wijkbot.settings_sections import WEEKDAYS
from wijkbot.storage import staff_audit, staff_hours
from wijkbot.storage.staff_hours import Span

ORDINARY_WEEK = tuple(Span(day, 9 * 60, 17 * 60) for day in range(5))
_SPANS_AT_MOST = 50
_MINUTES = 60
_SPAN = frozenset({"day", "from", "to"})


def hours(conn: Connection, house: House) -> list[Span]:
    """The hours that count now; none when nobody wrote any."""
    chosen = staff_hours.get(conn)
    chat = house.settings.secure_chat
    if chosen or chat is None:
        return chosen
    return [Span(*span) for span in chat.spans()]


def opens_at(spans: Sequence[Span], house: House) -> int | None:
    """The next moment (seconds since 1970) at which it opens; None without hours.

    Now, while a span lasts.
    """
    area = next(iter(house.settings.areas()))
    here = local_time(house.settings, area, house.clock.now_ms())
    for ahead in range(8):
        day = here.date() + timedelta(days=ahead)
        for span in sorted(one for one in spans if one.day == day.weekday()):
            begins = _moment(day_time=datetime.combine(day, time(), here.tzinfo), at=span.begins)
            if _moment(datetime.combine(day, time(), here.tzinfo), span.ends) > here:
                return int(max(begins, here).astimezone(UTC).timestamp())
    return None


def staffed_seconds(spans: Sequence[Span], house: House, since: int, until: int) -> int:
    """How much of the time between two moments (seconds since 1970) the chat was staffed.

    Without hours an ordinary week counts: Monday to Friday, 9 to 17.
    """
    area = next(iter(house.settings.areas()))
    begin = local_time(house.settings, area, since * 1000)
    end = local_time(house.settings, area, until * 1000)
    total = 0.0
    for ahead in range((end.date() - begin.date()).days + 1):
        midnight = datetime.combine(begin.date() + timedelta(days=ahead), time(), begin.tzinfo)
        for span in spans or ORDINARY_WEEK:
            if span.day == midnight.weekday():
                opens = _moment(midnight, span.begins).timestamp()
                closes = _moment(midnight, span.ends).timestamp()
                total += max(0.0, min(closes, until) - max(opens, since))
    return int(total)


async def set_hours(house: House, account: int, told: object) -> None:
    """Other hours, as they travel: a list of ``{"day", "from", "to"}``.

    Raises:
        Refused: shape: another form, or spans that overlap.
    """
    spans = read_spans(told)
    now = house.clock.now_ms() // 1000

    def act(conn: Connection) -> None:
        staff_hours.put(conn, spans)
        staff_audit.note(conn, account, "hours", now)

    await house.database.write(act)


def read_spans(told: object) -> list[Span]:
    """The spans of a week, in order.

    Raises:
        Refused: shape.
    """
    if not isinstance(told, list) or len(told) > _SPANS_AT_MOST:
        raise Refused("shape", f"hours: a list of at most {_SPANS_AT_MOST}")
    spans = sorted(_read_span(one) for one in told)
    for one, other in itertools.pairwise(spans):
        if one.day == other.day and other.begins < one.ends:
            raise Refused("shape", "two spans overlap")
    return spans


def as_json(spans: Sequence[Span]) -> list[dict[str, object]]:
    """As they travel."""
    return [
        {"day": WEEKDAYS[one.day], "from": _clock(one.begins), "to": _clock(one.ends)}
        for one in spans
    ]


def _read_span(told: object) -> Span:
    row = fields(told, _SPAN)
    if row["day"] not in WEEKDAYS:
        raise Refused("shape", "a day is one of " + " ".join(WEEKDAYS))
    span = Span(WEEKDAYS.index(str(row["day"])), _minutes(row["from"]), _minutes(row["to"]))
    if span.begins >= span.ends:
        raise Refused("shape", "a span ends after it begins")
    return span


def _minutes(told: object) -> int:
    if told == "24:00":
        return 24 * _MINUTES
    try:
        read = time.fromisoformat(str(told))
    except ValueError:
        read = None
    if read is None or _clock(read.hour * _MINUTES + read.minute) != told:
        raise Refused("shape", 'a time is written as "09:00"')
    return read.hour * _MINUTES + read.minute


def _clock(minutes: int) -> str:
    return f"{minutes // _MINUTES:02d}:{minutes % _MINUTES:02d}"


def _moment(day_time: datetime, at: int) -> datetime:
    """So many minutes of the clock on the wall after midnight."""
    if at >= 24 * _MINUTES:
        return day_time + timedelta(days=1)
    return day_time.replace(hour=at // _MINUTES, minute=at % _MINUTES)
