"""Does a test fail for each check of the secure chat's rules that is taken away?"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.securechat.mutants import mutants_of
from tests.securechat.mutations import ROOT, RULES, chosen_mutants

EXAMPLE = '''"""Words that change nothing."""
import os
def look(a: "text", b: int) -> bool:
    if a < b or not a:
        raise Refused("code", "words that change nothing")
    check(a)
    return any(a) if b == 7 else a + b"x"
'''


def test_a_change_is_made_wherever_one_could_matter(tmp_path: Path) -> None:
    module = tmp_path / "example.py"
    module.write_text(EXAMPLE)
    found = mutants_of(module)
    assert {
        "without raise Refused('code', 'words that change nothing",
        "without check(a)",
        "Or is And",
        "Lt is LtE",
        "not is nothing",
        "'code' is 'code~'",
        "always True",
        "always False",
        "Eq is NotEq",
        "any is all",
        "7 is 8",
        "Add is Sub",
        "b'x' is b'x~'",
    } == {one.what for one in found}
    whole = ast.unparse(ast.parse(EXAMPLE))
    changed = {ast.unparse(one.tree()) for one in found}
    assert len(found) == len(changed)
    assert whole not in changed
    assert EXAMPLE == module.read_text()


def test_every_rule_has_checks_to_take_away() -> None:
    modules = {one.module.stem for one in chosen_mutants([], checks_only=True)}
    assert modules >= {"encoding", "points", "manifest", "wrapset", "envelope", "work", "states"}
    assert {path.stem for path in RULES.glob("[a-z]*.py")} >= modules


@pytest.mark.timeout(900)
def test_each_check_is_missed_when_it_is_gone() -> None:
    """One in three; all checks take minutes, all other changes twenty:
    `python -m tests.securechat.mutations`.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "tests.securechat.mutations", "--checks", "--every", "3"],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=880,
    )  # fmt: skip
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert " 0 that nobody notices" in ended.stdout
