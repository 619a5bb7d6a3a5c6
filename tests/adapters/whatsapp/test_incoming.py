"""Is each request of Twilio understood, and each false one refused?"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.adapters.whatsapp.house import ANNA, HOOKS
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import (
    PLATFORM_OPT_OUT,
    Adapter,
    EventKind,
    IncomingEvent,
    WebhookReply,
    WebhookRequest,
)
from wijkbot_whatsapp.incoming import Form

Pairs = list[tuple[str, str]]
BASIC: Pairs = [("MessageSid", "SM1"), ("From", ANNA), ("Body", "hallo")]
BUSINESS_ID = "whatsapp:NL.1502576394655843"


def signed(
    twilio: LocalTwilio, pairs: Pairs, rest: str = "message", query: str = ""
) -> WebhookRequest:
    url = f"{HOOKS}/{rest}{query}"
    signature = RequestValidator(twilio.auth_token).compute_signature(url, Form(pairs))
    headers = {"x-twilio-signature": signature}
    return WebhookRequest("POST", url, rest, headers, urlencode(pairs).encode())


async def read_one(adapter: Adapter, twilio: LocalTwilio, extra: Pairs) -> IncomingEvent:
    names = {name for name, _ in extra}
    pairs = [pair for pair in BASIC if pair[0] not in names] + extra
    reply = await adapter.read_webhook(signed(twilio, pairs))
    (event,) = reply.events
    return event


async def test_a_message_is_private_and_for_the_bot(idle: Adapter, twilio: LocalTwilio) -> None:
    reply = await idle.read_webhook(signed(twilio, BASIC))
    (event,) = reply.events
    assert (reply.status, reply.body, reply.media_type) == (200, b"<Response/>", "text/xml")
    assert (event.kind, event.event_id, event.text) == (EventKind.MESSAGE, "SM1", "hallo")
    assert (event.chat, event.sender) == (ANNA, ANNA)
    assert event.is_private and event.addressed


@pytest.mark.parametrize("name", ["ButtonPayload", "ListId"])
async def test_what_was_tapped_wins_over_what_it_is_called(
    idle: Adapter, twilio: LocalTwilio, name: str
) -> None:
    event = await read_one(idle, twilio, [(name, "k1"), ("Body", "Ja, graag")])
    assert (event.kind, event.choice_id) == (EventKind.CHOICE, "k1")


@pytest.mark.parametrize(
    "extra",
    [
        [("Body", ""), ("NumMedia", "1"), ("MediaUrl0", "https://api.twilio.com/x")],
        [("Body", "Kerkstraat"), ("Latitude", "50.8"), ("Longitude", "4.3")],
        [("Body", "Ben De Buur"), ("NumMedia", "1"), ("MediaContentType0", "text/vcard")],
        [("Body", "Ben"), ("NumMedia", "1"), ("MediaContentType0", "text/x-vCard; charset=x")],
        [("Body", "Ben De Buur"), ("MessageType", "contacts")],
    ],
)
async def test_what_has_no_text_is_a_message_without_text(
    idle: Adapter, twilio: LocalTwilio, extra: Pairs
) -> None:
    event = await read_one(idle, twilio, extra)
    assert (event.kind, event.text) == (EventKind.MESSAGE, "")


async def test_words_below_a_photo_are_read(idle: Adapter, twilio: LocalTwilio) -> None:
    photo = [("NumMedia", "1"), ("MediaContentType0", "image/jpeg")]
    assert (await read_one(idle, twilio, photo)).text == "hallo"


async def test_help_was_answered_by_twilio_already(idle: Adapter, twilio: LocalTwilio) -> None:
    reply = await idle.read_webhook(signed(twilio, [*BASIC, ("OptOutType", "HELP")]))
    assert (reply.status, reply.events) == (200, ())


async def test_stop_at_the_platform_is_a_stop_that_is_known(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    event = await read_one(idle, twilio, [("OptOutType", "STOP"), ("Body", "ARRET")])
    assert (event.kind, event.text) == (EventKind.MESSAGE, "stop")
    assert event.payload == PLATFORM_OPT_OUT


async def test_start_at_the_platform_is_a_start(idle: Adapter, twilio: LocalTwilio) -> None:
    event = await read_one(idle, twilio, [("OptOutType", "START"), ("Body", "START")])
    assert (event.kind, event.text, event.payload) == (EventKind.START, "", "")


async def test_somebody_without_a_number_is_somebody(idle: Adapter, twilio: LocalTwilio) -> None:
    event = await read_one(idle, twilio, [("From", BUSINESS_ID)])
    assert (event.chat, event.sender) == (BUSINESS_ID, BUSINESS_ID)


async def test_a_person_is_known_by_the_lasting_id(idle: Adapter, twilio: LocalTwilio) -> None:
    event = await read_one(idle, twilio, [("ExternalUserId", BUSINESS_ID)])
    assert (event.chat, event.sender) == (ANNA, BUSINESS_ID)


async def test_a_receipt_is_a_delivery(idle: Adapter, twilio: LocalTwilio) -> None:
    pairs = [
        ("MessageSid", "SM9"),
        ("From", twilio.sender),
        ("To", ANNA),
        ("MessageStatus", "failed"),
        ("ErrorCode", "63016"),
    ]
    (event,) = (await idle.read_webhook(signed(twilio, pairs, "status"))).events
    assert (event.kind, event.event_id, event.chat) == (EventKind.DELIVERY, "SM9-failed", ANNA)
    assert (event.delivery_id, event.delivery_status, event.delivery_code) == (
        "SM9",
        "failed",
        "63016",
    )


async def test_the_fallback_door_reads_the_same(idle: Adapter, twilio: LocalTwilio) -> None:
    pairs = [*BASIC, ("ErrorCode", "11200"), ("ErrorUrl", f"{HOOKS}/message")]
    (event,) = (await idle.read_webhook(signed(twilio, pairs, "fallback"))).events
    assert (event.kind, event.event_id, event.text) == (EventKind.MESSAGE, "SM1", "hallo")


@pytest.mark.parametrize("query", ["", "?a=1&b=&a=%C3%A9"])
async def test_all_fields_are_covered_also_blank_repeated_and_new_ones(
    idle: Adapter, twilio: LocalTwilio, query: str
) -> None:
    pairs = [*BASIC, ("ProfileName", ""), ("New", "2"), ("New", "1"), ("Emoji", "👍 é+&=")]
    reply = await idle.read_webhook(signed(twilio, pairs, query=query))
    assert (reply.status, len(reply.events)) == (200, 1)


async def answers(adapter: Adapter, request: WebhookRequest) -> WebhookReply:
    reply = await adapter.read_webhook(request)
    assert reply.events == ()
    return reply


async def test_whatever_was_changed_on_the_way_is_refused(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    good = signed(twilio, BASIC)
    other = "https://elsewhere.example/hooks/buurt-whatsapp/message"
    changed = [
        WebhookRequest("POST", good.url, "message", {}, good.body),
        WebhookRequest("POST", good.url, "message", {"x-twilio-signature": "x"}, good.body),
        WebhookRequest("POST", good.url, "message", good.headers, good.body + b"&Body=nee"),
        WebhookRequest("POST", good.url, "message", good.headers, good.body + b"&Extra="),
        WebhookRequest("POST", other, "message", good.headers, good.body),
        WebhookRequest("POST", good.url + "?x=1", "message", good.headers, good.body),
        WebhookRequest("POST", f"{HOOKS}/status", "status", good.headers, good.body),
    ]
    assert [(await answers(idle, each)).status for each in changed] == [403] * len(changed)
    assert (await idle.read_webhook(good)).status == 200


@pytest.mark.parametrize(
    ("rest", "pairs"),
    [
        ("message", [("From", ANNA), ("Body", "hallo")]),
        ("message", [("MessageSid", "SM1"), ("Body", "hallo")]),
        ("status", BASIC),
        ("status", [("MessageSid", "SM1"), ("To", ANNA)]),
    ],
)
async def test_a_signed_request_that_says_too_little_is_a_bad_one(
    idle: Adapter, twilio: LocalTwilio, rest: str, pairs: Pairs
) -> None:
    assert (await answers(idle, signed(twilio, pairs, rest))).status == 400


@pytest.mark.parametrize("body", [b"\xff=1", b"Body", b"Body=%ff", b"&".join([b"a=1"] * 600)])
async def test_a_body_that_is_no_form_is_a_bad_one(
    idle: Adapter, twilio: LocalTwilio, body: bytes
) -> None:
    good = signed(twilio, BASIC)
    request = WebhookRequest("POST", good.url, "message", good.headers, body)
    assert (await answers(idle, request)).status == 400


async def test_other_addresses_do_not_exist(idle: Adapter, twilio: LocalTwilio) -> None:
    elsewhere = signed(twilio, BASIC, "iets")
    good = signed(twilio, BASIC)
    looked = WebhookRequest("GET", good.url, "message", good.headers, b"")
    assert [(await answers(idle, each)).status for each in (elsewhere, looked)] == [404, 404]
