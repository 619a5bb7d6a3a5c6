"""What does a request of Twilio mean? Pure: no network, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from twilio.request_validator import (  # type: ignore[import-untyped]
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
    get_signature_algorithm,
)

from wijkbot.adapter_api import PLATFORM_OPT_IN, PLATFORM_OPT_OUT, EventKind, IncomingEvent
from wijkbot_whatsapp.options import RETRIES
from wijkbot_whatsapp.outgoing import undelivered

SIGNATURE_HEADER = "x-twilio-signature"
_SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
_WAYS_TO_SIGN = frozenset({HMAC_SHA1, HMAC_SHA256})
_MAX_FIELDS = 500
_ON_WHATSAPP = "whatsapp:"
_CARDS = ("text/vcard", "text/x-vcard")
_WITH_WORDS = ("image/", "video/")
"""Only below these does a resident write words; with a file comes the file's name."""
_FILE_NAME = re.compile(r"\S.{0,250}\.[A-Za-z0-9]{1,5}", re.DOTALL)
_MEDIUM = re.compile(r"/Messages/([A-Za-z0-9]+)/Media/([A-Za-z0-9]+)(?:\.json)?$")
_HOW_FAR = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "sending",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}


class Form:
    """The fields of a request, in the shape that Twilio's validator reads.

    Blank values and repeated names are kept: the signature covers them.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in pairs:
            self._fields.setdefault(name, []).append(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def getlist(self, name: str) -> list[str]:
        """Every value under a name."""
        return self._fields.get(name, [])

    def get(self, *names: str) -> str:
        """The first value that is not blank, under the first name that has one; else ""."""
        return next((value for name in names for value in self.getlist(name) if value), "")


def read_form(body: bytes) -> Form | None:
    """The fields of a form-encoded body; None when it is none."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        return None
    return Form(pairs)


def is_signed(url: str, form: Form, headers: Mapping[str, str], words: Sequence[str]) -> bool:
    """Did somebody who knows one of the words sign this address and all these fields?

    What stands behind ``#`` steers Twilio alone and is not signed; in case a server of one's
    own does sign it, the address with it is tried as well.
    """
    signature = headers.get(SIGNATURE_HEADER, "")
    algorithm = get_signature_algorithm(headers.get(_SETTINGS_HEADER, "")).upper()
    if not signature or algorithm not in _WAYS_TO_SIGN:
        return False
    address = url.partition("#")[0]
    return any(
        RequestValidator(word).validate(each, form, signature, algorithm)
        for word in words
        if word
        for each in (address, address + RETRIES)
    )


def is_message(form: Form) -> bool:
    """Does it say which message this is, and from whom?"""
    return bool(sid_of(form) and form.get("From", "ExternalUserId"))


def is_status(form: Form) -> bool:
    """Does it say which message this is about, to whom it went, and how that ended?"""
    return bool(sid_of(form) and form.get("To") and _status(form))


def is_answered(form: Form) -> bool:
    """Did Twilio itself answer it? That is what it does when the whole message is HELP."""
    return form.get("OptOutType").upper() == "HELP"


def read_message(form: Form, now: datetime) -> IncomingEvent:
    """What a resident said or picked.

    What cannot be read (a photo, a voice note, a sticker, a place, a contact, a file) is a
    message without text; words below a photo are read.
    """
    picked = form.get("ButtonPayload", "ListId")
    kind, text, payload = EventKind.MESSAGE, form.get("Body"), ""
    match form.get("OptOutType").upper():
        case "STOP":
            picked, text, payload = "", "stop", PLATFORM_OPT_OUT
        case "START":
            kind, picked, text, payload = EventKind.START, "", "", PLATFORM_OPT_IN
        case _ if picked:
            kind = EventKind.CHOICE
        case _ if form.get("Latitude") or _is_card(form) or _is_file_name(form):
            text = ""
    chat, alias = _addresses(form, "From")
    return IncomingEvent(
        kind=kind,
        event_id=sid_of(form),
        chat=chat,
        is_private=True,
        sender=chat,
        received_at=now,
        text=text,
        choice_id=picked,
        addressed=True,
        sender_name=form.get("ProfileName"),
        payload=payload,
        alias=alias,
    )


def read_status(form: Form, now: datetime) -> IncomingEvent | None:
    """How far a message of ours has come; None for a word that tells nothing of it."""
    sid, status = sid_of(form), _HOW_FAR.get(_status(form), "")
    if not status:
        return None
    chat, alias = _addresses(form, "To")
    code = form.get("ErrorCode")
    return IncomingEvent(
        kind=EventKind.DELIVERY,
        event_id=f"{sid}-{status}",
        chat=chat,
        is_private=True,
        sender=chat,
        received_at=now,
        addressed=True,
        delivery_id=sid,
        delivery_status=status,
        delivery_code=code,
        alias=alias,
        refused=undelivered(code) if status == "failed" else None,
    )


def media_of(form: Form) -> list[tuple[str, str]]:
    """(message, medium) of each file that came along and lies at Twilio now."""
    count = form.get("NumMedia")
    numbers = range(min(int(count), _MAX_FIELDS)) if count.isdecimal() else range(0)
    found = (medium_at(form.get(f"MediaUrl{number}")) for number in numbers)
    return [names for names in found if names is not None]


def medium_at(address: str) -> tuple[str, str] | None:
    """The sids in a file's address; None when it is not like one of Twilio."""
    found = _MEDIUM.search(address)
    return (found[1], found[2]) if found else None


def sid_of(form: Form) -> str:
    """Which message this is, or is about."""
    return form.get("MessageSid", "SmsMessageSid", "SmsSid")


def _addresses(form: Form, name: str) -> tuple[str, str]:
    """(The address of this person that lasts, another of theirs or "").

    An address is opaque: it may be a number, and need not be. Only the name of the platform is
    put before an id that came without it, as no message could be sent to it otherwise.
    """
    shown, lasting = form.get(name), form.get("ExternalUserId")
    if lasting and ":" not in lasting:
        lasting = _ON_WHATSAPP + lasting
    return (lasting, shown if shown != lasting else "") if lasting else (shown, "")


def _is_card(form: Form) -> bool:
    """Is it somebody's contact card? Its text is the name of a third person."""
    is_named = form.get("MessageType").lower() in {"contact", "contacts"}
    return is_named or form.get("MediaContentType0").lower().startswith(_CARDS)


def _is_file_name(form: Form) -> bool:
    """Is the text what the file below it is called?"""
    kind = form.get("MediaContentType0").lower()
    is_file = bool(kind) and not kind.startswith(_WITH_WORDS)
    return is_file and _FILE_NAME.fullmatch(form.get("Body")) is not None


def _status(form: Form) -> str:
    return form.get("MessageStatus", "SmsStatus").lower()
