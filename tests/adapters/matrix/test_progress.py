"""Does the health of the loop tell a quiet night from trouble?"""

from __future__ import annotations

import time

import pytest

from wijkbot_matrix.sync import Progress

FAULT = "ServerAwayError"


@pytest.mark.parametrize(
    ("age", "fault", "ok"),
    [(31, "", True), (170, "", True), (190, "", False), (40, FAULT, True), (60, FAULT, False)],
)
def test_silence_after_a_fault_is_trouble_sooner(age: float, fault: str, ok: bool) -> None:
    health = Progress(synced_at=time.monotonic() - age, fault=fault).health()
    assert health.ok is ok
    assert bool(health.remedy) is not ok
    assert fault in health.detail or ok


def test_loop_that_never_came_through_says_why() -> None:
    assert "not connected yet" in Progress().health().detail
    assert FAULT in Progress(fault=FAULT).health().detail
    assert not Progress().health().ok
