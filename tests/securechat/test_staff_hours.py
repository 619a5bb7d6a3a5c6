"""When does the chat open next, on the clock on the wall of its town?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.securechat.office import open_office
from wijkbot.app.staff_hours import hours, opens_at
from wijkbot.storage.staff_hours import Span

BRUSSELS = ZoneInfo("Europe/Brussels")
WEEK = [Span(0, 540, 720), Span(0, 780, 1020), Span(5, 0, 1440)]


@pytest.mark.parametrize(
    ("now", "spans", "opens"),
    [
        ("2026-11-23 08:59", WEEK, "2026-11-23 09:00"),
        ("2026-11-23 09:30", WEEK, "2026-11-23 09:30"),
        ("2026-11-23 12:00", WEEK, "2026-11-23 13:00"),
        ("2026-11-23 17:00", WEEK, "2026-11-28 00:00"),
        ("2026-11-28 23:59", WEEK, "2026-11-28 23:59"),
        ("2026-11-29 00:00", WEEK, "2026-11-30 09:00"),
        ("2026-11-23 17:00", WEEK[:1], "2026-11-30 09:00"),
        ("2026-03-28 12:00", [Span(6, 540, 720)], "2026-03-29 09:00"),
        ("2026-10-24 12:00", [Span(6, 540, 720)], "2026-10-25 09:00"),
        ("2026-11-23 09:00", [], None),
    ],
)
async def test_next_opening(
    tmp_path: Path, secure_sqlite: Path, now: str, spans: Sequence[Span], opens: str | None
) -> None:
    copied = tmp_path / "wijkbot.db"
    copied.write_bytes(secure_sqlite.read_bytes())
    async with open_office(tmp_path, f"sqlite:///{copied}") as office:
        clock = office.bot.house.clock
        moment = datetime.fromisoformat(now).replace(tzinfo=BRUSSELS)
        clock.shift((moment - clock.now()).total_seconds())
        found = opens_at(spans, office.bot.house)
        if opens is None:
            assert found is None
            return
        assert found is not None
        wanted = datetime.fromisoformat(opens).replace(tzinfo=BRUSSELS).timestamp()
        assert abs(wanted - found) <= 2


async def test_hours_of_the_configuration_count_until_others_are_chosen(
    tmp_path: Path, secure_sqlite: Path
) -> None:
    copied = tmp_path / "wijkbot.db"
    copied.write_bytes(secure_sqlite.read_bytes())
    extra = {"hours": "MO-TU 09:00-17:00"}
    async with open_office(tmp_path, f"sqlite:///{copied}", extra=extra) as office:
        house = office.bot.house
        found = await house.database.read(lambda c: hours(c, house))
        assert [Span(0, 540, 1020), Span(1, 540, 1020)] == found
