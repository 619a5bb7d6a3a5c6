"""Are files fetched with care, and do those of residents disappear from Twilio?"""

from __future__ import annotations

import pytest

from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import ANNA
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.test_arrivals import health_with, until
from wijkbot.adapter_api import Adapter, Unsupported
from wijkbot_whatsapp import client, media


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "REST_SECONDS", 0.05)


async def test_media_are_fetched_with_the_account_s_word_and_deleted_after_use(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    address = twilio.medium("photo", b"pixels")
    # What a webhook carries names Twilio itself, also when a proxy stands in between.
    named = address.replace(twilio.base_url, "https://api.twilio.com")
    assert await idle.fetch_media(named) == b"pixels"
    await until(lambda: twilio.media_deleted == ["photo"])
    assert isinstance(await idle.fetch_media(address), Unsupported)


async def test_what_is_too_large_of_another_type_or_elsewhere_is_not_fetched(
    idle: Adapter, twilio: LocalTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = twilio.medium("photo", b"pixels")
    page = twilio.medium("page", b"<html>", "text/html")
    assert isinstance(await idle.fetch_media(address + "x"), Unsupported)
    assert isinstance(await idle.fetch_media(page), Unsupported)
    async with LocalTwilio() as elsewhere:
        elsewhere.medium("photo", b"pixels")
        assert isinstance(await idle.fetch_media(f"{elsewhere.base_url}/cdn/photo"), Unsupported)
    monkeypatch.setattr(client, "MAX_MEDIA", 5)
    assert isinstance(await idle.fetch_media(address), Unsupported)
    assert twilio.media_deleted == []


async def test_the_account_s_word_does_not_travel_along(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    address = twilio.medium("photo", b"pixels")
    assert await idle.fetch_media(address) == b"pixels"
    assert twilio.shown_at_media == [""]
    another = twilio.medium("another", b"pixels")
    async with LocalTwilio() as elsewhere:
        elsewhere.medium("another", b"pixels")
        twilio.media_host = elsewhere.base_url
        assert isinstance(await idle.fetch_media(another), Unsupported)
    assert elsewhere.shown_at_media == []


@pytest.mark.parametrize("kind", ["audio/ogg", "image/jpeg", "application/pdf"])
async def test_what_a_resident_sends_is_stored_nowhere_and_taken_away_from_twilio(
    living: Adapter, twilio: LocalTwilio, port: RecordingPort, kind: str
) -> None:
    await twilio.resident_sends(ANNA, "file", kind, text="kijk eens")
    assert len(port.events) == 1
    await until(lambda: twilio.media_deleted == ["file"])
    assert twilio.shown_at_media == []
    assert (await living.health()).ok


async def test_what_cannot_be_taken_away_is_told_and_tried_again(
    living: Adapter, twilio: LocalTwilio, port: RecordingPort
) -> None:
    twilio.fail_next_call("DeleteMedia", 500, 20500)
    await twilio.resident_sends(ANNA, "file", "image/jpeg")
    health = await health_with(living, "still at Twilio: 1")
    assert health.ok and health.remedy
    await living.stop_receiving()
    await living.start(port)
    await until(lambda: twilio.media_deleted == ["file"])
    await health_with(living, "messages come in")


async def test_a_file_that_is_gone_already_is_no_trouble(
    living: Adapter, twilio: LocalTwilio
) -> None:
    url = twilio.medium("file", b"bytes")
    for _ in range(2):
        await twilio.resident_says(ANNA, "", NumMedia="1", MediaUrl0=url)
    await until(lambda: twilio.media_deleted == ["file"])
    await until(lambda: twilio.refused)
    assert "files" not in (await living.health()).detail


async def test_an_address_elsewhere_is_not_called_with_the_account_s_word(
    living: Adapter, twilio: LocalTwilio
) -> None:
    """Only the two names in it are read, and asked of Twilio."""
    other = f"https://elsewhere.example/Messages/MM{'0' * 32}/Media/ME{'0' * 32}"
    await twilio.resident_says(ANNA, "", NumMedia="1", MediaUrl0=other)
    await until(lambda: twilio.refused)
    assert {call.method for call in twilio.calls} == {"DELETE"}
