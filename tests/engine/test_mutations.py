"""Does a test fail for every single line of the rule that is switched off?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.mutations import NOBODY
from wijkbot.engine.policy import RULES

ROOT = Path(__file__).parents[2]


def _mutations(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.mutations", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_every_line_of_the_rule_is_missed_when_it_is_switched_off() -> None:
    ended = _mutations()
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    rows = [re.split(r"\s{2,}", line) for line in ended.stdout.splitlines()[1:]]
    assert [name for name, _ in RULES] == [row[0].split()[0] for row in rows]
    assert all("::test_" in row[-1] for row in rows)


def test_line_that_nobody_would_miss_is_told() -> None:
    """Tests that never ask the rule notice nothing, and the script says so."""
    ended = _mutations("--line", "quiet-hours", "tests/engine/test_pick.py")
    assert 1 == ended.returncode
    assert NOBODY in ended.stdout
