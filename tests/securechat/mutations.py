"""Would a test notice one wrong place in the rules? ``python -m tests.securechat.mutations``.

For each mutant of the modules of wijkbot/securechat the fast tests run in a process of its own;
the first that fails is the one that notices. A mutant that nobody notices makes it end with 1:
read it, and write the test, or see that it changes nothing. No file is changed.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import io
import multiprocessing
import os
import sys
import types
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import settings

from tests.mutations import NOBODY, FirstFailure
from tests.securechat.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
RULES = ROOT / "wijkbot" / "securechat"
FAST = (
    "encoding", "edges", "points", "manifest", "wrapset", "envelope", "flips", "core_fuzz",
    "limits", "states", "timers", "visitors", "work", "vectors_core", "vectors_python",
)  # fmt: skip
"""The tests that compute only, as the middle of their file names."""

_LONGEST_SECONDS = 30


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads the module of a mutant as the mutant has it."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        super().__init__(name, str(mutant.module))
        self.mutant = mutant

    def get_code(self, _: str) -> types.CodeType:
        """The changed code; nothing of it is kept on disk."""
        return compile(self.mutant.tree(), str(self.mutant.module), "exec")


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module: the mutant's."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = f"wijkbot.securechat.{mutant.module.stem}"
        self.mutant = mutant

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Where the mutant is; None for all other modules."""
        if name != self.name:
            return None
        loader = _Loader(name, self.mutant)
        return importlib.util.spec_from_loader(name, loader)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A mutant, and which test noticed it ("" for none)."""

    mutant: Mutant
    noticed_by: str


def try_mutant(mutant: Mutant) -> Outcome:
    """Run the tests in this process, which must not have read the rules before."""
    sys.meta_path.insert(0, _Finder(mutant))
    own_first = sorted(FAST, key=lambda name: name != mutant.module.stem)
    failures = (_first_failure(name) for name in own_first)
    return Outcome(mutant, next(filter(None, failures), ""))


def _first_failure(name: str) -> str:
    noted = FirstFailure()
    file = str(ROOT / "tests" / "securechat" / f"test_{name}.py")
    # the conftest reads the whole house, and none of these tests asks it for anything
    quiet = ["-x", "-q", "-p", "no:cacheprovider", "--noconftest"]
    quiet += ["-o", f"timeout={_LONGEST_SECONDS}", "-W", "ignore:Module already imported"]
    nowhere = io.StringIO()
    with redirect_stdout(nowhere), redirect_stderr(nowhere):
        code = pytest.main([*quiet, file], plugins=[noted])
    # a mutant with which a file of tests cannot even be read is noticed as well
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}:
        raise RuntimeError(f"the tests of {name} did not run: {code}")
    return "" if code == pytest.ExitCode.OK else noted.name or f"reading test_{name}.py"


def chosen_mutants(modules: Sequence[str], *, checks_only: bool) -> list[Mutant]:
    """The mutants of these modules; of all when none is named."""
    paths = [RULES / f"{name}.py" for name in modules] or sorted(RULES.glob("[a-z]*.py"))
    found = [mutant for path in paths for mutant in mutants_of(path)]
    return [mutant for mutant in found if mutant.is_check or not checks_only]


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every mutant is noticed by some test, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m tests.securechat.mutations")
    parser.add_argument("--checks", action="store_true", help="only: each check gone in turn")
    parser.add_argument("--every", type=int, default=1, help="only one in so many")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time")
    parser.add_argument("modules", nargs="*", help="only of these modules")
    chosen = parser.parse_args(arguments)
    os.chdir(ROOT)
    mutants = chosen_mutants(chosen.modules, checks_only=chosen.checks)[:: chosen.every]
    missed = 0
    # Read once, before the processes part: what pytest adds to itself takes seconds to read.
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    settings.register_profile("mutants", deadline=None, database=None)
    settings.load_profile("mutants")
    processes = multiprocessing.get_context("fork")
    with processes.Pool(chosen.jobs, maxtasksperchild=1) as pool:
        for outcome in pool.imap(try_mutant, mutants, chunksize=1):
            missed += not outcome.noticed_by
            mutant, told = outcome.mutant, outcome.noticed_by or NOBODY
            where = f"{mutant.module.stem}:{mutant.line}"
            _tell(f"{where:<14} {mutant.what[:56]:<56}  {told}")
    _tell(f"{len(mutants)} mutants, {missed} that nobody notices")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
