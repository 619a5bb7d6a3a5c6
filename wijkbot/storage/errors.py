"""What can go wrong with what is kept, and what should the operator do about it?"""

from __future__ import annotations

from pathlib import Path


class StorageProblem(Exception):
    """Something an operator can mend: ``what`` is wrong and the ``remedy``."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class DatabaseRefused(StorageProblem):
    """The database url is not one we can use."""


class DatabaseAway(StorageProblem):
    """The database does not answer, is locked, or its disk is full: try again later."""


class DatabaseTooNew(StorageProblem):
    """A newer wijkbot made this database."""


class DatabaseTooOld(StorageProblem):
    """The database has to be upgraded first."""


class KeyFileProblem(StorageProblem):
    """The key file is missing, damaged, open to others, or of another database."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}", remedy)
        self.path = path


class KeyGone(Exception):
    """The key of that day was destroyed: what it sealed can never be read again."""


class SealBroken(Exception):
    """The sealed bytes were changed, moved to another row, or sealed with another key file."""


class LeaseLost(Exception):
    """Somebody else holds this now: nothing of this write may stay."""
