"""Is the account's word used where it must be, nowhere else, and its trouble told?"""

from __future__ import annotations

import pytest

from tests.adapters.whatsapp.house import ANNA, HOOKS, HandClock, config_for
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import Adapter, Message, Reason, Refused
from wijkbot_whatsapp.adapter import create
from wijkbot_whatsapp.wire import ForeignAddress, Wire

HELLO = Message("1", "Dag Anna", heard_at=HandClock().at)


async def test_a_wrong_token_is_the_account_s_trouble(
    twilio: LocalTwilio, clock: HandClock
) -> None:
    adapter = create(config_for(twilio.options(auth_token="another"), clock))
    result, health = await adapter.send(ANNA, HELLO), await adapter.health()
    await adapter.stop()
    assert isinstance(result, Refused)
    assert (result.reason, result.whole_account) == (Reason.CONFIG, True)
    assert not health.ok and "auth_token" in health.remedy


async def test_health_is_the_account_s(idle: Adapter, twilio: LocalTwilio) -> None:
    assert (await idle.health()).ok
    twilio.account_status = "suspended"
    assert not (await idle.health()).ok


async def test_when_all_is_well_health_says_where_messages_come_in(idle: Adapter) -> None:
    health = await idle.health()
    assert (health.ok, health.remedy) == (True, "")
    assert health.detail == f"messages come in at {HOOKS}/message#rc=5&rp=all"


async def test_all_words_of_the_account_are_secret(twilio: LocalTwilio, clock: HandClock) -> None:
    more = {"auth_token_old": "the-word-before", "webhook_key": "a-shared-word"}
    adapter = create(config_for(twilio.options(**more), clock))
    words = {twilio.account_sid, twilio.auth_token, *more.values()}
    assert set(adapter.secrets()) == words
    await adapter.stop()


async def test_an_answer_that_points_elsewhere_is_not_followed(
    twilio: LocalTwilio, clock: HandClock
) -> None:
    """The next page of a list is fetched with the account's word: at Twilio only."""
    wire = Wire(twilio.base_url)
    with pytest.raises(ForeignAddress):
        wire.request("GET", "https://elsewhere.example/v1/Content?Page=1", auth=("AC", "word"))
    for service in ("api", "content", "messaging"):
        address = f"https://{service}.twilio.com/v1/Content"
        assert wire.at_server(address) == f"{twilio.base_url}/v1/Content"
    wire.close()
