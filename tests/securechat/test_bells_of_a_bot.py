"""Is the team told outside by a bot that runs, where that was set?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.living import living_bot
from tests.prepared import prepared
from tests.securechat.post_office import Mail, Push, listening
from tests.securechat.room import running_chat
from wijkbot.app.run import running
from wijkbot_sandbox.adapter import SandboxAdapter


async def _heard(push: Push | Mail) -> None:
    async with asyncio.timeout(20):
        while not (push.heard if isinstance(push, Push) else push.letters):
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wijkbot.app.alarm_bell.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("wijkbot.app.secure_bell.LOOK_SECONDS", 0.1)


async def test_a_cry_is_told_where_the_settings_say(tmp_path: Path) -> None:
    push = Push()
    async with listening(push):
        crisis = {"on_call": "external", "alert_url": f"http://127.0.0.1:{push.port}/"}
        channels = {"wijk": {"adapter": "sandbox"}}
        async with living_bot(tmp_path, channels, extra={"crisis": crisis}) as living:
            adapter = living.bot.adapters["wijk"]
            assert isinstance(adapter, SandboxAdapter)
            await adapter.say("fien", "private", "ik wil niet meer leven")
            await _heard(push)
    assert [("red", 1)] == [(told["colour"], told["count"]) for told in push.heard]


@pytest.mark.parametrize("way", ["web", "mail"])
async def test_who_waits_in_the_chat_is_told_where_the_settings_say(
    tmp_path: Path, secure_sqlite: Path, way: str
) -> None:
    copied = tmp_path / "wijkbot.db"
    copied.write_bytes(secure_sqlite.read_bytes())
    taker = Push() if way == "web" else Mail()
    async with listening(taker):
        here = f"127.0.0.1:{taker.port}"
        mail = {"smtp_url": f"smtp://{here}", "notify_email": "team@example.org"}
        chosen = {"notify_url": f"http://{here}/"} if way == "web" else mail
        async with running_chat(f"sqlite:///{copied}", tmp_path, **chosen) as chat:
            await prepared(chat.bot)
            async with running(chat.bot):
                await chat.resident()
                await _heard(taker)
