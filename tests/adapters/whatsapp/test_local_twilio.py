"""Does the local Twilio refuse what the real one refuses, and sign what it brings?"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import ANNA, BEN, HOOKS, HandClock
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.twilio_content import QUICK, shown, trouble
from wijkbot.adapter_api import Adapter, EventKind

GOOD = {"To": ANNA, "From": "whatsapp:+3212345678", "Body": "hallo"}
SID = "HX" + "0" * 32


async def create(twilio: LocalTwilio, fields: dict[str, str], token: str = "") -> httpx.Response:
    url = f"{twilio.base_url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    auth = (twilio.account_sid, token or twilio.auth_token)
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, data=fields, auth=auth)


async def ask(twilio: LocalTwilio, method: str, path: str, **named: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        auth = (twilio.account_sid, twilio.auth_token)
        return await client.request(method, twilio.base_url + path, auth=auth, **named)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"To": "+32470000001"}, 21211),
        ({"To": ""}, 21604),
        ({"From": "+3212345678"}, 21910),
        ({"From": "whatsapp:+3299999999"}, 63007),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"Body": "👍" * 801}, 21617),
        ({"ContentSid": SID}, 21619),
        ({"ContentSid": "HX123"}, 21655),
        ({"ContentVariables": "{}"}, 21656),
        ({"StatusCallback": "/hooks/status"}, 21609),
        ({"StatusCallback": "https://a_b.example/status"}, 21609),
        ({"ValidityPeriod": "0"}, 21671),
        ({"ValidityPeriod": "36001"}, 21671),
        ({"ValidityPeriod": "soon"}, 21671),
        ({"ForceDelivery": "perhaps"}, 20001),
        ({"MessagingServiceSid": "MG1"}, 20001),
        ({"Mediaurl": "x"}, 20001),
        ({"ScheduleType": "soon"}, 20001),
    ],
)
async def test_a_wrong_message_is_refused_in_twilio_s_words(
    twilio: LocalTwilio, changed: dict[str, str], code: int
) -> None:
    answer = await create(twilio, GOOD | changed)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["more_info"].endswith(str(code))
    assert twilio.messages == []


@pytest.mark.parametrize("variables", ["x", "[]", '{"1": 2}', '{"1": ""}', '{"a b": "x"}'])
async def test_wrong_values_of_a_content_are_refused(twilio: LocalTwilio, variables: str) -> None:
    content = twilio.add_template("news", "nl", "Dag {{1}}, er is nieuws.", examples=("Anna",))
    fields = {"To": ANNA, "From": twilio.sender, "ContentSid": content.sid}
    answer = await create(twilio, fields | {"ContentVariables": variables})
    assert (answer.status_code, answer.json()["code"]) == (400, 21656)
    unknown = await create(twilio, fields | {"ContentSid": SID})
    assert (unknown.status_code, unknown.json()["code"]) == (400, 21655)


async def test_a_wrong_password_is_refused(twilio: LocalTwilio) -> None:
    answer = await create(twilio, GOOD, "another")
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_an_address_that_twilio_does_not_publish_is_not_found(twilio: LocalTwilio) -> None:
    account = f"/2010-04-01/Accounts/{twilio.account_sid}"
    for path in (f"{account}/Messages/SM1.json", f"{account}/Calls.json", "/v1/Content/HX1"):
        answer = await ask(twilio, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    asked = await ask(twilio, "GET", f"{account}/Messages.json?Since=x")
    assert asked.json()["code"] == 20001


async def test_outside_the_window_it_is_taken_and_fails_afterwards(
    twilio: LocalTwilio, living: Adapter, port: RecordingPort, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    clock.move(hours=24)
    answer = await create(twilio, GOOD | {"StatusCallback": f"{HOOKS}/status"})
    assert (answer.status_code, answer.json()["status"]) == (201, "queued")
    assert await twilio.wait_callback(answer.json()["sid"], "failed") == 200
    assert port.events[-1].delivery_code == "63016"
    (noted,) = twilio.violations
    assert noted.startswith("outside the 24 hours")


async def test_outside_the_window_an_approved_template_arrives_and_no_other(
    twilio: LocalTwilio, clock: HandClock
) -> None:
    fields = {"To": ANNA, "From": twilio.sender}
    for status, arrives in (("approved", True), ("pending", False), ("", False)):
        content = twilio.add_template(f"news{status}", "nl", "Er is nieuws.", status=status)
        await create(twilio, fields | {"ContentSid": content.sid})
        await twilio.receipts_rest()
        assert (twilio.messages[-1].status == "delivered") is arrives


async def test_a_resident_is_heard_and_a_forger_is_not(
    twilio: LocalTwilio, living: Adapter, port: RecordingPort
) -> None:
    heard = await twilio.resident_says(ANNA, "hallo", MessageSid="SM1", ProfileName="")
    again = await twilio.resident_says(ANNA, "hallo", MessageSid="SM1")
    assert (heard.status_code, heard.text, again.status_code) == (200, "<Response/>", 200)
    assert heard.headers["content-type"].startswith("text/xml")
    forged = await twilio.post(f"{HOOKS}/message", {"MessageSid": "SM2"}, token="another")
    assert forged.status_code == 403
    assert [event.text for event in port.events] == ["hallo"]


@pytest.mark.parametrize("in_list", [False, True])
async def test_a_tap_is_a_choice_by_its_id(
    twilio: LocalTwilio, living: Adapter, port: RecordingPort, in_list: bool
) -> None:
    answer = await twilio.resident_taps(ANNA, "k1", "Ja, graag", in_list=in_list)
    (event,) = port.events
    assert (answer.status_code, event.kind, event.choice_id) == (200, EventKind.CHOICE, "k1")


async def test_who_has_both_a_number_and_an_id_is_one_person(
    twilio: LocalTwilio, living: Adapter, port: RecordingPort
) -> None:
    user_id = "whatsapp:BE.123"
    await twilio.resident_says(ANNA, "een")
    twilio.becomes_known(ANNA, user_id)
    await twilio.resident_says(ANNA, "twee")
    twilio.becomes_known(ANNA, user_id, is_hidden=True)
    await twilio.resident_says(ANNA, "drie")
    told = [(event.chat, event.alias) for event in port.events]
    assert told == [(ANNA, ""), (user_id, ANNA), (user_id, "")]
    await create(twilio, GOOD | {"To": user_id})
    assert [message.to for message in twilio.sent(ANNA)] == [user_id]


@pytest.mark.parametrize(
    ("body", "buttons", "reason"),
    [
        ("Er is nieuws: {{1}}", (), "at the end"),
        ("{{1}} is nieuws.", (), "beginning"),
        ("Er is {{1}} {{2}} nieuws.", (), "beside"),
        ("Er is {{2}} nieuws.", (), "numbered"),
        ("Er is {{1}} nieuws.", ("Ja {{1}}",), "button"),
        ("Er is nieuws. " * 80, (), "too long"),
        ("Er is {{1}} nieuws.", ("Ja", "Nee"), ""),
    ],
)
def test_whatsapp_never_approves_some_shapes(
    body: str, buttons: tuple[str, ...], reason: str
) -> None:
    twilio = LocalTwilio()
    made = twilio.add_template(
        "news", "nl", body, buttons=buttons, examples=("a", "b"), status="pending"
    )
    made = twilio.contents.ask(made.sid, "news", "UTILITY")
    assert made.approval == ("rejected" if reason else "pending")
    assert reason in made.reason


@pytest.mark.parametrize(
    ("titles", "values", "why"),
    [
        (("Ja", "Nee", "Later", "Nooit"), {"1": "x"}, "more than 3 buttons"),
        (("Ja", "Ja"), {"1": "x"}, "the same"),
        (("Een titel die te lang is",), {"1": "x"}, "more than 20"),
        (("Ja",), {"1": "x" * 1025}, "1024"),
        (("Ja",), {"1": "x     y"}, "five spaces"),
        (("Ja",), {}, "without a value"),
        (("Ja", "Nee", "Later"), {"1": "een\ntwee"}, ""),
    ],
)
def test_content_that_whatsapp_does_not_show_fails(
    titles: tuple[str, ...], values: dict[str, str], why: str
) -> None:
    twilio = LocalTwilio()
    actions = [{"type": "QUICK_REPLY", "title": each, "id": each} for each in titles]
    types = {QUICK: {"body": "{{1}}", "actions": actions}}
    content = twilio.contents.add("x", "nl", types, {}, twilio.now())
    code, said = trouble(content, shown(content, values), values)
    assert (why in said) if why else (code, said) == (0, "")
    assert bool(code) is bool(why)


async def test_the_library_pages_through_content_and_messages(twilio: LocalTwilio) -> None:
    for number in range(5):
        twilio.add_template(f"t{number}", "nl", "Er is nieuws.", status="approved")
        await create(twilio, GOOD | {"Body": f"bericht {number}"})
    base = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    first = (await ask(twilio, "GET", f"{base}?PageSize=2")).json()
    assert [each["body"] for each in first["messages"]] and first["next_page_uri"]
    seen = [each["body"] for each in first["messages"]]
    while first["next_page_uri"]:
        first = (await ask(twilio, "GET", first["next_page_uri"])).json()
        seen += [each["body"] for each in first["messages"]]
    assert sorted(seen) == [f"bericht {number}" for number in range(5)]
    page = (await ask(twilio, "GET", "/v1/ContentAndApprovals?PageSize=3")).json()
    assert len(page["contents"]) == 3 and page["meta"]["next_page_url"]
    assert page["contents"][0]["approval_requests"]["status"] == "approved"


@pytest.mark.parametrize(
    "body",
    [
        {"types": {"twilio/text": {"body": "x"}}},
        {"language": "nl", "types": {}},
        {"language": "nl", "types": {"twilio/gossip": {"body": "x"}}},
        {"language": "nl", "types": {"twilio/text": {"text": "x"}}},
        {"language": "nl", "types": {"twilio/quick-reply": {"body": "x", "actions": []}}},
        {"language": "nl", "colour": "red", "types": {"twilio/text": {"body": "x"}}},
        {"language": "nl", "variables": {"1": 2}, "types": {"twilio/text": {"body": "x"}}},
    ],
)
async def test_content_of_another_shape_than_published_is_refused(
    twilio: LocalTwilio, body: dict[str, Any]
) -> None:
    answer = await ask(twilio, "POST", "/v1/Content", content=json.dumps(body))
    assert answer.status_code == 400 and not twilio.contents.all


async def test_what_a_line_would_be_punished_for_is_noted(
    twilio: LocalTwilio, clock: HandClock
) -> None:
    twilio.connect("http://127.0.0.1:1", HOOKS)
    twilio.limits.tier = 1
    twilio.resident_misses(ANNA, "stop")
    twilio.resident_misses(BEN, "hallo")
    for body in ("Je krijgt niets meer.", "Toch nog iets"):
        await create(twilio, GOOD | {"Body": body})
    assert _noted(twilio) == ["to who said stop"]
    for _ in range(2):
        await create(twilio, GOOD | {"To": BEN, "Body": f"Bel {ANNA[9:12]} 470 000 001"})
    foreign, again = "the number of another resident", "the same again"
    assert _noted(twilio)[1:] == [foreign, again, foreign]
    for number in range(9):
        await create(twilio, GOOD | {"To": BEN, "Body": f"bericht {number}"})
    assert _noted(twilio)[4:] == ["faster than one in 6 seconds to one person"]
    content = twilio.add_template("news", "nl", "Er is nieuws.")
    for number in range(2):
        to = {"To": f"whatsapp:+3247200000{number}", "From": twilio.sender}
        await create(twilio, to | {"ContentSid": content.sid})
    assert _noted(twilio)[5:] == [] and twilio.limits.over_tier == 1


async def test_receipts_come_shuffled_and_twice(
    twilio: LocalTwilio, living: Adapter, port: RecordingPort
) -> None:
    twilio.receipts.shuffled = twilio.receipts.doubled = twilio.receipts.reads = True
    await twilio.resident_says(ANNA, "hallo")
    for number in range(6):
        fields = {"Body": f"{number}", "StatusCallback": f"{HOOKS}/status"}
        await create(twilio, GOOD | fields)
    await twilio.receipts_rest()
    orders = [
        tuple(status for sid, status, _ in twilio.callbacks if sid == message.sid)
        for message in twilio.messages
    ]
    assert len(set(orders)) > 1
    assert all(len(order) == 6 and set(order) == {"sent", "delivered", "read"} for order in orders)


async def test_twilio_obeys_stop_itself_when_told_to(twilio: LocalTwilio) -> None:
    twilio.advanced_opt_out = True
    twilio.connect("http://127.0.0.1:1", HOOKS)
    twilio.resident_misses(ANNA, "STOP")
    refused = await create(twilio, GOOD)
    assert refused.json()["code"] == 21610 and twilio.own_replies == [(ANNA, "STOP")]
    twilio.resident_misses(ANNA, "start")
    assert (await create(twilio, GOOD)).status_code == 201


def _noted(twilio: LocalTwilio) -> list[str]:
    return [each.partition(":")[0] for each in twilio.violations]
