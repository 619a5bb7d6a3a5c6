"""What does an error of Telegram mean for a message: try later, never again, or not known?

The texts are those of the open source server (github.com/tdlib/telegram-bot-api, Client.cpp).
A detail never holds a text, an id or the token: it is the name of what we recognised.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from http import HTTPStatus

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from wijkbot.adapter_api import Reason, Refused, Unknown

PAUSE_WITHOUT_NETWORK = 5.0
"""Seconds until a new try when Telegram could not be reached at all."""

PAUSE_WITHOUT_WORDS = 30.0
"""Seconds to wait after a 429 that does not tell for how long."""

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
# A bare code of the server; the library has put its capitals away ("Button_data_invalid").
_CODE = re.compile(r"[A-Za-z]+(_[A-Za-z]+)+")


class NotSent(NetworkError):
    """There was no connection to send it on: Telegram surely knows nothing of it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"not sent: {why}")
        self.why = why


class NotTelegram(NetworkError):
    """An error that somebody on the way made, such as a proxy: Telegram's own say ``"ok"``.

    Its code means what that proxy means by it, and nothing about a chat, a message or a token.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"not of Telegram: {code}")
        self.code = code


def is_of_telegram(answer: bytes) -> bool:
    """Is this the Bot API's way to say that something went wrong?"""
    try:
        said = json.loads(answer)
    except ValueError:
        return False
    return isinstance(said, dict) and "ok" in said


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
    if pause := flood_pause(error):  # without the parameter that tells for how long
        return Refused(Reason.RATE, permanent=False, retry_after=pause)
    if isinstance(error, NotTelegram):
        # what a proxy refuses by itself it did not pass on; with the rest nobody can tell
        is_refused = error.code < HTTPStatus.INTERNAL_SERVER_ERROR
        return _unavailable(type(error).__name__) if is_refused else Unknown(type(error).__name__)
    return _unavailable(error.why) if isinstance(error, NotSent) else Unknown(type(error).__name__)


def _unavailable(why: str) -> Refused:
    pause = PAUSE_WITHOUT_NETWORK
    return Refused(Reason.UNAVAILABLE, permanent=False, retry_after=pause, detail=why)


def flood_pause(error: TelegramError) -> float:
    """For how many seconds it wants no more of this; 0: it is about something else."""
    if isinstance(error, RetryAfter):
        return pause_of(error)
    if isinstance(error, NotTelegram):
        return PAUSE_WITHOUT_WORDS if error.code == HTTPStatus.TOO_MANY_REQUESTS else 0.0
    if not says(error, "too many requests"):
        return 0.0
    found = _SECONDS.search(error.message)
    return float(found[1]) if found else PAUSE_WITHOUT_WORDS


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
