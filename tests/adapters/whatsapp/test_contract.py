"""Does WhatsApp keep what every adapter promises?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from tests.adapters.contract import AdapterContract
from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.house import ANNA, HandClock, config_for, connect, web_door
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import Adapter
from wijkbot_whatsapp.adapter import create


@dataclass
class WhatsAppStage:
    adapter: Adapter
    port: RecordingPort
    twilio: LocalTwilio
    chat: str = ANNA
    fetches: bool = False

    async def say(self, text: str) -> None:
        """Twilio brings it to the other process."""
        before = list(self.port.events)
        await self.twilio.resident_says(ANNA, text)
        assert len(self.port.events) == len(before) + 1
        self.port.events[:] = before

    async def shown(self) -> Sequence[str]:
        return [sent.body for sent in self.twilio.sent(ANNA)]


@pytest.fixture
async def stage(
    idle: Adapter, port: RecordingPort, twilio: LocalTwilio, clock: HandClock
) -> AsyncIterator[WhatsAppStage]:
    """Webhooks reach another process of the same house than the one under test."""
    web = create(config_for(twilio.options(), clock))
    await web.start_sending(port)
    async with web_door(web, port) as hook_base:
        connect(twilio, hook_base)
        yield WhatsAppStage(idle, port, twilio)
    await web.stop()


class TestWhatsApp(AdapterContract):
    """All of them: it also sends to whom only another process heard."""
