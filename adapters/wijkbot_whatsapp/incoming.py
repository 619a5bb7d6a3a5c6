"""What does a request of Twilio mean? Pure: no network, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from wijkbot.adapter_api import PLATFORM_OPT_OUT, EventKind, IncomingEvent

SIGNATURE_HEADER = "x-twilio-signature"
_MAX_FIELDS = 500
_CARDS = ("text/vcard", "text/x-vcard")


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


def is_signed(url: str, form: Form, signature: str, token: str) -> bool:
    """Did somebody who knows the token sign this address and all these fields?"""
    if not token or not signature:
        return False
    address = url.partition("#")[0]
    return bool(RequestValidator(token).validate(address, form, signature))


def is_message(form: Form) -> bool:
    """Does it say which message this is, and from whom?"""
    return bool(_sid(form) and form.get("From"))


def is_status(form: Form) -> bool:
    """Does it say which message this is about, to whom it went, and how that ended?"""
    return bool(_sid(form) and form.get("To") and _status(form))


def read_message(form: Form, now: datetime) -> IncomingEvent | None:
    """What a resident said or picked; None when Twilio has answered it already (HELP).

    What cannot be read (a photo, a voice note, a place, a contact) is a message without text;
    words below a photo are read.
    """
    picked = form.get("ButtonPayload", "ListId")
    kind, text, payload = EventKind.MESSAGE, form.get("Body"), ""
    match form.get("OptOutType").upper():
        case "HELP":
            return None
        case "STOP":
            picked, text, payload = "", "stop", PLATFORM_OPT_OUT
        case "START":
            kind, picked, text = EventKind.START, "", ""
        case _ if picked:
            kind = EventKind.CHOICE
        case _ if form.get("Latitude") or _is_card(form):
            text = ""
    sender = form.get("From")
    return IncomingEvent(
        kind=kind,
        event_id=_sid(form),
        chat=sender,
        is_private=True,
        sender=form.get("ExternalUserId") or sender,
        received_at=now,
        text=text,
        choice_id=picked,
        addressed=True,
        sender_name=form.get("ProfileName"),
        payload=payload,
    )


def read_status(form: Form, now: datetime) -> IncomingEvent:
    """How far a message of ours has come."""
    sid, status, chat = _sid(form), _status(form), form.get("To")
    return IncomingEvent(
        kind=EventKind.DELIVERY,
        event_id=f"{sid}-{status}",
        chat=chat,
        is_private=True,
        sender=form.get("ExternalUserId") or chat,
        received_at=now,
        addressed=True,
        delivery_id=sid,
        delivery_status=status,
        delivery_code=form.get("ErrorCode"),
    )


def _is_card(form: Form) -> bool:
    """Is it somebody's contact card? Its text is the name of a third person."""
    is_named = form.get("MessageType").lower() in {"contact", "contacts"}
    return is_named or form.get("MediaContentType0").lower().startswith(_CARDS)


def _sid(form: Form) -> str:
    return form.get("MessageSid", "SmsMessageSid", "SmsSid")


def _status(form: Form) -> str:
    return form.get("MessageStatus", "SmsStatus").lower()
