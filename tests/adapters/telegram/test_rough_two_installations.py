"""What happens when two installations on one machine are given the same token?

Real processes, each with a folder of its own. Without the lock both would poll in turn, and each
message would reach one of them by chance.
"""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.house import config_for
from tests.adapters.telegram.whole import ANN, BEN, new_sqlite
from tests.many import Served, processes, write_config
from wijkbot.clock import Clock
from wijkbot_telegram.options import read_options
from wijkbot_telegram.turnstile import AnotherInstallation, Turnstile

QUESTION = "wanneer is het spreekuur?"


def _installation(folder: Path, api: LocalBotApi) -> Path:
    folder.mkdir()
    return write_config(folder, new_sqlite(folder), api)


async def _health(served: Served) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{served.base_url}/health")
    found: dict[str, Any] = answer.json()["channels"]["buurt"]
    return found


async def test_second_installation_waits_says_why_and_takes_over_after_a_kill(
    tmp_path: Path,
) -> None:
    async with LocalBotApi(start=Clock().now_ms() // 1000) as api:
        first = _installation(tmp_path / "one", api)
        second = _installation(tmp_path / "two", api)
        async with processes(first, "all") as (one,):
            api.user_says(ANN, ANN, QUESTION)
            await api.wait_sent(ANN, 1)
            async with processes(second, "all") as (two,):
                health = await _health(two)
                assert (False, "AnotherInstallation") == (health["ok"], health["detail"])
                assert "on this machine" in health["remedy"]
                for _ in range(3):
                    api.user_says(ANN, ANN, QUESTION)
                await api.wait_sent(ANN, 4)
                assert (await _health(one))["ok"]
                assert [] == [text for name, text in api.refused if name == "getUpdates"]
                log = two.log.read_text(encoding="utf-8")
                assert "AnotherInstallation" in log
                assert api.token not in log and api.token.partition(":")[2] not in log
                one.process.kill()
                await one.process.wait()
                api.user_says(BEN, BEN, QUESTION)
                await api.wait_sent(BEN, 1, 40)
                assert (await _health(two))["ok"]


@pytest.fixture
def turnstiles(api: LocalBotApi, tmp_path: Path) -> tuple[Turnstile, Turnstile, Turnstile]:
    """Of two installations, and a second one of the first of them."""
    options = read_options(config_for(api))
    return (
        Turnstile(options, str(tmp_path / "one")),
        Turnstile(options, str(tmp_path / "two")),
        Turnstile(options, str(tmp_path / "one")),
    )


async def test_lock_is_of_one_installation_and_its_file_tells_nothing(
    api: LocalBotApi, turnstiles: tuple[Turnstile, Turnstile, Turnstile]
) -> None:
    one, two, sister = turnstiles
    try:
        one.take()
        sister.take()
        with pytest.raises(AnotherInstallation):
            two.take()
        secret = api.token.partition(":")[2]
        written = one.path.read_text(encoding="utf-8")
        assert secret not in str(one.path) and secret not in written
        assert str(one.path.parent) not in written, "nor where the installation is"
        assert 0o600 == stat.S_IMODE(one.path.stat().st_mode)
        one.release()
        two.take()
    finally:
        for each in turnstiles:
            each.release()
        one.path.unlink()


async def test_other_server_or_token_is_another_lock(api: LocalBotApi) -> None:
    options = read_options(config_for(api))
    other = read_options(config_for(api, token="7000000002:AAF-plainly_other_token"))
    elsewhere = read_options(config_for(api, base_url="http://127.0.0.1:9/bot"))
    paths = {Turnstile(one, "here").path for one in (options, other, elsewhere)}
    assert 3 == len(paths)


async def test_file_of_another_user_locks_nobody_out(
    turnstiles: tuple[Turnstile, Turnstile, Turnstile],
) -> None:
    """It cannot be opened, so Telegram alone can tell the two apart."""
    one, *_ = turnstiles
    one.path.unlink(missing_ok=True)  # of an earlier Bot API at the same port
    one.path.symlink_to("/nonexistent")
    try:
        one.take()
        await asyncio.sleep(0)
        one.release()
    finally:
        one.path.unlink()
