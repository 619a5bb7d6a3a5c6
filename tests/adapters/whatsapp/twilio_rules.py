"""Which messages does Twilio refuse at once, and in which words? The rules of the manual."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from tests.adapters.whatsapp.twilio_world import TwilioError

MAX_BODY = 1600
"""In UTF-16 units: most emoji are two."""
MAX_CONTENT = 1024
ADDRESS = re.compile(r"whatsapp:(\+[1-9]\d{5,14}|[A-Z]{2}\.[A-Za-z0-9]{1,128})")
_ENDS = {"http", "https"}


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_create(fields: Mapping[str, str], sender: str) -> None:
    """Raise for a message that Twilio would not take, whoever it is for."""
    if not fields.get("To"):
        raise TwilioError(400, 21604, "A 'To' phone number is required.")
    if not ADDRESS.fullmatch(fields["To"]):
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
    if "Body" in fields and content:
        raise TwilioError(400, 21619, "Body and ContentSid do not go together")
    if not body.strip() and not content:
        raise TwilioError(400, 21602, "Message body is required.")
    if units(body) > MAX_BODY:
        raise TwilioError(400, 21617, "The concatenated message body exceeds 1600 characters")
    if "ContentVariables" in fields:
        if not content:
            raise TwilioError(400, 21656, "ContentVariables go with a ContentSid")
        variables_of(fields["ContentVariables"])


def variables_of(text: str) -> dict[str, str]:
    """The values by their names; raises where they are no JSON object of texts."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise TwilioError(400, 21656, "The ContentVariables Parameter is invalid") from error
    is_good = isinstance(found, dict) and all(
        name.isalnum() and isinstance(value, str) and value for name, value in found.items()
    )
    if not is_good:
        raise TwilioError(400, 21656, "The ContentVariables Parameter is invalid")
    return dict(found)


def _check_options(fields: Mapping[str, str]) -> None:
    callback = urlsplit(fields.get("StatusCallback", "https://none"))
    if callback.scheme not in _ENDS or not callback.hostname or "_" in callback.hostname:
        raise TwilioError(400, 21609, "The 'StatusCallback' URL is not a valid URL")
    period = fields.get("ValidityPeriod", "1")
    if not period.isdecimal() or not 1 <= int(period) <= 36_000:
        raise TwilioError(400, 21671, "The ValidityPeriod is out of range")
