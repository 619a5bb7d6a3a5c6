"""Can a book without something that the bot says by name be published?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content.edits import change, problems, remove
from wijkbot.content.check_needed import CRISIS_ITEMS
from wijkbot.engine.table import FIXED_ITEMS


@pytest.mark.parametrize("name", sorted(FIXED_ITEMS))
def test_text_that_the_table_names_cannot_be_removed(pack: Path, name: str) -> None:
    remove(pack, f"{name}-*.yaml")
    told = [problem for problem in problems(pack) if repr(name) in problem.what]
    assert told
    assert "put its file back" in told[0].remedy


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("T02-*.yaml", "no card with the id 'T02'"),
        ("organisation.yaml", "no organisation with the id 'organisation'"),
        ("pack.yaml", "there are 0 items of kind pack"),
    ],
)
def test_what_the_shell_looks_up_cannot_be_removed(pack: Path, name: str, what: str) -> None:
    remove(pack, name)
    (told,) = problems(pack)
    assert what in told.what


def test_fixed_text_stays_a_text(pack: Path) -> None:
    path = change(pack, "T02-*.yaml", "id: T02", "id: T44")
    path.rename(path.with_name("A-other.yaml"))
    told = [problem.what for problem in problems(pack)]
    assert any(
        "'T44' is taken" in what or "'T44' must be of the kind text" in what for what in told
    )
    assert any("no card with the id 'T02'" in what for what in told)


@pytest.mark.parametrize("name", sorted(CRISIS_ITEMS))
def test_crisis_card_keeps_its_purpose_and_with_it_its_guards(pack: Path, name: str) -> None:
    path = change(pack, f"{name}-*.yaml", "purpose: crisis", "purpose: info")
    (told,) = problems(pack)
    assert (path, "write purpose: crisis") == (told.path, told.remedy)


def test_second_pack_is_refused(pack: Path) -> None:
    (pack / "pack2.yaml").write_text(
        (pack / "pack.yaml").read_text(encoding="utf-8").replace("id: starter", "id: other"),
        encoding="utf-8",
    )
    assert ["there are 2 items of kind pack"] == [problem.what for problem in problems(pack)]
