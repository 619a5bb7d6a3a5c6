"""Does the bot outlive a PostgreSQL that is away, without losing what a resident wrote?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.living import free_port, living_bot
from tests.many import away, fresh_database

ANN = 42
QUESTION = "ik kan mijn huur niet betalen"


@pytest.mark.parametrize("receive", ["polling", "webhook"])
async def test_what_is_written_meanwhile_is_answered_once(
    postgres_url: str, tmp_path: Path, receive: str
) -> None:
    """The health is 503, a webhook gets 503 and Retry-After, and all go on when it is back."""
    port = free_port()
    with fresh_database(postgres_url) as url:
        async with (
            LocalBotApi() as api,
            living_bot(
                tmp_path,
                _channel(api, receive),
                port=port,
                extra={"database": {"url": url}},
            ) as living,
            httpx.AsyncClient(base_url=living.base_url, trust_env=False) as client,
        ):
            api.user_says(ANN, ANN, QUESTION)
            await api.wait_sent(ANN, 1, seconds=20)
            await asyncio.sleep(1)  # the answer is settled by then
            with away(postgres_url, url):
                assert 503 == (await client.get("/health")).status_code
                api.user_says(ANN, ANN, QUESTION)
                await asyncio.sleep(3)
                assert 1 == len(api.queue.pending), "it must stay with the platform"
                if receive == "webhook":
                    assert 503 == api.queue.deliveries[-1][0]
            await api.wait_sent(ANN, 2, seconds=30)
            assert 200 == (await client.get("/health")).status_code
            await asyncio.sleep(0.7)
            assert 2 == len(api.sent(ANN))


def _channel(api: LocalBotApi, receive: str) -> dict[str, dict[str, Any]]:
    return {
        "buurt": {
            "adapter": "telegram",
            "token": api.token,
            "base_url": api.base_url,
            "base_file_url": api.base_file_url,
            "receive": receive,
        }
    }
