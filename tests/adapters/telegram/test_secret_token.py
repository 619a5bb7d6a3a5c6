"""Does the token, or the webhook's secret, ever stand where somebody could read it?"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from telegram.error import TelegramError

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.other_side import OtherSide, answer
from tests.adapters.telegram.whole import new_sqlite
from tests.many import processes, write_config
from wijkbot.clock import Clock
from wijkbot_telegram.options import _derived_secret
from wijkbot_telegram.transport import Transport

TOKEN = "7000000001:AAF-plainly_pretend_token_for_tests"
SOMEBODY = 917_342_501
"""So long that no hour or date beside it in a line looks the same."""


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
    for hidden in (token, token.partition(":")[2], secret, str(SOMEBODY) + ":", "spreekuur"):
        assert hidden not in told, hidden
    assert str(api.world.bot_id) not in told


async def _troubled(api: LocalBotApi, config: Path) -> str:
    """All that a process says on the way from one trouble to the next."""
    told = []
    async with processes(config, "all") as (served,), httpx.AsyncClient(trust_env=False) as web:
        api.user_says(SOMEBODY, SOMEBODY, "wanneer is het spreekuur?")
        await api.wait_sent(SOMEBODY, 1, 30)
        api.fail("getUpdates", 502, "Bad Gateway")
        api.lose_answer("getUpdates")
        api.fail("sendMessage", 500, "Internal Server Error")
        api.lose_answer("sendMessage")
        api.queue.again(SOMEBODY, {"update_id": 879_000_000, "message": {"message_id": "?"}})
        api.user_says(SOMEBODY, SOMEBODY, "wanneer is het spreekuur?")
        await api.wait_sent(SOMEBODY, 2, 60)
        api.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
        api.user_says(SOMEBODY, SOMEBODY, "hallo")
        await api.wait_refused("getUpdates", 60)
        for path in ("/health", "/metrics", "/hooks/buurt/update", "/hooks/nobody/update"):
            for method in ("GET", "POST"):
                answer = await web.request(method, f"{served.base_url}{path}")
                told.append(answer.text + str(answer.headers))
        api.revoke_token()
        api.user_says(SOMEBODY, SOMEBODY, "hallo")
        await asyncio.sleep(2)
        served.process.terminate()
        async with asyncio.timeout(20):
            await served.process.wait()
        assert served.process.stdout is not None
        told.append((await served.process.stdout.read()).decode())
        told.append(served.log.read_text(encoding="utf-8"))
    return "\n".join(told)


SPOILT: dict[str, Callable[[bytes], bytes | None]] = {
    "no answer": lambda _: None,
    "half an answer": lambda _: answer()[:-3],
    "no HTTP": lambda _: b"220 mail.example\r\n\r\n",
    "a header without an end": lambda _: answer(b"", "X: " + 9000 * "x"),
    "the address, packed wrongly": lambda asked: answer(asked, "Content-Encoding: gzip"),
    "the address as a way": lambda asked: answer(
        b"", f"Location: {asked.split()[1].decode()}", code=302
    ),
    "too late": lambda _: b"HTTP/1.1 200 OK\r\n",
}


@pytest.mark.parametrize("method", ["sendMessage", "getUpdates?offset=1"])
@pytest.mark.parametrize("name", SPOILT)
async def test_no_error_of_an_answer_tells_the_address(
    caplog: pytest.LogCaptureFixture, name: str, method: str
) -> None:
    with OtherSide(SPOILT[name]) as other:
        await _meets(caplog, other.url(f"bot{TOKEN}/{method}"))
        assert other.asked


@pytest.mark.parametrize(
    "where",
    ["http://127.0.0.1:{free}/", "https://127.0.0.1:{silent}/", "http://[::1/", "ftp://a/"],
)
async def test_no_error_on_the_way_tells_the_address(
    caplog: pytest.LogCaptureFixture, where: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        free = one.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = where.format(free=free, silent=silent.getsockname()[1])
        await _meets(caplog, f"{place}bot{TOKEN}/sendMessage")


async def test_no_error_of_a_proxy_tells_the_address(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OtherSide(lambda _: answer(b"", code=502)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        await _meets(caplog, f"https://telegram.invalid/bot{TOKEN}/sendMessage")
        assert proxy.asked


async def _meets(caplog: pytest.LogCaptureFixture, url: str) -> None:
    """A request that ends in an error, in which and beside which there is no token."""
    caplog.set_level(logging.DEBUG)
    assert not logging.getLogger("aiohttp.client").isEnabledFor(logging.CRITICAL)
    requests = Transport(1, read_seconds=0.3, connect_seconds=0.3, pool_seconds=0.3)
    with pytest.raises(TelegramError) as raised:
        await requests.post(url)
    await requests.shutdown()
    told, error = [caplog.text], raised.value
    assert error.__cause__ is None and error.__context__ is None
    told += [str(error), repr(error), repr(vars(error)), repr(requests)]
    assert TOKEN.partition(":")[2] not in "\n".join(told)
