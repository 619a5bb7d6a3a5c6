"""Which line of the rule is switched off in this run of the tests? The environment says.

Only for ``python -m tests.mutations``, or by hand with ``-p tests.mutate_plugin``: in wijkbot/
nothing can switch a line of the rule off.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from wijkbot.engine import policy
from wijkbot.engine.conversation import PlaceState

SWITCHED_OFF = "WIJKBOT_TESTS_RULE_OFF"
"""The name of the line; empty or missing: the rule as it is."""


def _never(_request: policy.Request, _place: PlaceState, _: policy.PolicySettings) -> bool:
    return False


class _Whole:
    """The rule as it was before this run."""

    rules = policy.RULES


def pytest_configure() -> None:
    """Put a line that never forbids in the place of the one that is named."""
    name = os.environ.get(SWITCHED_OFF, "")
    if name and name not in {rule for rule, _ in _Whole.rules}:
        raise pytest.UsageError(f"{SWITCHED_OFF}={name}: the rule has no such line")
    rules: Any = [(rule, _never if rule == name else line) for rule, line in _Whole.rules]
    policy.RULES = tuple(rules)


def pytest_unconfigure() -> None:
    """The whole rule again, for the next run in this process."""
    policy.RULES = _Whole.rules
