"""Would a test notice if one line of the rule did nothing? ``python -m tests.mutations``.

For each line of the rule the fast tests of the engine run with that line switched off; the first
test that fails is the one that notices. A line that nobody would miss makes it end with 1.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import mutate_plugin
from tests.mutate_plugin import SWITCHED_OFF
from wijkbot.engine.policy import RULES

HERE = Path(__file__).parent
FAST = tuple(
    f"tests/engine/{name}"
    for name in ("test_lines_of_the_rule.py", "test_limits.py", "test_rule.py")
)
NOBODY = "nobody"


class FirstFailure:
    """Notes the first test that fails."""

    name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Told after each phase of each test."""
        if report.failed and not self.name:
            self.name = report.nodeid.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the rule, which test noticed that it was off ("" for none), and how fast."""

    line: str
    noticed_by: str
    seconds: float


def try_without(line: str, files: Sequence[str]) -> Outcome:
    """Run the tests with one line switched off; "" switches off none."""
    began = time.monotonic()
    noted, shown = FirstFailure(), io.StringIO()
    arguments = ["-x", "-q", "-p", "no:cacheprovider", *files]
    os.environ[SWITCHED_OFF] = line
    try:
        with redirect_stdout(shown), redirect_stderr(shown):
            code = pytest.main(arguments, plugins=[mutate_plugin, noted])
    finally:
        del os.environ[SWITCHED_OFF]
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise SystemExit(f"the tests did not run:\n{shown.getvalue()}")
    return Outcome(line, noted.name, time.monotonic() - began)


def report(outcomes: Iterable[Outcome]) -> int:
    """Print the table; gives the number of lines that nobody would miss."""
    _tell(f"{'line of the rule':<28} {'seconds':>7}  noticed by")
    missed = 0
    for outcome in outcomes:
        missed += not outcome.noticed_by
        told = outcome.noticed_by or NOBODY
        _tell(f"{outcome.line:<28} {outcome.seconds:>7.1f}  {told}")
    return missed


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every line is missed by some test, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    names = [name for name, _ in RULES]
    parser.add_argument("--line", action="append", choices=names, help="only this line")
    parser.add_argument("files", nargs="*", default=list(FAST), help="the tests to run")
    chosen = parser.parse_args(arguments)
    os.chdir(HERE.parent)
    whole = try_without("", chosen.files)
    if whole.noticed_by:
        _tell(f"with the whole rule this fails already: {whole.noticed_by}")
        return 1
    missed = report(try_without(line, chosen.files) for line in chosen.line or names)
    if missed:
        _tell(f"{missed} lines could be switched off and no test would fail")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
