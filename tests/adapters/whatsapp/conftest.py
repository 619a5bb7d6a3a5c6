"""The local Twilio, an adapter that speaks with it, and the two connected."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import HandClock, config_for, connect, web_door
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import Adapter
from wijkbot_whatsapp.adapter import create


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def port() -> RecordingPort:
    return RecordingPort()


@pytest.fixture
async def twilio(clock: HandClock) -> AsyncIterator[LocalTwilio]:
    async with LocalTwilio(now=clock) as server:
        yield server


@pytest.fixture
async def idle(twilio: LocalTwilio, clock: HandClock) -> AsyncIterator[Adapter]:
    """An adapter that was not started."""
    adapter = create(config_for(twilio.options(), clock))
    yield adapter
    await adapter.stop()


@pytest.fixture
async def living(
    twilio: LocalTwilio, port: RecordingPort, idle: Adapter
) -> AsyncIterator[Adapter]:
    """An adapter that was started, with Twilio's webhooks coming in."""
    await idle.start(port)
    async with web_door(idle, port) as hook_base:
        connect(twilio, hook_base)
        yield idle
