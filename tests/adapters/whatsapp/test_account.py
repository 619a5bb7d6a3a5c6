"""Is the account's word used where it must be, nowhere else, and its trouble told?"""

from __future__ import annotations

import pytest

from tests.adapters.whatsapp.house import ANNA, HandClock, config_for
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import Adapter, Message, Reason, Refused, Unsupported
from wijkbot_whatsapp import client
from wijkbot_whatsapp.adapter import create

HELLO = Message("1", "Dag Anna")


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


async def test_media_are_fetched_with_the_account_s_word(
    idle: Adapter, twilio: LocalTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = twilio.medium("photo", b"pixels")
    assert await idle.fetch_media(address) == b"pixels"
    # What a webhook carries names Twilio itself, also when a proxy stands in between.
    named = address.replace(twilio.base_url, "https://api.twilio.com")
    assert await idle.fetch_media(named) == b"pixels"
    assert isinstance(await idle.fetch_media(address + "x"), Unsupported)
    async with LocalTwilio() as elsewhere:
        elsewhere.medium("photo", b"pixels")
        assert isinstance(await idle.fetch_media(f"{elsewhere.base_url}/cdn/photo"), Unsupported)
    monkeypatch.setattr(client, "MAX_MEDIA", 5)
    assert isinstance(await idle.fetch_media(address), Unsupported)


async def test_the_account_s_word_does_not_travel_along(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    address = twilio.medium("photo", b"pixels")
    assert await idle.fetch_media(address) == b"pixels"
    assert twilio.shown_at_media == [""]
    async with LocalTwilio() as elsewhere:
        elsewhere.medium("photo", b"pixels")
        twilio.media_host = elsewhere.base_url
        assert isinstance(await idle.fetch_media(address), Unsupported)
    assert elsewhere.shown_at_media == []
