"""Does the local Twilio refuse what the real one refuses, and sign what it brings?"""

from __future__ import annotations

import httpx
import pytest

from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import ANNA, HOOKS, HandClock
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import Adapter, EventKind

GOOD = {"To": ANNA, "From": "whatsapp:+3212345678", "Body": "hallo"}


async def create(twilio: LocalTwilio, fields: dict[str, str], token: str = "") -> httpx.Response:
    url = f"{twilio.base_url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    auth = (twilio.account_sid, token or twilio.auth_token)
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, data=fields, auth=auth)


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
        ({"ContentSid": "HX" + "0" * 32}, 21619),
        ({"StatusCallback": "/hooks/status"}, 21609),
        ({"ValidityPeriod": "0"}, 21671),
        ({"ValidityPeriod": "36001"}, 21671),
        ({"Mediaurl": "x"}, 20001),
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


async def test_a_wrong_password_is_refused(twilio: LocalTwilio) -> None:
    answer = await create(twilio, GOOD, "another")
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_outside_the_window_it_is_taken_and_fails_afterwards(
    twilio: LocalTwilio, living: Adapter, port: RecordingPort, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    clock.move(hours=24)
    answer = await create(twilio, GOOD | {"StatusCallback": f"{HOOKS}/status"})
    assert (answer.status_code, answer.json()["status"]) == (201, "queued")
    assert await twilio.wait_callback(answer.json()["sid"], "failed") == 200
    assert port.events[-1].delivery_code == "63016"


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
