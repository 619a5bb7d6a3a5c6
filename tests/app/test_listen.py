"""Does listening leave nothing but a class for a human, and silence where a neighbour answers?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.living import LivingBot, living_bot
from wijkbot.app.alarm_bell import colour_of, ring
from wijkbot.app.peer_first import answer_due
from wijkbot.settings import SettingsError, settings_from
from wijkbot.storage import alerts, chats, tables
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP

CHANNELS = {"wijk": {"adapter": "sandbox"}}
LISTENING: dict[str, Any] = {
    "policy": {"group_activation": "invite", "pointer": "", "mode": "listen", "trial_days": 0},
    "go_live": {"dpia_date": "2026-11-01", "vote_date": "2026-11-10"},
}
QUESTION = "waar is de voedselbank?"


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


def _said(living: LivingBot) -> list[str]:
    return [n.text for n in _adapter(living).world.lines(GROUP) if n.author == "wijkbot"]


async def _until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail(what)


async def _voted(living: LivingBot) -> None:
    """The group is there, and voted for listening."""
    await _until(lambda: len(_said(living)) == 1, "it introduces itself")
    (group,) = await living.bot.house.database.read(chats.groups)
    await living.bot.house.database.write(lambda c: chats.configure(c, group.id, mode="listen"))


async def _open(living: LivingBot) -> list[alerts.Alert]:
    house = living.bot.house
    now_ms = house.clock.now_ms()
    return await house.database.read(lambda c: alerts.open_ones(c, house.sealer, now_ms))


async def _due(living: LivingBot, minutes: float = 11) -> int:
    living.bot.house.clock.shift(minutes * 60)
    count = await answer_due(living.bot.house)
    living.bot.wakes.queued.set()
    await asyncio.sleep(1)
    return count


def _settings(**changed: Any) -> Any:
    whole = {
        "organisation": {"name": "De Brug", "country": "BE"},
        "channels": CHANNELS,
        **LISTENING,
    }
    return settings_from({**whole, **changed})


@pytest.mark.parametrize("missing", ["dpia_date", "vote_date"])
def test_listening_needs_a_vote_and_a_dpia(missing: str) -> None:
    assert "listen" == _settings().policy.mode
    left = {key: day for key, day in LISTENING["go_live"].items() if key != missing}
    with pytest.raises(SettingsError, match=missing):
        _settings(go_live=left)


async def test_cry_in_a_listening_group_reaches_a_human_and_nobody_else(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=LISTENING) as living:
        await _voted(living)
        await _adapter(living).say("momo", "group", "ik wil niet meer leven, kanarie77")
        await asyncio.sleep(1)
        assert 1 == len(_said(living)), "no card, no word in the group"
        (alert,) = await _open(living)
        assert ("crisis_suicide", "red") == (alert.label, colour_of(alert.label))
        assert alert.link.endswith("/sandbox/wijk/")
        waiting = await living.bot.house.database.read(
            lambda c: list(c.execute(select(tables.inbox.c.external_id)))
        )
        assert len(waiting) <= 1, "nothing of the message waits anywhere"
        for path in tmp_path.iterdir():
            assert b"kanarie77" not in path.read_bytes(), path.name
        living.bot.house.clock.shift(24 * 3600 + 1)
        assert [] == await _open(living)


async def test_group_that_did_not_vote_is_not_listened_to(tmp_path: Path) -> None:
    """The setting alone is not enough."""
    async with living_bot(tmp_path, CHANNELS, extra=LISTENING) as living:
        await _until(lambda: len(_said(living)) == 1, "it introduces itself")
        await _adapter(living).say("momo", "group", "ik wil niet meer leven")
        await _adapter(living).say("momo", "group", QUESTION)
        await asyncio.sleep(1)
        assert [] == await _open(living)
        assert 0 == await _due(living)


async def test_question_no_neighbour_answers_is_answered_after_ten_minutes(
    tmp_path: Path,
) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=LISTENING) as living:
        await _voted(living)
        await _adapter(living).say("momo", "group", QUESTION)
        await asyncio.sleep(0.5)
        assert 0 == await _due(living, minutes=9)
        assert 1 == len(_said(living))
        await _due(living, minutes=2)
        await _until(lambda: len(_said(living)) == 2, "the answer")
        assert "voedsel" in _said(living)[-1].lower()
        assert 0 == await _due(living), "once"


async def test_neighbour_who_writes_comes_first(tmp_path: Path) -> None:
    """Their own second message is no answer; anybody else's is."""
    async with living_bot(tmp_path, CHANNELS, extra=LISTENING) as living:
        await _voted(living)
        adapter = _adapter(living)
        await adapter.say("momo", "group", QUESTION)
        await adapter.say("vera", "group", "bij mij thuis, kom maar langs")
        await asyncio.sleep(0.5)
        assert 0 == await _due(living)
        assert 1 == len(_said(living))
        await adapter.say("momo", "group", QUESTION)
        await adapter.say("momo", "group", "iemand?")
        await asyncio.sleep(0.5)
        await _due(living)
        await _until(lambda: len(_said(living)) == 2, "nobody else wrote")


async def test_answer_nobody_asked_for_is_bound_like_news(tmp_path: Path) -> None:
    """One a day; quiet hours; silence."""
    async with living_bot(tmp_path, CHANNELS, extra=LISTENING) as living:
        await _voted(living)
        adapter = _adapter(living)
        for _ in range(2):
            await adapter.say("momo", "group", QUESTION)
            await asyncio.sleep(0.5)
            await _due(living)
        assert 2 == len(_said(living)), "the introduction and one answer"
        living.bot.house.clock.shift(timedelta(hours=36).total_seconds())  # late in the evening
        await adapter.say("momo", "group", QUESTION)
        await asyncio.sleep(0.5)
        assert 0 == await _due(living)


class Bell:
    """An address on this machine that takes alerts, or refuses them."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.is_open = True

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request: its JSON is kept while the bell is open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = int(head.lower().partition("content-length:")[2].split()[0])
        body = await reader.readexactly(size)
        if self.is_open:
            self.taken.append(json.loads(body))
        status = "200 OK" if self.is_open else "503 Service Unavailable"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


async def test_bell_tells_a_number_and_a_colour_and_tries_again(tmp_path: Path) -> None:
    on_call = {**LISTENING, "crisis": {"on_call": "external"}}
    async with living_bot(tmp_path, CHANNELS, extra=on_call) as living:
        await _voted(living)
        await _adapter(living).say("fien", "private", "ik wil niet meer leven")
        await _adapter(living).say("momo", "group", "er slaapt al dagen een man in de garage")
        await asyncio.sleep(1.5)
        assert 2 == len(await _open(living))
        bell = Bell()
        server = await asyncio.start_server(bell.answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server, httpx.AsyncClient() as client:
            bell.is_open = False
            assert 0 == await ring(living.bot.house, client, url)
            bell.is_open = True
            assert 2 == await ring(living.bot.house, client, url)
            assert 0 == await ring(living.bot.house, client, url)
        assert [{"colour": "red", "count": 2, "text": "2 meldingen, rood"}] == bell.taken


async def test_without_somebody_on_call_a_private_crisis_raises_no_alert(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=LISTENING) as living:
        await _adapter(living).say("fien", "private", "ik wil niet meer leven")
        await asyncio.sleep(1.5)
        assert [] == await _open(living)
