"""How does a test run the command of an organisation? As a process of its own, with a log."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.living import LivingBot
from tests.securechat.crew import Crew
from wijkbot.app.assemble import assemble, ensure_key, ensure_schema, make_adapters, open_house
from wijkbot.clock import Clock
from wijkbot.settings import load_settings

_SERVE = """
import logging, sys
from pathlib import Path
if sys.argv[2]:
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
    logging.debug(sys.argv[2])
from wijkbot.cli.serving import serve
serve(Path(sys.argv[1]), "all", 0)
"""


@asynccontextmanager
async def served(folder: Path, url: str, said: str = "") -> AsyncIterator[Crew]:
    """``wijkbot serve`` on that database, or on a file; no team yet.

    What it says stands in ``serve.log``; with ``said``, which stands before it, all that its
    libraries can say.
    """
    async with AsyncExitStack() as stack:
        channel = 'adapter = "sandbox"'
        if url:  # where a sandbox cannot be
            api = await stack.enter_async_context(LocalBotApi())
            channel = f"""adapter = "telegram"
token = "{api.token}"
base_url = "{api.base_url}"
base_file_url = "{api.base_file_url}\""""
        config = folder / "wijkbot.toml"
        config.write_text(_settings(url, channel), encoding="utf-8")
        settings, clock = load_settings(config), Clock()
        ensure_key(folder, clock)
        ensure_schema(settings, folder)
        base_url = await stack.enter_async_context(_process(config, said))
        house = await open_house(settings, folder, clock)
        stack.push_async_callback(house.database.close)
        bot = assemble(house, make_adapters(settings, folder, clock), folder)
        yield Crew(LivingBot(bot, base_url, folder), stack)


def _settings(url: str, channel: str) -> str:
    database = f'[database]\nurl = "{url}"\n' if url else ""
    return f"""
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "http://127.0.0.1:1"
{database}
[secure_chat]
kind = "builtin"
proxies = 1
[channels.buurt]
{channel}
"""


@asynccontextmanager
async def _process(config: Path, said: str) -> AsyncIterator[str]:
    log = config.with_name("serve.log")
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _SERVE, str(config), said),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdout is not None
    try:
        told = (await process.stdout.readline()).decode()
        assert " on port " in told, log.read_text(encoding="utf-8")[-2000:]
        base_url = f"http://127.0.0.1:{told.rpartition(' on port ')[2].strip(' .' + os.linesep)}"
        await _answers(base_url)
        yield base_url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(base_url: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            with suppress(httpx.ConnectError):
                await client.get(f"{base_url}/health")
                return
            await asyncio.sleep(0.1)
