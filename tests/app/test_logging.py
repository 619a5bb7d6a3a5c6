"""Can a log line hold anything of a resident?"""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from wijkbot.app.logging import ALLOWED, configure_logging, only_allowed

ROOT = Path(__file__).resolve().parents[2]
STORY = "mijn man slaat me en ik durf niet naar huis"
NOISY = ("aiohttp", "httpx", "httpcore", "telegram", "nio", "twilio", "uvicorn.access")


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    """The logging of a running bot, and afterwards what it was."""
    before = structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in NOISY}
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.NOTSET)
    configure_logging()
    yield
    structlog.configure(**before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def _line(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_only_listed_fields_survive(capsys: pytest.CaptureFixture[str]) -> None:
    log = structlog.get_logger()
    log.warning("deliver.refused", channel="buurt", count=3, text=STORY, chat="@an", token="1:a")
    line = _line(capsys)
    for kept in ("deliver.refused", "channel='buurt'", "count=3", "level='warning'"):
        assert kept in line
    for gone in (STORY, "text", "@an", "token", "1:a"):
        assert gone not in line


def _fail() -> None:
    try:
        int(STORY)
    except ValueError as error:
        raise RuntimeError(f"while reading: {STORY}") from error


@pytest.mark.parametrize("how", ["exception", "exc_info", "error_itself"])
def test_exception_leaves_its_class_and_place_and_no_word_of_its_message(
    how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = structlog.get_logger()
    try:
        _fail()
    except RuntimeError as error:
        match how:
            case "exception":
                log.exception("engine.failed")
            case "exc_info":
                log.warning("engine.failed", exc_info=True)
            case _:
                log.error("engine.failed", exc_info=error)
    line = _line(capsys)
    assert "class_name='RuntimeError'" in line
    assert "where='test_logging.py:" in line
    for word in STORY.split():
        assert f" {word} " not in f" {line} "
    assert "reading" not in line


def test_stack_of_the_caller_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("queue.slow", stack_info=True)
    assert "test_logging" not in _line(capsys)


def test_no_listed_field_can_hold_content() -> None:
    """Widening the list is a decision; these names are never part of it."""
    content = "text body message words question name user member chat address phone id token url"
    assert not ALLOWED & set(content.split())


def test_filter_gives_a_new_line_without_what_is_not_listed() -> None:
    kept = only_allowed(None, "info", {"event": "x", "reason": "late", "sender": "An"})
    assert kept == {"event": "x", "reason": "late"}


def test_libraries_that_log_requests_are_quiet_in_a_process_of_their_own() -> None:
    """An address of httpx holds a token; at its usual level it never reaches stderr."""
    script = (
        "import logging; from wijkbot.app.logging import configure_logging; configure_logging();"
        "logging.getLogger('httpx').warning('POST /bot123:geheim/getUpdates');"
        "logging.getLogger('telegram.ext').warning('geheim');"
        "logging.getLogger('anything').info('geheim');"
        "logging.getLogger('anything').warning('hoorbaar')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "geheim" not in done.stderr
    assert "hoorbaar" in done.stderr


def test_levels_of_noisy_libraries_are_raised() -> None:
    for name in NOISY:
        assert logging.getLogger(name).level == logging.ERROR


def test_what_an_adapter_silenced_stays_silent() -> None:
    """It would write a token into its lines."""
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    configure_logging()
    assert logging.CRITICAL + 1 == logging.getLogger("telegram").level


def test_no_line_says_something_that_the_list_leaves_out() -> None:
    """A field that is not on the list would vanish without a word."""
    lost = [
        f"{path.relative_to(ROOT)}:{call.lineno} {word.arg}"
        for top in ("wijkbot", "adapters")
        for path in sorted((ROOT / top).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _is_a_line(call.func)
        for word in call.keywords
        if word.arg is not None and word.arg not in ALLOWED | {"exc_info"}
    ]
    assert lost == []


def _is_a_line(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and called.attr in {"debug", "info", "warning", "error", "exception"}
        and isinstance(called.value, ast.Name)
        and called.value.id in {"log", "_log"}
    )
