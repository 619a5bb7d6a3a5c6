"""Does the sandbox keep what every adapter promises?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.adapters.contract import AdapterContract
from tests.adapters.telegram.house import RecordingPort
from wijkbot.adapter_api import ChannelConfig, Clockwork
from wijkbot_sandbox.adapter import SandboxAdapter, create
from wijkbot_sandbox.world import BOT, RESIDENTS, private_chat

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class SandboxStage:
    adapter: SandboxAdapter
    port: RecordingPort
    chat: str = private_chat(RESIDENTS[0].id)
    fetches: bool = False

    async def say(self, text: str) -> None:
        """Typed on the page of a pretend app that is not open."""
        with pytest.raises(RuntimeError, match="not started"):
            await self.adapter.say(RESIDENTS[0].id, self.chat, text)

    async def shown(self) -> Sequence[str]:
        return [line.text for line in self.adapter.world.lines(self.chat) if line.author == BOT]


@pytest.fixture
def stage() -> SandboxStage:
    clock = Clockwork(lambda: NOON, lambda _seconds: None, lambda: None)
    config = ChannelConfig(
        name="wijk",
        organisation="Buurthuis De Brug",
        public_url="http://127.0.0.1:8080",
        data_dir="",
        options={"title": "Zonnewijk", "gettext": str, "clock": clock},
        now=lambda: NOON,
    )
    return SandboxStage(create(config), RecordingPort())


class TestSandbox(AdapterContract):
    """All of them."""
