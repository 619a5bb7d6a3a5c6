"""Is each request of Twilio understood, and each false one refused?"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from twilio.request_validator import (  # type: ignore[import-untyped]
    RequestValidator,
    get_signature_algorithm,
)

from tests.adapters.whatsapp.house import ANNA, HOOKS, HandClock, config_for
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import (
    PLATFORM_OPT_IN,
    PLATFORM_OPT_OUT,
    Adapter,
    EventKind,
    IncomingEvent,
    Reason,
    WebhookReply,
    WebhookRequest,
)
from wijkbot_whatsapp.adapter import create
from wijkbot_whatsapp.incoming import Form

Pairs = list[tuple[str, str]]
BASIC: Pairs = [("MessageSid", "SM1"), ("From", ANNA), ("Body", "hallo")]
BUSINESS_ID = "whatsapp:NL.1502576394655843"


def signed(
    twilio: LocalTwilio,
    pairs: Pairs,
    rest: str = "message",
    query: str = "",
    *,
    word: str = "",
    settings: str = "",
) -> WebhookRequest:
    url = f"{HOOKS}/{rest}{query}"
    signer = RequestValidator(word or twilio.auth_token)
    algorithm = get_signature_algorithm(settings)
    headers = {
        "x-twilio-signature": signer.compute_signature(url, Form(pairs), algorithm),
        **({"x-twilio-webhooks-signature-settings": settings} if settings else {}),
    }
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
        [("Body", ""), ("NumMedia", "1"), ("MediaContentType0", "audio/ogg")],
        [("Body", ""), ("NumMedia", "1"), ("MediaContentType0", "image/webp")],
        [("Body", "brief Anna.pdf"), ("NumMedia", "1"), ("MediaContentType0", "application/pdf")],
    ],
)
async def test_what_has_no_text_is_a_message_without_text(
    idle: Adapter, twilio: LocalTwilio, extra: Pairs
) -> None:
    event = await read_one(idle, twilio, extra)
    assert (event.kind, event.text) == (EventKind.MESSAGE, "")


@pytest.mark.parametrize("kind", ["image/jpeg", "video/mp4", "application/pdf"])
async def test_words_below_a_photo_or_a_file_are_read(
    idle: Adapter, twilio: LocalTwilio, kind: str
) -> None:
    shown = [("NumMedia", "1"), ("MediaContentType0", kind)]
    assert (await read_one(idle, twilio, shown)).text == "hallo"


async def test_a_tap_in_a_list_with_a_title_is_a_choice_and_not_words(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    extra = [("Body", ""), ("ListId", "noord"), ("ListTitle", "Noord")]
    event = await read_one(idle, twilio, [*extra, ("Nieuw", "veld")])
    assert (event.kind, event.choice_id) == (EventKind.CHOICE, "noord")


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
    assert (event.kind, event.text, event.payload) == (EventKind.START, "", PLATFORM_OPT_IN)


async def test_somebody_without_a_number_is_somebody(idle: Adapter, twilio: LocalTwilio) -> None:
    event = await read_one(idle, twilio, [("From", BUSINESS_ID)])
    assert (event.chat, event.sender, event.alias) == (BUSINESS_ID, BUSINESS_ID, "")
    both = await read_one(idle, twilio, [("From", BUSINESS_ID), ("ExternalUserId", BUSINESS_ID)])
    assert (both.chat, both.alias) == (BUSINESS_ID, "")


@pytest.mark.parametrize("shown", [BUSINESS_ID, BUSINESS_ID.removeprefix("whatsapp:")])
async def test_a_person_is_known_by_the_lasting_id_and_the_number_is_another_address(
    idle: Adapter, twilio: LocalTwilio, shown: str
) -> None:
    event = await read_one(idle, twilio, [("ExternalUserId", shown)])
    assert (event.chat, event.sender, event.alias) == (BUSINESS_ID, BUSINESS_ID, ANNA)


async def receipt(adapter: Adapter, twilio: LocalTwilio, extra: Pairs) -> WebhookReply:
    pairs = [("MessageSid", "SM9"), ("From", twilio.sender), ("To", ANNA), *extra]
    return await adapter.read_webhook(signed(twilio, pairs, "status"))


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("accepted", "queued"),
        ("queued", "queued"),
        ("sending", "sending"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("failed", "failed"),
        ("undelivered", "failed"),
    ],
)
async def test_a_receipt_tells_how_far_a_message_came(
    idle: Adapter, twilio: LocalTwilio, told: str, meant: str
) -> None:
    (event,) = (await receipt(idle, twilio, [("MessageStatus", told)])).events
    assert (event.kind, event.event_id) == (EventKind.DELIVERY, f"SM9-{meant}")
    assert (event.chat, event.delivery_id, event.delivery_status) == (ANNA, "SM9", meant)
    assert (event.refused is None) is (meant != "failed")


async def test_a_word_that_tells_nothing_is_taken_and_dropped(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    reply = await receipt(idle, twilio, [("MessageStatus", "receiving")])
    assert (reply.status, reply.events) == (200, ())


@pytest.mark.parametrize(
    ("code", "reason", "permanent", "whole_account"),
    [
        ("63016", Reason.WINDOW, True, False),
        ("63024", Reason.GONE, True, False),
        ("63003", Reason.GONE, True, False),
        ("63014", Reason.BLOCKED, True, False),
        ("21610", Reason.BLOCKED, True, False),
        ("63018", Reason.TIER, False, True),
        ("63017", Reason.RATE, False, True),
        ("30001", Reason.RATE, False, True),
        ("63038", Reason.RATE, False, True),
        ("63032", Reason.RATE, False, False),
        ("63049", Reason.RATE, False, False),
        ("63021", Reason.CONTENT, True, False),
        ("63013", Reason.CONTENT, True, False),
        ("63005", Reason.CONTENT, True, False),
        ("30036", Reason.EXPIRED, True, False),
        ("63112", Reason.CONFIG, False, True),
        ("99999", Reason.CONTENT, True, False),
        ("", Reason.CONTENT, True, False),
    ],
)
async def test_a_failed_delivery_means_the_same_as_a_refused_send(
    idle: Adapter,
    twilio: LocalTwilio,
    code: str,
    reason: Reason,
    permanent: bool,
    whole_account: bool,
) -> None:
    told = [("MessageStatus", "undelivered"), ("ErrorCode", code)]
    (event,) = (await receipt(idle, twilio, told)).events
    assert event.delivery_code == code
    assert event.refused is not None
    assert (event.refused.reason, event.refused.permanent) == (reason, permanent)
    assert event.refused.whole_account is whole_account


async def test_a_receipt_names_the_lasting_id_too(idle: Adapter, twilio: LocalTwilio) -> None:
    told = [("MessageStatus", "sent"), ("ExternalUserId", BUSINESS_ID)]
    (event,) = (await receipt(idle, twilio, told)).events
    assert (event.chat, event.alias) == (BUSINESS_ID, ANNA)


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


async def test_while_a_token_is_replaced_both_are_taken(
    twilio: LocalTwilio, clock: HandClock
) -> None:
    adapter = create(config_for(twilio.options(auth_token_old="the-word-before"), clock))
    words = ["", "the-word-before", "another"]
    replies = [await adapter.read_webhook(signed(twilio, BASIC, word=word)) for word in words]
    await adapter.stop()
    assert [reply.status for reply in replies] == [200, 200, 403]


async def test_a_shared_key_signs_with_sha_256(twilio: LocalTwilio, clock: HandClock) -> None:
    adapter = create(config_for(twilio.options(webhook_key="a-shared-word"), clock))
    settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    good = signed(twilio, BASIC, word="a-shared-word", settings=settings)
    false = signed(twilio, BASIC, word="another", settings=settings)
    unknown = WebhookRequest(
        "POST",
        good.url,
        "message",
        {**good.headers, "x-twilio-webhooks-signature-settings": "algorithm=NONE"},
        good.body,
    )
    replies = [await adapter.read_webhook(each) for each in (good, false, unknown)]
    await adapter.stop()
    assert [reply.status for reply in replies] == [200, 403, 403]


@pytest.mark.parametrize("query", ["#rc=5&rp=all", "?a=1#rc=5&rp=all"])
async def test_what_stands_behind_the_hash_is_not_signed(
    idle: Adapter, twilio: LocalTwilio, query: str
) -> None:
    request = signed(twilio, BASIC, query=query.partition("#")[0])
    whole = WebhookRequest(
        "POST", f"{HOOKS}/message{query}", "message", request.headers, request.body
    )
    assert (await idle.read_webhook(whole)).status == 200


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
