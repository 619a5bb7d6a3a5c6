"""Is work done in another process, whatever becomes of it, and is that process gone afterwards?"""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from wijkbot.app.apart import apart
from wijkbot.settings import SettingsError


def _who(number: int) -> tuple[int, int]:
    return os.getpid(), number * 2


def _refuse() -> None:
    raise SettingsError("dialogs", "not like this")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_it_is_done_elsewhere_and_that_process_ends_with_the_work() -> None:
    with apart(_who, 21) as working:
        pid, result = working.take().result(60)
        assert 42 == result
        assert os.getpid() != pid
        deadline = time.monotonic() + 30
        while _lives(pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _lives(pid), "it stays while we serve"
    assert not [t for t in threading.enumerate() if "ExecutorManager" in type(t).__name__]


def test_what_goes_wrong_there_goes_wrong_here() -> None:
    with apart(_refuse) as working, pytest.raises(SettingsError, match="not like this"):
        working.take().result(60)


def test_a_process_that_was_killed_is_no_result() -> None:
    with apart(_die) as working, pytest.raises(BrokenProcessPool):
        working.take().result(60)


@pytest.mark.parametrize("trouble", [OSError(12, "no memory"), ImportError("no semaphores")])
def test_a_machine_without_room_for_a_second_process_does_it_itself(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_method: str) -> None:
        raise trouble

    monkeypatch.setattr("wijkbot.app.apart.get_context", refuse)
    with apart(_who, 21) as working:
        assert (os.getpid(), 42) == working.take().result(0)
    with apart(_refuse) as refused, pytest.raises(SettingsError, match="not like this"):
        refused.take().result(0)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
