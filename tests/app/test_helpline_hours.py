"""Is a helpline that was checked too long ago given as a number, without its hours?"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from wijkbot.app.render import Links, Setting, render
from wijkbot.content.model import Helpline, Text
from wijkbot.engine.effects import Say
from wijkbot.engine.words import Purpose

LINE = Helpline.model_validate(
    {
        "kind": "helpline",
        "id": "lijn",
        "country": "BE",
        "languages": ["nl"],
        "roles": ["listen"],
        "name": "Luisterlijn",
        "phone": "106",
        "hours": {"nl": "van 9 tot 17 uur"},
        "wording": "hulplijn",
        "source": "lijn.be",
        "last_checked": "2026-05-01",
        "expires": "2026-10-28",
        "confidence": "checked",
    }
)


def test_expired_helpline_is_a_number_without_hours() -> None:
    now = datetime(2026, 11, 24, 10, tzinfo=ZoneInfo("Europe/Brussels"))
    assert LINE.expires < now.date()
    text = Text.model_validate(
        {"kind": "text", "id": "X", "purpose": "info", "text": {"nl": "Bel {helpline.listen}."}}
    )
    setting = Setting({"lijn": LINE}, "BE", now, Links(lambda token: ""))
    assert render(Say(Purpose.INFO, "X", 1), text, "nl-BE", setting).text == "Bel 106."
