"""Does every line give its own result, in its place, with the label that the guide explains?"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wijkbot.app.read_lines import Line, read_lines
from wijkbot.app.rehearse import Stage
from wijkbot.app.shelf import Shelf, make_shelf
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.engine.words import Label, Place

GUIDE = Path(__file__).resolve().parents[2] / "docs/reading.md"

QUESTION = "wanneer is het spreekuur"
TROUBLE = "ik kan mijn huur niet betalen"
CRISIS = "ik wil niet meer leven"


@cache
def _shelf() -> Shelf:
    return make_shelf(load(content_dir("dialogs")).items, country="BE")


def _lines(*asked: str | dict[str, Any]) -> list[Line]:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in asked]
    return list(read_lines(_shelf(), Stage(), texts))


def _one(**asked: Any) -> dict[str, Any]:
    (line,) = _lines(asked)
    assert not line.is_error
    return line.result


def test_each_line_gives_one_object_in_order() -> None:
    asked: list[str | dict[str, Any]] = [{"text": QUESTION}, {"text": TROUBLE}, {"text": CRISIS}]
    made = _lines(*asked, *reversed(asked))
    labels = [json.loads(line.text())["label"] for line in made]
    forward = ["info", "help_personal", "crisis_suicide"]
    assert labels == forward + forward[::-1]
    assert all("\n" not in line.text() for line in made)


def test_object_has_exactly_the_keys_of_the_guide() -> None:
    part = GUIDE.read_text(encoding="utf-8").split("## What comes out")[1].split("\n## ")[0]
    assert set(_one(text=QUESTION)) == set(_rows(part))


def _rows(part: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE)


def test_guide_explains_every_label_in_order_of_precedence() -> None:
    part = GUIDE.read_text(encoding="utf-8").split("## The labels")[1]
    assert _rows(part) == [label.value for label in Label]


def test_error_stands_in_the_place_of_a_line_that_is_no_json() -> None:
    before, broken, after = _lines({"text": QUESTION}, "nee dit niet", {"text": CRISIS})
    assert not before.is_error
    assert broken.is_error
    assert list(broken.result) == ["error"]
    assert broken.result["error"].startswith("line 2: this is no JSON")
    assert after.result["label"] == "crisis_suicide"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("[]", '"text"'),
        ('"hallo"', '"text"'),
        ("{}", '"text"'),
        ('{"text": 3}', '"text"'),
        ('{"text": "a", "place": "street"}', '"place"'),
        ('{"text": "a", "place": ["group"]}', '"place"'),
        ('{"text": "a", "addressed": "yes"}', '"addressed"'),
        ('{"text": "a", "lang": 1}', '"lang"'),
        ('{"text": "a"', "no JSON"),
        ("[" * 200_000, "no JSON"),
        ("9" * 6_000, "line 1: "),
    ],
)
def test_wrong_line_says_what_is_needed(line: str, what: str) -> None:
    (made,) = _lines(line)
    assert made.is_error
    assert made.result["error"].startswith("line 1: ")
    assert what in made.result["error"]


def test_error_never_repeats_what_was_written() -> None:
    (made,) = _lines('{"text": "mijn man slaat me')
    assert "slaat" not in made.text()


def test_numbers_of_errors_count_empty_lines_which_give_nothing() -> None:
    made = _lines({"text": QUESTION}, "", "   \n", "x")
    assert len(made) == 2
    assert made[1].result["error"].startswith("line 4:")


def test_file_that_begins_with_a_byte_order_mark_is_read() -> None:
    (made,) = _lines("\ufeff" + json.dumps({"text": QUESTION}))
    assert made.result["label"] == "info"


def test_line_that_a_terminal_cannot_write_is_written_all_the_same() -> None:
    """Half an emoji, as some apps cut them, never stops the rest of a file."""
    for made in _lines('{"text": "hallo \\ud83d"}', '{"text": "a", "lang": "\\ud83d"}'):
        made.text().encode("utf-8")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (CRISIS, "crisis_suicide"),
        ("er is brand in de keuken", "crisis_medical"),
        ("ik heb vannacht geen slaapplek", "homeless_tonight"),
        (TROUBLE, "help_personal"),
        ("wie kan mijn lamp ophangen", "odd_job_request"),
        (QUESTION, "info"),
        ("bedankt", "greeting_thanks"),
        ("stop", "stop"),
        ("wis", "erase_me"),
    ],
)
def test_label_is_the_name_in_the_guide(text: str, label: str) -> None:
    assert _one(text=text)["label"] == label


def test_group_that_talks_among_itself_hears_nothing() -> None:
    for text in ("mooi weer vandaag", QUESTION, TROUBLE):
        made = _one(text=text, place="group", addressed=False)
        assert made["reply"] == [], text
        assert made["faq"] is None


def test_question_to_the_bot_in_a_group_is_answered() -> None:
    made = _one(text=QUESTION, place="group")
    assert made["faq"] == "F01"
    assert len(made["reply"]) == 1


@pytest.mark.parametrize("text", [TROUBLE, CRISIS, "bedankt", "wie kan mijn lamp ophangen"])
def test_faq_is_null_when_it_is_no_question_for_information(text: str) -> None:
    made = _one(text=text)
    assert made["faq"] is None
    assert made["reply"]


def test_question_for_help_in_a_group_gets_a_door_without_a_word_of_it() -> None:
    (reply,) = _one(text=TROUBLE, place="group")["reply"]
    assert "huur" not in reply
    assert "Privé" in reply


def test_in_private_a_message_is_always_addressed() -> None:
    assert _one(text=QUESTION, addressed=False)["reply"] == _one(text=QUESTION)["reply"]


def test_language_decides_the_language_of_the_reply() -> None:
    french = _one(text="c'est quand la permanence sociale")
    assert french["language"] == "fr"
    assert "Vérifié le" in french["reply"][0]
    assert "Nagekeken op" in _one(text=QUESTION, lang="nl-BE")["reply"][0]


def test_lines_do_not_know_each_other() -> None:
    """The first line of an odd job is no step of the next line's dialog."""
    alone = _one(text="18")
    _, after = _lines({"text": "wie kan mijn lamp ophangen"}, {"text": "18"})
    assert after.result == alone


def test_why_names_reasons_with_their_share() -> None:
    why = _one(text=QUESTION)["why"]
    assert why
    for reason in why:
        assert set(reason) == {"what", "share"}
        assert 0 <= reason["share"] <= 1


def test_place_of_the_stage_does_not_leak_into_a_line() -> None:
    stage = Stage(place=Place.GROUP)
    (made,) = read_lines(_shelf(), stage, [json.dumps({"text": TROUBLE})])
    assert made.result["reply"] == _one(text=TROUBLE)["reply"]
