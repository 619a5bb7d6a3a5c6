"""What may stand in a log line? An allow-list of fields; everything else is left out."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from time import monotonic
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "channel",
        "adapter",
        "kind",
        "count",
        "reason",
        "status",
        "purpose",
        "attempts",
        "duration_ms",
        "error",
        "version",
        "port",
        "role",
        "neighbourhood",
        "class_name",
        "where",
        "remedy",
    }
)
"""Fields that can hold no text, id, number or token of a resident."""


def configure_logging() -> None:
    """Send structured lines to stderr; libraries speak only from WARNING on."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    for noisy in ("aiohttp", "httpx", "httpcore", "telegram", "nio", "twilio", "uvicorn.access"):
        library = logging.getLogger(noisy)
        # an adapter may have silenced one wholly, because it would write a token into its lines
        library.setLevel(max(logging.ERROR, library.level))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_content,
            only_allowed,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        # Asked anew for each line: whoever replaced stderr may have closed what it was.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


class Seldom:
    """Says whether a line may be written again: the same trouble once in so many seconds."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._told: dict[str, float] = {}

    def may_tell(self, what: str) -> bool:
        """True for the first time, and when the last time is long enough ago."""
        now = monotonic()
        if now - self._told.get(what, -self._seconds) < self._seconds:
            return False
        self._told[what] = now
        return True


def only_allowed(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in line.items() if name in ALLOWED}


def _without_content(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Of an exception only its class and place are kept: its message may hold a text."""
    info = line.pop("exc_info", None)
    if not info:
        return line
    error = info[1] if isinstance(info, tuple) else info
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        line["class_name"] = type(error).__name__
        line["where"] = _place(error)
    return line


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{code.co_filename.rsplit('/', maxsplit=1)[-1]}:{trace.tb_lineno}"
