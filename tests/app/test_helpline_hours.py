"""Is a helpline that was checked too long ago given as a number, without its hours?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from wijkbot.app.render import Links, Setting, render
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Helpline, Item, Text
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


NOW = datetime(2026, 11, 24, 10, tzinfo=ZoneInfo("Europe/Brussels"))
CLAIM = {
    "nl-NL": "Dat kan dag en nacht.",
    "nl-BE": "Dat kan dag en nacht.",
    "fr": "Ouvert jour et nuit.",
    "en": "Open day and night.",
}
PLACES = [("NL", "nl-NL"), ("NL", "fr"), ("NL", "en"), ("BE", "nl-BE"), ("BE", "fr"), ("BE", "en")]
TEXTS = ("T09", "T10", "T11", "T12", "T20")


@cache
def _pack() -> Mapping[str, Item]:
    return load(content_dir("dialogs")).items


def _written(item: str, country: str, language: str, **changed: object) -> str:
    """A text of the pack, with every line changed so."""
    items = {
        name: found.model_copy(update=changed) if isinstance(found, Helpline) else found
        for name, found in _pack().items()
    }
    links = Links(lambda token: f"https://bot.example/p{token}", "https://veilig.example/")
    say = Say(Purpose.INFO, item, 1)
    return render(say, items[item], language, Setting(items, country, NOW, links)).text


@pytest.mark.parametrize(("country", "language"), PLACES)
@pytest.mark.parametrize("item", TEXTS)
def test_day_and_night_is_said_only_while_the_check_of_the_line_counts(
    item: str, country: str, language: str
) -> None:
    """The number stays, and so does every other sentence."""
    fresh = _written(item, country, language, expires=NOW.date())
    expired = _written(item, country, language, expires=date(2026, 11, 23))
    assert 1 == fresh.count(CLAIM[language])
    assert expired == fresh.replace(f" {CLAIM[language]}", "")


@pytest.mark.parametrize("item", ["T09", "T10", "T20"])
def test_hours_that_nobody_checked_are_not_said(item: str) -> None:
    written = _written(item, "BE", "nl-BE", expires=NOW.date(), confidence="unchecked")
    assert "106." in written
    assert "nacht" not in written


def test_card_with_two_lines_says_their_hours_only_when_they_are_the_same() -> None:
    items = dict(_pack())
    for name, hours in (("zelfmoordlijn", "24/7"), ("tele-onthaal", {"nl": "van 9 tot 17 uur"})):
        items[name] = items[name].model_copy(update={"expires": NOW.date(), "hours": hours})
    setting = Setting(items, "BE", NOW, Links(lambda token: ""))
    cards = [
        render(Say(Purpose.CRISIS, item, 1), items[item], "nl-BE", setting).text
        for item in ("T11", "T12")
    ]
    assert "Dat kan dag en nacht." in cards[0]
    assert cards[1].endswith("Bel 1813 of 106.")


def test_no_text_says_by_itself_when_a_line_is_open() -> None:
    """In the pack "day and night" comes from the field alone."""
    for item in _pack().values():
        if isinstance(item, Text):
            written = " ".join((*item.text.values(), *(item.private_text or {}).values()))
            for claim in ("dag en nacht", "jour et nuit", "day and night", "24/7"):
                assert claim not in written.lower(), item.id
