"""Does the token, or the webhook's secret, ever stand where somebody could read it?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.whole import ANN, new_sqlite
from tests.many import processes, write_config
from wijkbot.clock import Clock
from wijkbot_telegram.options import _derived_secret


async def test_no_output_of_a_run_with_faults_holds_the_token(tmp_path: Path) -> None:
    """Logs, errors, traces, health and metrics of a process that meets every trouble."""
    start = Clock().now_ms() // 1000
    async with LocalBotApi(start=start) as api:
        token = api.token
        config = write_config(tmp_path, new_sqlite(tmp_path), api)
        told = await _troubled(api, config)
        api.violations.clear()
    assert "telegram_receive_failed" in told and "settled" in told
    secret = _derived_secret("buurt", token)
    for hidden in (token, token.partition(":")[2], secret, str(ANN) + ":", "spreekuur"):
        assert hidden not in told, hidden
    assert str(api.world.bot_id) not in told


async def _troubled(api: LocalBotApi, config: Path) -> str:
    """All that a process says on the way from one trouble to the next."""
    told = []
    async with processes(config, "all") as (served,), httpx.AsyncClient(trust_env=False) as web:
        api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        await api.wait_sent(ANN, 1, 30)
        api.fail("getUpdates", 502, "Bad Gateway")
        api.lose_answer("getUpdates")
        api.fail("sendMessage", 500, "Internal Server Error")
        api.lose_answer("sendMessage")
        api.queue.again(ANN, {"update_id": 879_000_000, "message": {"message_id": "?"}})
        api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        await api.wait_sent(ANN, 2, 60)
        api.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
        api.user_says(ANN, ANN, "hallo")
        await api.wait_refused("getUpdates", 60)
        for path in ("/health", "/metrics", "/hooks/buurt/update", "/hooks/nobody/update"):
            for method in ("GET", "POST"):
                answer = await web.request(method, f"{served.base_url}{path}")
                told.append(answer.text + str(answer.headers))
        api.revoke_token()
        api.user_says(ANN, ANN, "hallo")
        await asyncio.sleep(2)
        served.process.terminate()
        async with asyncio.timeout(20):
            await served.process.wait()
        assert served.process.stdout is not None
        told.append((await served.process.stdout.read()).decode())
        told.append(served.log.read_text(encoding="utf-8"))
    return "\n".join(told)
