"""Is a package that is hidden while another one is loaded there again afterwards?"""

from __future__ import annotations

import subprocess
import sys

import pytest

from wijkbot.without import without

_LOADS = """
import sys
import wijkbot.cli.main, wijkbot_telegram.adapter
print(*(name for name in ("rich", "pygments", "twisted", "zope") if name in sys.modules), "none")
import rich.console, twisted
print(rich.console.__name__)
"""


def test_hidden_inside_and_there_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with without("this"), pytest.raises(ImportError):
        import this  # noqa: F401 - it is not found
    assert "this" not in sys.modules


def test_there_again_after_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with pytest.raises(ZeroDivisionError), without("this"):
        raise ZeroDivisionError
    assert "this" not in sys.modules


def test_what_is_loaded_already_stays() -> None:
    with without("subprocess"):
        import subprocess as found
    assert found is subprocess
    assert sys.modules["subprocess"] is subprocess


def test_a_bot_has_no_console_of_colours_and_who_wants_one_loads_it() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOADS], capture_output=True, text=True, check=True, timeout=60
    )
    assert ["none", "rich.console"] == told.stdout.split()
