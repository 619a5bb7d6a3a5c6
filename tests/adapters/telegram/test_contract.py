"""Does Telegram keep what every adapter promises?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.adapters.contract import AdapterContract
from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.house import RecordingPort
from wijkbot.adapter_api import Adapter

ANNA = 42


@dataclass
class TelegramStage:
    adapter: Adapter
    port: RecordingPort
    api: LocalBotApi
    chat: str = str(ANNA)
    fetches: bool = True

    async def say(self, text: str) -> None:
        self.api.user_says(ANNA, ANNA, text)

    async def shown(self) -> Sequence[str]:
        sent = self.api.sent(ANNA)
        return [str(m.get("text") or m.get("caption", "")) for m in sent]


@pytest.fixture
def stage(idle: Adapter, port: RecordingPort, api: LocalBotApi) -> TelegramStage:
    api.user_says(ANNA, ANNA, "/start")
    api.queue.pending.clear()
    return TelegramStage(idle, port, api)


class TestTelegram(AdapterContract):
    """All of them."""


async def test_for_sending_neither_updates_nor_a_webhook_are_asked_for(
    stage: TelegramStage,
) -> None:
    """Only the home decides how updates come; every process knows its own name for links."""
    await stage.adapter.start_sending(stage.port)
    assert "t.me/wijkbot" in stage.adapter.private_link("")
    for method in ("getUpdates", "setWebhook", "deleteWebhook"):
        assert stage.api.calls_of(method) == []
