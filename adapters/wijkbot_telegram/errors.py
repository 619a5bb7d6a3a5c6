"""What does an error of Telegram mean for a message: try later, never again, or not known?

The texts are those of the open source server (github.com/tdlib/telegram-bot-api, Client.cpp).
A detail never holds a text, an id or the token: it is the name of what we recognised.
"""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from wijkbot.adapter_api import Reason, Refused, Unknown

PAUSE_WITHOUT_NETWORK = 5.0
"""Seconds until a new try when Telegram could not be reached at all."""

PAUSE_WITHOUT_ACCOUNT = 300.0
"""Seconds until a new try when the token is refused: a human has to act first."""

_FORBIDDEN = {
    "blocked by the user": Reason.BLOCKED,
    "can't initiate conversation": Reason.BLOCKED,
    "bots can't send messages to bots": Reason.BLOCKED,
    "deactivated": Reason.GONE,
    "kicked": Reason.GONE,
    "not a member": Reason.GONE,
    "deleted": Reason.GONE,
}
_BAD_REQUEST = {
    "chat not found": Reason.GONE,
    "peer_id_invalid": Reason.GONE,
    # A group may close for the night, and Telegram tells nobody when it opens again: what was to
    # be said now is over, and the chat goes on.
    "chat_write_forbidden": Reason.EXPIRED,
    "not enough rights to send": Reason.EXPIRED,
    "have no rights to send": Reason.EXPIRED,
    "topic_closed": Reason.EXPIRED,
    "query is too old": Reason.EXPIRED,
    "query id is invalid": Reason.EXPIRED,
    "can't be edited": Reason.EXPIRED,
    "can't be deleted": Reason.EXPIRED,
    "message to edit not found": Reason.MISSING,
    "message to pin not found": Reason.MISSING,
    "message_id_invalid": Reason.MISSING,
}
_SECONDS = re.compile(r"retry after (\d{1,5})", re.IGNORECASE)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# A bare code of the server; the library has put its capitals away ("Button_data_invalid").
_CODE = re.compile(r"[A-Za-z]+(_[A-Za-z]+)+")


def result_of(error: TelegramError) -> Refused | Unknown:
    """The verdict on a request that failed with this error."""
    match error:
        case RetryAfter():
            return Refused(Reason.RATE, permanent=False, retry_after=pause_of(error))
        case ChatMigrated():
            new_chat = str(error.new_chat_id)
            return Refused(Reason.REKEYED, permanent=False, new_chat=new_chat)
        case Forbidden():
            return _refused(_FORBIDDEN, error, Reason.BLOCKED)
        case BadRequest():
            # Before anything on NetworkError: in this library a bad request is one of those.
            return _refused(_BAD_REQUEST, error, Reason.CONTENT)
        case _:
            return _not_delivered(error)


def _not_delivered(error: TelegramError) -> Refused | Unknown:
    """The request did not reach the method, or nobody can tell whether it did."""
    if isinstance(error, (InvalidToken, Conflict)):
        return Refused(
            Reason.CONFIG,
            permanent=False,
            retry_after=PAUSE_WITHOUT_ACCOUNT,
            detail=type(error).__name__,
            whole_account=True,
        )
    if says(error, "too many requests"):  # without the parameter that tells for how long
        found = _SECONDS.search(error.message)
        pause = float(found[1]) if found else PAUSE_WITHOUT_NETWORK
        return Refused(Reason.RATE, permanent=False, retry_after=pause)
    if isinstance(error.__cause__, _NOT_SENT):
        return Refused(
            Reason.UNAVAILABLE,
            permanent=False,
            retry_after=PAUSE_WITHOUT_NETWORK,
            detail=type(error.__cause__).__name__,
        )
    return Unknown(type(error).__name__)


def pause_of(error: RetryAfter) -> float:
    """Seconds to wait; the library gives a number or a timedelta."""
    pause: float | timedelta = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def says(error: TelegramError, *phrases: str) -> bool:
    """Does the server's own text hold one of these phrases, in any case?"""
    text = error.message.casefold()
    return any(phrase in text for phrase in phrases)


def _refused(known: dict[str, Reason], error: TelegramError, otherwise: Reason) -> Refused:
    text = error.message.casefold()
    for phrase, reason in known.items():
        if phrase in text:
            return Refused(reason, permanent=True, detail=phrase)
    is_code = _CODE.fullmatch(error.message)
    detail = error.message.upper() if is_code else type(error).__name__
    return Refused(otherwise, permanent=True, detail=detail)
