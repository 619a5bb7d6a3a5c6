"""Does every crisis card find its number in every country, or does the check say so?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.content.edits import change, problems, remove
from wijkbot.app.lookup import helpline
from wijkbot.content.check_helplines import CARD_ROLES, COUNTRIES, check_card_lines
from wijkbot.content.load import Loaded, load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Helpline


@cache
def _shipped() -> Loaded:
    return load(content_dir("dialogs"))


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("language", ["nl", "fr", "en"])
@pytest.mark.parametrize("role", sorted(CARD_ROLES))
def test_every_card_of_the_pack_finds_a_checked_number(
    country: str, language: str, role: str
) -> None:
    """The same rule with which the card is written."""
    assert helpline(_shipped().items, role, country, language, only_checked=True)


def test_line_that_is_gone_is_told_at_every_card_and_language_that_needs_it(pack: Path) -> None:
    remove(pack, "veilig-thuis.yaml")
    (card,) = pack.glob("**/T13-*.yaml")
    told = problems(pack)
    lines = card.read_text(encoding="utf-8").splitlines()
    assert {card} == {problem.path for problem in told}
    assert ["  nl-NL:", "  fr:", "  en:"] == [
        lines[problem.line - 1].removesuffix(" |-") for problem in told
    ]
    for problem in told:
        assert "the crisis text T13 has no checked helpline for 'violence' in NL" == problem.what
        assert "roles: [violence]" in problem.remedy and "confidence: checked" in problem.remedy


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("113.yaml", "confidence: checked", "confidence: unchecked"),
        ("113.yaml", "roles: [suicide]", "roles: [listen]"),
        ("113.yaml", 'phone: "113"', 'phone: ""'),
        ("113.yaml", "country: NL", "country: BE"),
    ],
)
def test_line_that_does_not_count_is_as_good_as_gone(
    pack: Path, name: str, old: str, new: str
) -> None:
    change(pack, name, old, new)
    told = [str(problem) for problem in problems(pack)]
    assert told
    assert all("no checked helpline for 'suicide' in NL" in line for line in told), told
    assert {"T11-crisis-zelfdoding.yaml", "T12-crisis-groep.yaml"} == {
        problem.path.name for problem in problems(pack)
    }


def test_line_of_both_countries_serves_both(pack: Path) -> None:
    remove(pack, "veilig-thuis.yaml")
    change(pack, "1712.yaml", "country: BE", "country: both")
    assert () == problems(pack)


def test_belgian_variant_asks_nothing_of_the_netherlands() -> None:
    """The nl-NL text of T13 names no police line; a nl-BE one would need none of NL."""
    items = {
        name: item
        for name, item in _shipped().items.items()
        if not isinstance(item, Helpline) or item.country != "NL"
    }
    loaded = replace(_shipped(), items=items)
    (source,) = [loaded.sources["T11"]]
    belgian = source.line_of(("text", "nl-BE"))
    told = list(check_card_lines(loaded, items["T11"]))
    assert told and belgian not in {problem.line for problem in told}


@pytest.mark.parametrize("name", ["antigifcentrum.yaml", "politie-nl.yaml", "samusocial.yaml"])
def test_sentence_that_may_be_left_out_needs_no_line(pack: Path, name: str) -> None:
    remove(pack, name)
    assert () == problems(pack)


def test_text_that_is_no_crisis_card_may_name_an_unchecked_line(pack: Path) -> None:
    change(pack, "luisterlijn.yaml", "confidence: checked", "confidence: unchecked")
    assert {"T12-crisis-groep.yaml"} == {problem.path.name for problem in problems(pack)}
