"""Do several processes on one PostgreSQL answer as one bot, also when one of them dies?"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.many import Served, fresh_database, processes, write_config
from wijkbot.app.roles import Role, role_of
from wijkbot.cli.serving import serve
from wijkbot.settings import SettingsError, settings_from

ANN = 42
QUESTION = "ik kan mijn huur niet betalen"


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as made:
        yield made


@pytest.fixture
async def api() -> AsyncIterator[LocalBotApi]:
    async with LocalBotApi() as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, url: str, api: LocalBotApi) -> Path:
    return write_config(tmp_path, url, api)


async def _asked(api: LocalBotApi, *, answers: int) -> None:
    """Ann asks something; by then so many messages stand in her chat."""
    api.user_says(ANN, ANN, QUESTION)
    await api.wait_sent(ANN, answers, seconds=20)
    await asyncio.sleep(0.7)
    assert answers == len(api.sent(ANN)), "answered twice"


def _polls(api: LocalBotApi) -> int:
    return len(api.calls_of("getUpdates"))


async def _home_of(api: LocalBotApi, both: tuple[Served, ...]) -> Served:
    """The one of the two that polls."""
    async with asyncio.timeout(10):
        while not _polls(api):  # it was just started
            await asyncio.sleep(0.02)
    (home,) = [one for one in both if one.is_home]
    assert 1 == _polls(api)
    return home


async def test_when_the_home_is_killed_the_other_answers(config: Path, api: LocalBotApi) -> None:
    """Exactly one of two polls; after kill -9 the other one does, and nothing is lost."""
    async with processes(config, "all", "all") as both:
        home = await _home_of(api, both)
        await _asked(api, answers=1)
        home.process.send_signal(signal.SIGKILL)
        await home.process.wait()
        await _asked(api, answers=2)
        assert [] == [said for method, said in api.refused if method == "getUpdates"]


async def test_home_that_stops_hands_over_at_once(config: Path, api: LocalBotApi) -> None:
    """The lease would last a minute; the next one polls within two seconds of a clean end."""
    async with processes(config, "all", "all", ttl_ms=60_000) as both:
        home = await _home_of(api, both)
        home.process.send_signal(signal.SIGTERM)
        assert 0 == await asyncio.wait_for(home.process.wait(), 10)
        async with asyncio.timeout(2):
            while 1 == _polls(api):
                await asyncio.sleep(0.05)
        await _asked(api, answers=1)


async def test_three_roles_are_one_bot(config: Path, api: LocalBotApi) -> None:
    """The web process receives, the engine decides, the sender sends."""
    async with processes(config, "web", "engine", "sender") as (web, engine, sender):
        everyone = (web, engine, sender)
        assert [True, False, False] == [one.is_home for one in everyone]
        await _asked(api, answers=1)
        assert [200, 200, 200] == [await one.get("/health") for one in everyone]
        assert [200, 404, 404] == [await one.get("/static/front.css") for one in everyone]
        logs = [one.log.read_text(encoding="utf-8") for one in everyone]
        assert [True, False, False] == ["'accepted'" in log for log in logs]
        assert [False, False, True] == ["'settled'" in log for log in logs]


async def test_paused_home_does_not_disturb_the_one_after_it(
    config: Path, api: LocalBotApi
) -> None:
    """A home that slept through its lease is followed, and is no home when it wakes."""
    async with processes(config, "all", "all") as both:
        home = await _home_of(api, both)
        home.process.send_signal(signal.SIGSTOP)
        await _asked(api, answers=1)
        home.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(1)
        await _asked(api, answers=2)
        assert "home-left" in home.log.read_text(encoding="utf-8")
        assert 200 == await home.get("/health")


def test_a_part_of_the_work_needs_postgresql(tmp_path: Path) -> None:
    """On SQLite --role web is refused in one line that names the setting."""
    config = write_config(tmp_path, "sqlite:///wijkbot.db", LocalBotApi())
    with pytest.raises(SettingsError, match=r'--role: "web" needs PostgreSQL.*\[database\] url'):
        serve(config, "web")


def test_a_sandbox_lives_in_one_process() -> None:
    """Its world is in memory, so neither a part of it nor PostgreSQL makes sense."""
    raw: dict[str, Any] = {
        "organisation": {"name": "De Brug", "country": "BE"},
        "channels": {"proef": {"adapter": "sandbox"}},
    }
    assert Role.ALL is role_of("all", settings_from(raw))
    raw["database"] = {"url": "postgresql://wijkbot@localhost/wijkbot"}
    with pytest.raises(SettingsError, match="a sandbox lives in one process"):
        role_of("all", settings_from(raw))
