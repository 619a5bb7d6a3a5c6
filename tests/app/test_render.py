"""Does a published text become whole sentences, with the right numbers and nothing else?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from wijkbot.app.render import Links, Setting, render
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Helpline, Hours, Item, Text
from wijkbot.engine.effects import Offer, Say
from wijkbot.engine.table import MINOR_FOOTER
from wijkbot.engine.values import ChoiceTitle, Day, Number, OwnWords, Values
from wijkbot.engine.words import Purpose

TUESDAY = datetime(2026, 11, 24, 10, tzinfo=ZoneInfo("Europe/Brussels"))
SECURE = "https://veilig.example/"
ONLY_NL = ("113", "0800-2000", "088 0767 000", "0800-0432", "112NL")
ONLY_BE = ("1813", "0800 32 123", "106", "107", "1712", "0800 30 030", "101", "112 BE")
TONGUES = {"NL": ("nl-NL", "fr", "en"), "BE": ("nl-BE", "fr", "en")}
PLACES = [(country, tongue) for country in ("NL", "BE") for tongue in TONGUES[country]]


@cache
def _pack() -> Mapping[str, Item]:
    return load(content_dir("dialogs")).items


def _setting(
    country: str = "BE",
    *,
    secure: str = SECURE,
    now: datetime = TUESDAY,
    more: Mapping[str, Item] | None = None,
) -> Setting:
    return Setting(
        items={**_pack(), **(more or {})},
        country=country,
        now=now,
        links=Links(lambda token: f"https://bot.example/p{token}", secure),
        main_hours={"NL": "Z1", "BE": "Z4"}[country],
        organisation_name="De Brug",
    )


def _text(text: str, purpose: str = "info") -> Text:
    return Text.model_validate(
        {"kind": "text", "id": "X", "purpose": purpose, "text": dict.fromkeys(("nl", "fr"), text)}
    )


def _write(text: str, setting: Setting | None = None, values: Values = ()) -> str:
    say = Say(Purpose.INFO, "X", 1, values=values)
    return render(say, _text(text), "nl-BE", setting or _setting()).text


def _said(item: str, language: str, setting: Setting, key: str = "text") -> str:
    return render(Say(Purpose.INFO, item, 1, key), setting.items[item], language, setting).text


# ── whole sentences ──────────────────────────────────────────────────────────────────────────


def test_sentence_without_its_value_is_left_out_whole() -> None:
    written = _write("Eerst dit. De chat: {link.secure}.\nBel {org.phone}.", _setting(secure=""))
    assert written == "Eerst dit.\nBel 02 000 00 00."


def test_line_of_which_nothing_is_left_is_no_empty_line() -> None:
    assert _write("Een.\nChat: {link.secure}\nTwee.", _setting(secure="")) == "Een.\nTwee."


def test_question_goes_with_the_answer_that_is_left_out() -> None:
    text = "Dit blijft. Liever schrijven? Dat kan: {link.secure}. Gevaar? Bel 112."
    assert _write(text, _setting(secure="")) == "Dit blijft. Gevaar? Bel 112."
    assert "Liever schrijven? Dat kan: https://veilig.example/." in _write(text)


def test_sentence_after_a_link_stays_when_the_link_falls_out() -> None:
    text = "Schrijf hier: {link.secure} Bel {org.phone}."
    assert _write(text, _setting(secure="")) == "Bel 02 000 00 00."


@pytest.mark.parametrize("language", ["nl-BE", "fr", "en"])
@pytest.mark.parametrize("item", ["T08", "T08b", "T10", "T20"])
def test_without_secure_chat_a_referral_names_none_and_keeps_phone(
    item: str, language: str
) -> None:
    with_chat = _said(item, language, _setting())
    without = _said(item, language, _setting(secure=""))
    assert SECURE in with_chat
    assert "://" not in without
    assert not re.search(r"veilige chat|chat sécurisé|secure chat", without, re.IGNORECASE)
    assert re.search(r"02 000 00 00|10[67]", without)


@pytest.mark.parametrize(("country", "language"), PLACES)
@pytest.mark.parametrize("secure", ["", SECURE])
def test_no_text_of_the_pack_leaves_a_brace_or_a_dangling_colon(
    country: str, language: str, secure: str
) -> None:
    setting = _setting(country, secure=secure)
    for item in _texts():
        written = _said(item, language, setting)
        # its one number must be checked before it may stand on a crisis card
        assert written or (item == MINOR_FOOTER and country == "NL"), item
        assert not re.search(r"[{}]|:\s*$|: *[.\n]", written), (item, written)


def _texts() -> list[str]:
    return [id_ for id_, item in _pack().items() if isinstance(item, Text)]


# ── helplines ────────────────────────────────────────────────────────────────────────────────

SUICIDE = {
    ("NL", "nl-NL"): "113", ("NL", "fr"): "113", ("NL", "en"): "113",
    ("BE", "nl-BE"): "1813", ("BE", "fr"): "0800 32 123", ("BE", "en"): "1813",
}  # fmt: skip
LISTEN = {
    ("NL", "nl-NL"): "088 0767 000", ("NL", "fr"): "088 0767 000", ("NL", "en"): "088 0767 000",
    ("BE", "nl-BE"): "106", ("BE", "fr"): "107", ("BE", "en"): "106",
}  # fmt: skip


def _numbers(text: str) -> list[str]:
    """Every number of this or the other country that stands in a text, as a whole number."""
    return [
        number
        for number in ONLY_NL + ONLY_BE
        if re.search(rf"(?<!\d)(?<!\d ){re.escape(number)}(?!\d)", text)
    ]


@pytest.mark.parametrize(("country", "language"), PLACES)
def test_crisis_card_has_the_line_of_country_and_language(country: str, language: str) -> None:
    private = _said("T11", language, _setting(country))
    group = _said("T12", language, _setting(country))
    assert SUICIDE[country, language] in _numbers(private)
    assert {SUICIDE[country, language], LISTEN[country, language]} <= set(_numbers(group))
    assert "112" in private
    assert "112" in group


@pytest.mark.parametrize(("country", "language"), PLACES)
@pytest.mark.parametrize("key", ["text", "private_text"])
def test_no_text_ever_has_a_number_of_the_other_country(
    country: str, language: str, key: str
) -> None:
    setting = _setting(country)
    foreign = set(ONLY_BE if country == "NL" else ONLY_NL)
    for item in _texts():
        found = setting.items[item]
        if key == "private_text" and not getattr(found, "private_text", None):
            continue
        written = _said(item, language, setting, key)
        assert not foreign & set(_numbers(written)), (item, written)


def test_numbers_of_this_test_are_those_of_the_pack() -> None:
    """A helpline that is added for one country is a number to watch for in the other."""
    lines = [item for item in _pack().values() if isinstance(item, Helpline)]
    for country, numbers in (("NL", ONLY_NL), ("BE", ONLY_BE)):
        theirs = {
            line.phone
            for line in lines
            if line.country == country and {"suicide", "listen", "violence"} & set(line.roles)
        }
        assert theirs <= set(numbers)


def test_without_a_line_of_this_country_the_sentence_falls_out() -> None:
    """The Netherlands has no poison line for residents; Belgium's is never borrowed."""
    assert "070 245 245" in _said("T11m", "nl-BE", _setting("BE"))
    dutch = _said("T11m", "nl-NL", _setting("NL"))
    assert "070" not in dutch
    assert dutch.startswith("Bel nu 112.")


def test_line_that_nobody_checked_never_stands_on_a_crisis_card() -> None:
    doctor = "Bel {helpline.doctor}."
    say = Say(Purpose.CRISIS, "X", 1)
    assert render(say, _text(doctor), "nl-BE", _setting()).text == "Bel 1733."
    assert render(say, _text(doctor, "crisis"), "nl-BE", _setting()).text == ""


@pytest.mark.parametrize(("country", "language"), PLACES)
def test_every_crisis_text_is_written_in_every_language(country: str, language: str) -> None:
    crisis = [i for i in _texts() if getattr(_pack()[i], "purpose", "") == "crisis"]
    assert len(crisis) >= 5
    for item in set(crisis) - {MINOR_FOOTER}:  # that one is the last line of a card
        assert "112" in _said(item, language, _setting(country)), item


# ── two languages, footers, choices ──────────────────────────────────────────────────────────


def test_two_languages_stand_below_each_other() -> None:
    both = _said("T44", "nl-BE+en", _setting())
    assert both == f"{_said('T44', 'nl-BE', _setting())}\n{_said('T44', 'en', _setting())}"


def test_footers_come_last_in_the_same_languages() -> None:
    say = Say(Purpose.INFO, "T44", 1, footers=("T00",))
    written = render(say, _pack()["T44"], "nl-BE+en", _setting()).text
    footers = [_said("T00", tongue, _setting()) for tongue in ("nl-BE", "en")]
    assert written == "\n".join([_said("T44", "nl-BE+en", _setting()), *footers])


def test_title_of_a_choice_is_in_the_first_language() -> None:
    say = Say(Purpose.INFO, "X", 1, offers=(Offer("K02", "K02"), Offer("yes", "x.yes")))
    made = render(say, _text("Kies."), "fr+nl-BE", _setting())
    assert made.language == "fr"
    assert [choice.id for choice in made.choices] == ["K02", "yes"]
    assert made.choices[1].title == "Oui"
    assert made.choices[0].title not in {"", "K02"}


def test_text_without_this_language_is_an_error_and_not_an_empty_message() -> None:
    with pytest.raises(LookupError, match="has no text in en"):
        render(Say(Purpose.INFO, "X", 1), _text("Hallo."), "en", _setting())


# ── values ───────────────────────────────────────────────────────────────────────────────────

NASTY = ["{org.name}", "{link.secure}", "{{", "{helpline.suicide}", "\\1 \\g<0>", "50% {0} %s"]


@pytest.mark.parametrize("words", NASTY)
def test_own_words_come_back_as_they_were_written(words: str) -> None:
    """A resident's braces are a resident's braces: nothing is ever filled in there."""
    written = _write("Klopt dit? {slot.words}. Ja?", values=(("slot.words", OwnWords(words)),))
    assert written == f"Klopt dit? {words}. Ja?"


def test_sentences_of_own_words_never_cut_the_text() -> None:
    words = "Hallo? {link.secure} Dag. Nog iets?"
    values: Values = (("slot.words", OwnWords(words)),)
    assert _write("Dit: {slot.words}", _setting(secure=""), values) == f"Dit: {words}"


def test_doubled_brace_of_a_text_is_one_brace() -> None:
    assert _write("Zo: {{x}.") == "Zo: {x}."


def test_values_are_written_in_the_language_of_the_text() -> None:
    values: Values = (
        ("slot.day", Day(TUESDAY.date())),
        ("slot.count", Number(3)),
        ("slot.area", ChoiceTitle("nowhere", "step", "yes")),
    )
    text = _text("{slot.day}, {slot.count}, {slot.area}")
    say = Say(Purpose.INFO, "X", 1, values=values)
    assert render(say, text, "nl-BE", _setting()).text == "dinsdag 24 november, 3, yes"
    assert render(say, text, "fr", _setting()).text == "mardi 24 novembre, 3, yes"


# ── the card of a consultation hour ──────────────────────────────────────────────────────────


def _at(country: str, *moment: int) -> Setting:
    zone = {"NL": "Europe/Amsterdam", "BE": "Europe/Brussels"}[country]
    year, month, day, hour = moment
    return _setting(country, now=datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)))


PARTS = {
    "nl-NL": [
        "Inloop van het wijkteam", "dinsdag 24 november", "van 14 tot 16 uur", "Voorbeeldkade 2",
        "een medewerker van het wijkteam", "wonen, geld, werk en zorg", "geen afspraak",
        "gratis", "12 november",
    ],
    "fr": [
        "Accueil", "mardi 24 novembre", "de 14 h à 16 h", "Voorbeeldkade 2",
        "une personne de l'équipe", "logement, argent", "Sans rendez-vous", "gratuit",
        "12 novembre",
    ],
    "en": [
        "drop-in", "Tuesday 24 November", "14:00-16:00", "Voorbeeldkade 2",
        "someone of the community team", "housing, money", "No appointment", "free",
        "12 November",
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", PARTS)
def test_card_has_every_part_that_a_visitor_needs(language: str) -> None:
    """What, day and date, time, place, who, what for, appointment, price, last checked."""
    card = _said("Z1", language, _at("NL", 2026, 11, 23, 9), "card")
    assert [part for part in PARTS[language] if part not in card] == []


def _hours() -> list[str]:
    return [id_ for id_, item in _pack().items() if isinstance(item, Hours)]


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_every_card_of_the_pack_has_place_appointment_price_and_check(language: str) -> None:
    for id_ in _hours():
        item = _pack()[id_]
        assert isinstance(item, Hours)
        country = str(item.country)
        tongue = f"nl-{country}" if language == "nl" else language
        card = _said(id_, tongue, _at(country, 2026, 11, 23, 9), "card")
        assert item.place in card
        assert re.search(r"afspraak|rendez-vous|appointment", card, re.IGNORECASE)
        assert re.search(r"gratis|gratuit|free|prijs|prix|price", card, re.IGNORECASE)
        assert re.search(r"Nagekeken op \d|Vérifié le \d|Checked on \d", card)
        assert not re.search(r"[{}]", card)


def test_card_of_z1_says_that_christmas_falls_out_and_gives_january() -> None:
    card = _said("Z1", "nl-NL", _at("NL", 2026, 12, 20, 12), "card")
    assert "dinsdag 5 januari van 14 tot 16 uur" in card
    assert "niet op dinsdag 22 december, dinsdag 29 december" in card
    assert "Reden: kerstvakantie." in card


@pytest.mark.parametrize(
    ("language", "fallen", "why", "instead"),
    [
        ("nl-BE", "donderdag 6 mei", "Hemelvaart", "donderdag 13 mei"),
        ("fr", "jeudi 6 mai", "Ascension", "jeudi 13 mai"),
        ("en", "Thursday 6 May", "Ascension", "Thursday 13 May"),
    ],
)
def test_card_of_z3_says_that_ascension_day_moves_it_a_week(
    language: str, fallen: str, why: str, instead: str
) -> None:
    card = _said("Z3", language, _at("BE", 2027, 5, 3, 9), "card")
    before, _, after = card.partition(fallen)
    assert instead in before
    assert why in after


def _own_hours(**more: object) -> dict[str, Item]:
    made = Hours.model_validate(
        {
            "kind": "hours", "id": "ZX", "country": "NL", "title": {"nl": "Proef"},
            "place": "Hier 1", "who": {"nl": "iemand"}, "what_for": {"nl": "iets"},
            "appointment": "required", "price": {"nl": "2 euro"}, "timezone": "Europe/Amsterdam",
            "rules": [{"rrule": "FREQ=WEEKLY;BYDAY=TU", "from": "14:00", "until": "16:00",
                       "starts": "2026-09-01"}],
            "on_holiday": "skip", "holidays": {"country": "NL"}, "source": "test",
            "last_checked": "2026-11-12", **more,
        }
    )  # fmt: skip
    return {"ZX": made}


def _card(now: datetime, **more: object) -> str:
    return _said("ZX", "nl-NL", _setting("NL", now=now, more=_own_hours(**more)), "card")


def test_reason_on_a_card_is_never_that_of_another_day() -> None:
    """22 December is a day off, 29 December a holiday week: one reason, and only its days."""
    closed = [
        {"from": "2026-12-22", "until": "2026-12-22", "reason": {"nl": "studiedag"}},
        {"from": "2026-12-29", "until": "2026-12-29", "reason": {"nl": "verbouwing"}},
    ]
    card = _card(datetime(2026, 12, 20, 9, tzinfo=ZoneInfo("Europe/Amsterdam")), closed=closed)
    assert "Let op: niet op dinsdag 22 december. Reden: studiedag." in card
    assert "dinsdag 5 januari" in card
    assert "29 december" not in card


def test_card_names_price_and_that_an_appointment_is_needed() -> None:
    card = _card(TUESDAY)
    assert "Prijs: 2 euro." in card
    assert "Maak eerst een afspraak. Bel 02 000 00 00." in card
    assert "gratis" not in card


def test_hour_that_has_ended_for_good_gives_the_phone_and_no_date() -> None:
    ended = [{"rrule": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261001", "from": "14:00", "until": "16:00",
              "starts": "2026-09-01"}]  # fmt: skip
    card = _card(TUESDAY, rules=ended)
    assert card.startswith("Proef: er is nu geen datum bekend. Bel 02 000 00 00.")


def test_hour_of_today_is_named_until_it_ends() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    assert "24 november" in _card(datetime(2026, 11, 24, 15, 59, tzinfo=zone))
    assert "1 december" in _card(datetime(2026, 11, 24, 16, 0, tzinfo=zone))
