"""The local Bot API, and an adapter that polls it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.house import RecordingPort, config_for
from wijkbot.adapter_api import Adapter
from wijkbot_telegram.adapter import create


@pytest.fixture
async def api() -> AsyncIterator[LocalBotApi]:
    async with LocalBotApi() as server:
        yield server


@pytest.fixture
def port() -> RecordingPort:
    return RecordingPort()


@pytest.fixture
async def idle(api: LocalBotApi) -> AsyncIterator[Adapter]:
    """An adapter that was not started: it can send."""
    adapter = create(config_for(api))
    yield adapter
    await adapter.stop()


@pytest.fixture
async def polling(api: LocalBotApi, port: RecordingPort, idle: Adapter) -> AsyncIterator[Adapter]:
    """An adapter that receives by polling."""
    await idle.start(port)
    yield idle
    await idle.stop()
