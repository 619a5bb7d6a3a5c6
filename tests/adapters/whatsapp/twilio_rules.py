"""Which requests does Twilio refuse, and in which words? The rules of the local Twilio."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

MAX_BODY = 1600
"""In UTF-16 units: most emoji are two."""
_ADDRESS = re.compile(r"whatsapp:(\+[1-9]\d{5,14}|[A-Z]{2}\.[A-Za-z0-9]{1,128})")
_CONTENT = re.compile(r"HX[0-9a-f]{32}")
_KNOWN = frozenset(
    {
        "To",
        "From",
        "Body",
        "ContentSid",
        "ContentVariables",
        "StatusCallback",
        "ValidityPeriod",
        "MessagingServiceSid",
    }
)
_ENDS = {"http", "https"}


class TwilioError(Exception):
    """A refusal: the HTTP status, and Twilio's own code."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def check_create(fields: Mapping[str, str], sender: str) -> None:
    """Raise for a message that Twilio would not take."""
    for name in sorted(set(fields) - _KNOWN):
        raise TwilioError(400, 20001, f"Unknown parameter: {name}")
    if not fields.get("To"):
        raise TwilioError(400, 21604, "A 'To' phone number is required.")
    if not _ADDRESS.fullmatch(fields["To"]):
        raise TwilioError(400, 21211, "Invalid 'To' Phone Number")
    if not fields.get("From"):
        raise TwilioError(400, 21603, "A 'From' phone number is required.")
    if not fields["From"].startswith("whatsapp:"):
        raise TwilioError(400, 21910, "Invalid From and To pair: they must be of one channel.")
    if sender and fields["From"] != sender:
        raise TwilioError(400, 63007, "Could not find a Channel with the specified From address")
    _check_content(fields)
    _check_options(fields)


def _check_content(fields: Mapping[str, str]) -> None:
    body, content = fields.get("Body", ""), fields.get("ContentSid", "")
    if body and content:
        raise TwilioError(400, 21619, "Body and ContentSid do not go together")
    if not body.strip() and not content:
        raise TwilioError(400, 21602, "Message body is required.")
    if len(body.encode("utf-16-le", "surrogatepass")) // 2 > MAX_BODY:
        raise TwilioError(400, 21617, "The concatenated message body exceeds 1600 characters")
    if content and not _CONTENT.fullmatch(content):
        raise TwilioError(400, 21655, "The ContentSid is invalid")


def _check_options(fields: Mapping[str, str]) -> None:
    callback = urlsplit(fields.get("StatusCallback", "https://none"))
    if callback.scheme not in _ENDS or not callback.hostname:
        raise TwilioError(400, 21609, "The 'StatusCallback' URL is not a valid URL")
    period = fields.get("ValidityPeriod", "1")
    if not period.isdecimal() or not 1 <= int(period) <= 36_000:
        raise TwilioError(400, 21671, "The ValidityPeriod is out of range")
