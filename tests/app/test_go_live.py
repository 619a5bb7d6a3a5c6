"""Is every gap found before residents are served, and nothing called a gap that is none?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from wijkbot.app.go_live import Gap, go_live_gaps
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Faq, Helpline, Hours, Item, Organisation, Text
from wijkbot.settings import PolicyConfig, Settings, settings_from

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)
READY: dict[str, dict[str, Any]] = {
    "organisation": {
        "name": "Wijkhuis Noord",
        "country": "BE",
        "public_url": "https://bot.wijkhuisnoord.be",
    },
    "crisis": {"on_call": "none"},
    "go_live": {
        "insurance_text": "Verzekerd via de gemeente",
        "connector": "Team Noord",
        "helplines_checked": TODAY,
    },
    "channels": {"buurt": {"adapter": "telegram"}},
}
OUTREACH = {"reason": "Het straatwerk kent hen al", "workers": ["Ann"]}


@cache
def _pack() -> Mapping[str, Item]:
    return load(content_dir("dialogs")).items


@cache
def _ready_items() -> Mapping[str, Item]:
    """The pack after an organisation filled it in and looked up every line."""
    made = dict(_pack())
    for id_, item in made.items():
        if isinstance(item, Helpline):
            fresh = {"last_checked": TODAY, "expires": TODAY, "confidence": "checked"}
            made[id_] = item.model_copy(update=fresh)
        elif isinstance(item, Hours):
            made[id_] = item.model_copy(update={"place": "Kerkplein 3", "source": "eigen agenda"})
        elif isinstance(item, Organisation):
            own = {"name": "Wijkhuis Noord", "phone": "02 345 67 89", "address": "Kerkplein 3"}
            links = {"url": "https://wijkhuisnoord.be/", "complaint_url": ""}
            made[id_] = item.model_copy(update={**own, **links})
    return made


def _settings(**changes: dict[str, Any]) -> Settings:
    """The ready configuration, with keys of some sections changed."""
    return settings_from(
        {**READY, **{name: {**READY.get(name, {}), **keys} for name, keys in changes.items()}}
    )


def _gaps(
    settings: Settings | None = None, changed: Mapping[str, Item] | None = None, day: date = TODAY
) -> list[Gap]:
    return go_live_gaps(settings or _settings(), {**_ready_items(), **(changed or {})}, day)


def _only(gaps: list[Gap]) -> Gap:
    (gap,) = gaps
    assert "\n" not in gap.what + gap.remedy
    return gap


def _with(id_: str, **fields: Any) -> dict[str, Item]:
    return {id_: _ready_items()[id_].model_copy(update=fields)}


def _area(**fields: Any) -> dict[str, Any]:
    return {"name": "Noord", **fields}


def test_nothing_is_missing_when_everything_is_settled() -> None:
    assert _gaps() == []


# ── the keys ─────────────────────────────────────────────────────────────────────────────────

MISSING: dict[str, tuple[dict[str, dict[str, Any]], str]] = {
    "nobody chose who is on call": ({"crisis": {"on_call": None}}, "[crisis] on_call"),
    "insurance": ({"go_live": {"insurance_text": " "}}, "[go_live] insurance_text"),
    "connector": ({"go_live": {"connector": ""}}, "[go_live] connector"),
    "helplines never checked off": (
        {"go_live": {"helplines_checked": None}},
        "[go_live] helplines_checked = 2026-11-21",
    ),
    "helplines checked off too long ago": (
        {"go_live": {"helplines_checked": TODAY - 181 * DAY}},
        "[go_live] helplines_checked",
    ),
    "helplines checked off tomorrow": (
        {"go_live": {"helplines_checked": TODAY + DAY}},
        "[go_live] helplines_checked",
    ),
    "no https": ({"organisation": {"public_url": "http://a.be"}}, "public_url"),
    "this machine": ({"organisation": {"public_url": "https://127.0.0.1:8080"}}, "public_url"),
    "this machine in six": ({"organisation": {"public_url": "https://[::1]"}}, "public_url"),
    "this machine by name": ({"organisation": {"public_url": "https://localhost"}}, "public_url"),
    "every machine": ({"organisation": {"public_url": "https://0.0.0.0"}}, "public_url"),
    "the address of the example": (
        {"organisation": {"public_url": "https://bot.example.org"}},
        "public_url",
    ),
    "the name of the example": (
        {"organisation": {"name": "Buurthuis De Brug"}},
        "[organisation] name",
    ),
    "the chat of the example": (
        {"secure_chat": {"url": "https://chat.debrug.example/x"}},
        "[secure_chat] url",
    ),
    "an exception that ended": (
        {"policy": {"relaxations": {"outreach": {**OUTREACH, "until": TODAY - DAY}}}},
        "take [policy.relaxations.outreach] out",
    ),
    "an exception of more than a year": (
        {"policy": {"relaxations": {"outreach": {**OUTREACH, "until": TODAY + 367 * DAY}}}},
        "until = 2027-11-22 or earlier",
    ),
}


@pytest.mark.parametrize(("changes", "remedy"), MISSING.values(), ids=MISSING)
def test_gap_of_the_configuration_is_one_line_that_says_where(
    changes: dict[str, dict[str, Any]], remedy: str
) -> None:
    assert remedy in _only(_gaps(_settings(**changes))).remedy


SETTLED: dict[str, dict[str, dict[str, Any]]] = {
    "a person on call": {"crisis": {"on_call": "external"}},
    "helplines checked off 180 days ago": {"go_live": {"helplines_checked": TODAY - 180 * DAY}},
    "an exception that ends today": {
        "policy": {"relaxations": {"outreach": {**OUTREACH, "until": TODAY}}}
    },
    "an exception of 366 days": {
        "policy": {"relaxations": {"outreach": {**OUTREACH, "until": TODAY + 366 * DAY}}}
    },
    "an own secure chat": {"secure_chat": {"url": "https://chat.wijkhuisnoord.be"}},
}


@pytest.mark.parametrize("changes", SETTLED.values(), ids=SETTLED)
def test_what_is_just_within_the_limits_is_no_gap(changes: dict[str, dict[str, Any]]) -> None:
    assert _gaps(_settings(**changes)) == []


def test_shelter_stands_in_the_configuration_or_in_the_content() -> None:
    without = _with("organisation", shelter="")
    assert "[go_live] shelter" in _only(_gaps(changed=without)).remedy
    assert _gaps(_settings(go_live={"shelter": "0800 99 340"}), without) == []


def test_listen_mode_needs_a_vote_and_a_dpia_that_have_happened() -> None:
    """The configuration refuses this mode today; the gate must hold on the day it does not."""
    listening = PolicyConfig().model_copy(update={"mode": "listen"})

    def gaps(**dates: date) -> list[str]:
        settings = _settings(go_live=dates).model_copy(update={"policy": listening})
        return [gap.remedy for gap in _gaps(settings)]

    assert [text.rpartition(" ")[2] for text in gaps()] == ["vote_date", "dpia_date"]
    (left,) = gaps(vote_date=TODAY, dpia_date=TODAY + DAY)
    assert "dpia_date" in left
    assert gaps(vote_date=TODAY, dpia_date=TODAY) == []


# ── the content ──────────────────────────────────────────────────────────────────────────────


def test_helplines_of_the_day_before_yesterday_are_named_together() -> None:
    gap = _only(_gaps(_settings(), day=TODAY + DAY))
    assert "checked too long ago" in gap.what
    assert {"line-112", "zelfmoordlijn"} <= set(gap.what.partition(": ")[2].split(", "))
    assert "dialogs/helplines/" in gap.remedy


def test_line_that_nobody_checked_is_a_gap() -> None:
    gap = _only(_gaps(changed=_with("caw", confidence="unchecked")))
    assert gap.what.endswith(": caw")
    assert "confidence: checked" in gap.remedy


def test_lines_of_another_country_are_not_asked_for() -> None:
    old = _with("line-113", expires=TODAY - DAY, confidence="unchecked")
    assert _gaps(changed=old) == []
    dutch = _settings(neighbourhoods={"noord": _area(), "kade": _area(country="NL")})
    assert len(_gaps(dutch, old)) == 2
    for area, count in (("noord", 0), ("kade", 2)):
        items = {**_ready_items(), **old}
        assert len(go_live_gaps(dutch, items, TODAY, [area])) == count


def test_crisis_text_that_nobody_reviewed_is_a_gap_in_that_language() -> None:
    text = _ready_items()["T11"]
    assert isinstance(text, Text)
    changed = _with("T11", reviewed={**text.reviewed, "fr": False})
    gap = _only(_gaps(changed=changed))
    assert gap.what == "crisis texts that no professional read in fr: T11"
    assert "reviewed: {fr: true}" in gap.remedy
    assert _gaps(_settings(organisation={"languages": ["nl", "en"]}), changed) == []


def test_language_of_one_neighbourhood_counts_there() -> None:
    changed = _with("T11", reviewed={"nl": True, "en": True})
    areas = {"noord": _area(languages=["fr"]), "zuid": _area()}
    settings = _settings(organisation={"languages": ["nl"]}, neighbourhoods=areas)
    items = {**_ready_items(), **changed}
    assert len(go_live_gaps(settings, items, TODAY, ["noord"])) == 1
    assert go_live_gaps(settings, items, TODAY, ["zuid"]) == []


def test_review_of_one_variant_counts_for_that_variant() -> None:
    belgian = {"nl-BE": True, "fr": True, "en": True}
    assert "in nl: T11" in _only(_gaps(changed=_with("T11", reviewed=belgian))).what
    both = {**belgian, "nl-NL": True}
    assert _gaps(changed=_with("T11", reviewed=both)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Buurthuis De Brug"),
        ("phone", "02 000 00 00"),
        ("address", "Voorbeeldplein 1, 1000 Brussel"),
        ("url", "https://debrug.example/"),
        ("complaint_url", "https://debrug.example/klacht"),
    ],
)
def test_example_in_a_field_that_answers_fill_in_is_a_gap(field: str, value: str) -> None:
    gap = _only(_gaps(changed=_with("organisation", **{field: value})))
    assert value in gap.what
    assert gap.remedy == f"write your own {field} in dialogs/organisation.yaml"


def test_organisation_of_that_name_elsewhere_is_its_own() -> None:
    own = "Buurthuis De Brug Gent"
    settings = _settings(organisation={"name": own})
    assert _gaps(settings, _with("organisation", name=own)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"answer": {"nl": "Kijk op https://wijk.example/zaal."}},
        {"link": "https://wijk.example/zaal"},
        {"link": {"nl": "https://wijkhuisnoord.be", "fr": "https://wijk.example/fr"}},
    ],
)
def test_answer_with_a_link_of_the_example_is_a_gap(fields: dict[str, Any]) -> None:
    item = _ready_items()["F37"]
    assert isinstance(item, Faq)
    assert "answer F37" in _only(_gaps(changed={"F37": item.model_copy(update=fields)})).what


def test_invented_consultation_hours_are_gaps_where_residents_hear_of_them() -> None:
    pack = _pack()
    assert "hour Z4" in _only(_gaps(changed={"Z4": pack["Z4"]})).what
    assert _gaps(changed={"Z1": pack["Z1"]}) == []


def test_untouched_pack_shows_what_it_lacks() -> None:
    told = " ".join(gap.what for gap in go_live_gaps(_settings(), _pack(), TODAY))
    for word in ("helplines", "02 000 00 00", "Z3", "Z4", "debrug.example"):
        assert word in told
