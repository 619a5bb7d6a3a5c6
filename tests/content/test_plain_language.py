"""Is Dutch that is above B1 found, and is everything that the bot says easy enough?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content.edits import change
from wijkbot.cli import contents
from wijkbot.content.check_plain_language import hard_texts
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.officialese import PLAIN_WORDS
from wijkbot.content.plain_language import (
    Finding,
    findings,
    score,
    sentences_of,
    syllables_of,
    words_of,
)

OVERLAYS = [None, *sorted((content_dir("dialogs") / "_demo").iterdir())]
SYLLABLES = {
    "kat": 1,
    "water": 2,
    "tijd": 1,
    "IJsland": 2,
    "huis": 1,
    "deur": 1,
    "boek": 1,
    "fiets": 1,
    "maan": 1,
    "nieuw": 1,
    "leeuw": 1,
    "mooie": 2,
    "vraagje": 2,
    "bureau": 2,
    "video": 3,
    "sociaal": 3,
    "yoga": 2,
    "baby": 2,
    "aquarium": 4,
    "één": 1,
    "privé": 2,
    "ideeën": 3,
    "beïnvloeden": 4,
    "coördinatie": 5,
    "bijeenkomst": 3,
    "elektriciteit": 5,
    "b": 1,
    "112": 1,
}


@pytest.mark.parametrize(("word", "count"), SYLLABLES.items(), ids=list(SYLLABLES))
def test_syllables_are_vowel_groups_and_a_trema_begins_a_new_one(word: str, count: int) -> None:
    assert count == syllables_of(word)


def test_a_trema_of_two_characters_counts_as_one_of_one() -> None:
    assert 3 == syllables_of("idee\N{LATIN SMALL LETTER E}\N{COMBINING DIAERESIS}n")


@pytest.mark.parametrize(
    "one",
    [
        "{org.name}",
        "{helpline.suicide}",
        "02 123 45 67",
        "(02) 123 45 67",
        "+32 475/12.34.56",
        "0800 98 181",
        "14:00",
        "1,50",
        "https://www.wijk.example/zitdag?taal=nl",
        "www.wijk.example",
        "parking.brussels",
        "post@wijk.example",
        "info@bv.nl",
        "privé-gesprek",
        "foto's",
    ],
)
def test_a_field_a_number_and_an_address_are_one_word(one: str) -> None:
    (sentence,) = sentences_of(f"Bel of {one}.")
    assert 3 == len(words_of(sentence)) == len(words_of(f"Bel of {one}"))


def test_a_field_and_a_number_are_as_short_as_a_word_can_be() -> None:
    assert score("Bel nu dan.") == score("Bel nu {helpline.emergency}.")
    assert score("Bel nu dan.") == score("Bel nu 0800 98 181.")
    assert score("Bel nu dan.") == score("Bel nu https://energiecoach.example/energie.")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Kom langs. Bel ons! Lukt het niet? Mail dan.", 4),
        ("Kom langs: {hours.next}. Bel {org.phone}.", 2),
        ("De chat staat hier: https://wijk.example/a. Tot dan.", 2),
        ("Eerste regel\nTweede regel\n\nDerde regel", 3),
        ("Zeg 'ja.' Zeg (nee.) Klaar.", 3),
        ("Neem iets mee, bijv. een brief, enz. of een kaart.", 1),
        ("Kom a.u.b. langs op nr. 5, d.w.z. bij dhr. Voorbeeld.", 1),
        ("1. Ik zoek hulp\n2. Ik wil helpen", 2),
        ("Bel 112. 24 uur per dag kan dat.", 2),
        ("Mail naar info@bv.nl of kijk op www.nr.example. Dank je.", 2),
        ("Het kost 1.50 euro en begint om 14.30 uur.", 1),
        ("… ! ?", 0),
    ],
)
def test_a_sentence_ends_at_its_end_and_not_in_an_abbreviation(text: str, count: int) -> None:
    assert count == len(sentences_of(text))


def test_a_list_number_is_a_word() -> None:
    assert [2, 2] == [len(words_of(one)) for one in sentences_of("1. Ja\n2) Nee")]


def test_score_is_the_formula_of_douma() -> None:
    assert pytest.approx(206.84 - 77 - 0.93 * 6) == score("De kat zit op de mat.")
    assert pytest.approx(206.84 - 77 * 7 / 5 - 0.93 * 2.5) == score("De kater zit. Op tafel.")
    assert 0.0 == score("…")


@pytest.mark.parametrize("hard", sorted(PLAIN_WORDS))
def test_a_word_of_offices_gets_the_plain_one(hard: str) -> None:
    plain = PLAIN_WORDS[hard]
    found = Finding(f"{hard!r} is a word of offices", f"write {plain!r}")
    assert plain
    assert (found,) == findings(f"{hard.title()} nu.", is_title=True)


def test_there_are_forty_words_of_offices_and_no_plain_one_is_among_them() -> None:
    assert 40 <= len(PLAIN_WORDS)
    for plain in PLAIN_WORDS.values():
        assert () == findings(plain)


def test_a_word_of_offices_is_found_over_a_line_break_once_and_never_inside_a_word() -> None:
    text = "Met betrekking\ntot de huur. Met betrekking tot de zorg."
    assert ["'met betrekking tot' is a word of offices"] == [f.what for f in findings(text)]
    assert () == findings("Wij verdienen een reedsel.")


def _sentence(length: int) -> str:
    return " ".join(["nu"] * length) + "."


def test_the_longest_sentence_has_twenty_words() -> None:
    short = _sentence(4)
    assert () == findings(f"{_sentence(20)} {short}")
    (found,) = findings(f"{short} {_sentence(21)} {short}")
    assert "sentence 2 has 21 words" == found.what
    assert "20" in found.remedy


def test_sentences_have_twelve_words_on_average() -> None:
    assert () == findings(f"{_sentence(14)} {_sentence(10)}")
    (found,) = findings(f"{_sentence(15)} {_sentence(10)}")
    assert "a sentence here has 12.5 words on average" == found.what
    assert "12" in found.remedy


def test_a_title_and_a_fragment_are_not_judged_as_sentences() -> None:
    assert () == findings(_sentence(30), is_title=True)
    assert () == findings("Elektriciteit, bibliotheek, moderator")
    assert () == findings("")


HARD = "Energieleveranciers verantwoorden investeringen."


def test_a_hard_text_of_twenty_words_is_told_its_score_and_its_longest_words() -> None:
    text = " ".join([HARD] * 7)
    (found,) = findings(text)
    assert 70 > score(text)
    assert f"this reads as {score(text):.0f}, and 70 is easy enough" in found.what
    assert "Energieleveranciers" in found.remedy


def test_a_text_below_twenty_words_is_not_judged_by_its_score() -> None:
    text = " ".join([HARD] * 6)
    assert 70 > score(text)
    assert () == findings(text)


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda p: p.name if p else "pack")
def test_everything_the_bot_says_in_dutch_is_easy_enough(overlay: Path | None) -> None:
    loaded = load(content_dir("dialogs"), overlay)
    assert 100 < len(loaded.items)
    assert () == hard_texts(loaded)


@pytest.mark.parametrize(
    ("name", "old", "where"),
    [
        ("T44*.yaml", '  nl: "', "nl:"),
        ("T18*.yaml", 'private_text:\n  nl: "', "nl: "),
        ("T19*.yaml", '  nl-NL: "', "nl-NL:"),
        ("T19*.yaml", '  nl-BE: "', "nl-BE:"),
        ("T02*.yaml", 'nl: "', "nl: "),
        ("F30*.yaml", 'answer:\n  nl: "', "nl: "),
        ("F30*.yaml", 'title: {nl: "', "title:"),
        ("Z1*.yaml", "who: {nl: ", "who:"),
        ("K01*.yaml", 'rule: {nl: "', "rule:"),
        ("klus.yaml", 'ask: {nl: "', "ask:"),
        ("klus.yaml", 'invalid: {nl: "', "invalid:"),
        ("klus.yaml", "title: {nl: Ik zoek ", "title:"),
    ],
)
def test_every_kind_of_dutch_text_is_looked_at(
    pack: Path, name: str, old: str, where: str
) -> None:
    path = change(pack, name, old, f"{old}Gelieve ")
    (note,) = hard_texts(load(pack))
    assert path == note.path
    line = path.read_text(encoding="utf-8").splitlines()[note.line - 1]
    assert "Gelieve" in line
    assert where in line
    assert f"{path}:{note.line}: 'gelieve' is a word of offices; write 'wil je'" == str(note)


@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("T01*.yaml", "title: {nl: "),
        ("F30*.yaml", 'title: {nl: "'),
        ("klus.yaml", "title: {nl: Ik zoek "),
    ],
)
def test_what_can_be_picked_is_a_title(pack: Path, name: str, old: str) -> None:
    change(pack, name, old, f"{old}{'nu ' * 25}")
    assert () == hard_texts(load(pack))


def test_french_and_english_are_not_read_as_dutch(pack: Path) -> None:
    change(pack, "T44*.yaml", 'fr: "', 'fr: "Conform. ')
    change(pack, "T44*.yaml", 'en: "', 'en: "Conform. ')
    assert () == hard_texts(load(pack))


def test_a_hard_text_is_a_note_and_stops_nobody(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = change(pack, "T44*.yaml", '  nl: "', '  nl: "Gelieve te wachten. ')
    contents.check(pack)
    out, err = capsys.readouterr()
    assert f"note: {path}:6: 'gelieve' is a word of offices; write 'wil je'\n" == err
    assert "are right" in out
