"""What can go wrong between the adapter and the homeserver? The errors, and when they arise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_OK = 200
_MULTIPLE = 300
_TOO_MANY = 429
_SERVER_ERROR = 500
_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are at the homeserver: kept sealed, made once."""

    user_id: str
    device_id: str
    access_token: str = field(repr=False)


class MatrixError(Exception):
    """Anything the homeserver, or the way to it, does not do."""


class ServerAwayError(MatrixError):
    """No usable answer. ``has_left``: the request may have arrived."""

    def __init__(self, *, has_left: bool) -> None:
        super().__init__("no answer")
        self.has_left = has_left


class ServerRefusedError(MatrixError):
    """The server said no, with its reason; ``retry_after`` in seconds, 0 when not given."""

    def __init__(
        self, status: int, errcode: str, retry_after: float, answer: Mapping[str, Any]
    ) -> None:
        super().__init__(f"{status} {errcode}")
        self.status = status
        self.errcode = errcode
        self.retry_after = retry_after
        self.answer = answer


class TokenRevokedError(ServerRefusedError):
    """The access token is not (any more) valid: trying again cannot help."""


class NoSuchRoomError(MatrixError):
    """The bot is not in that room."""


class NoCryptoError(MatrixError):
    """The room is encrypted and this process cannot encrypt: nothing may leave."""


def check(status: int, answer: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Raise the error that a response means; return when it is a good one."""
    if _OK <= status < _MULTIPLE:
        return
    errcode = str(answer.get("errcode", ""))
    if status == _TOO_MANY and not errcode:
        errcode = "M_LIMIT_EXCEEDED"
    if errcode in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}:
        raise TokenRevokedError(status, errcode, 0.0, answer)
    if status >= _SERVER_ERROR and not errcode:
        raise ServerAwayError(has_left=True)
    raise ServerRefusedError(status, errcode, _retry_after(answer, headers), answer)


def _retry_after(answer: Mapping[str, Any], headers: Mapping[str, str]) -> float:
    """Read the waiting time: to the millisecond, else from the spec's newer place, the header.

    A header tells whole seconds; who waits too long leaves room for something less urgent.
    """
    waiting = answer.get("retry_after_ms")
    if isinstance(waiting, int | float) and waiting > 0:
        return waiting / _MILLISECONDS
    header = headers.get("Retry-After", "")
    return float(header) if header.isdigit() else 0.0
