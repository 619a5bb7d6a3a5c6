"""What does the bot do when its disk is full, and when there is room again?

The system refuses every write of the running process to a file (RLIMIT_FSIZE), as a full disk
does.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.living import free_port
from tests.many import write_config

ANN, BOB = 42, 43
QUESTION = "wanneer is het spreekuur?"
_SERVE = "from wijkbot.cli.main import main; main()"


@dataclass
class Served:
    """A process that serves, and the lines of its log."""

    process: asyncio.subprocess.Process
    base_url: str
    log: list[str] = field(default_factory=list)

    def fill_disk(self) -> None:
        """Not one more byte goes into a file."""
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, most))

    def make_room(self) -> None:
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most, most))

    async def listen(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.log.append(line.decode())


@asynccontextmanager
async def _served(folder: Path, api: LocalBotApi) -> AsyncIterator[Served]:
    config, port = write_config(folder, "sqlite:///wijkbot.db", api), free_port()
    words = config.read_text(encoding="utf-8")
    words = words.replace("http://127.0.0.1:1", f"http://127.0.0.1:{port}")
    words = words.replace("[database]", f"[server]\nport = {port}\n[database]")
    config.write_text(words + 'receive = "webhook"\n', encoding="utf-8")
    arguments = [sys.executable, "-c", _SERVE]
    upgrade = await asyncio.create_subprocess_exec(
        *arguments, "db", "upgrade", "-c", str(config), stdout=asyncio.subprocess.DEVNULL
    )
    assert await upgrade.wait() == 0
    process = await asyncio.create_subprocess_exec(
        *(*arguments, "serve", "-c", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    served = Served(process, f"http://127.0.0.1:{port}")
    listening = asyncio.create_task(served.listen())
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert b"on port" in await process.stdout.readline(), served.log
        yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


async def test_webhooks_wait_outside_until_there_is_room(tmp_path: Path) -> None:
    async with LocalBotApi() as api, _served(tmp_path, api) as served:
        api.user_says(ANN, ANN, QUESTION)
        await api.wait_sent(ANN, 1, seconds=30)
        await asyncio.sleep(1)
        served.fill_disk()
        lines = len(served.log)
        api.user_says(ANN, ANN, QUESTION)
        api.user_says(BOB, BOB, QUESTION)
        before = len(api.queue.deliveries)
        async with httpx.AsyncClient(base_url=served.base_url, trust_env=False) as client:
            await asyncio.sleep(6)
            health = await client.get("/health")
        assert health.json()["live"], "the process answers all the time"
        statuses = {status for status, _ in api.queue.deliveries[before:]}
        assert statuses == {503}
        assert len(api.sent(ANN)) == 1 and api.sent(BOB) == []
        told = [line for line in served.log[lines:] if "level='error'" in line]
        assert 1 <= len(told) <= 5, "clear, and not a line for every attempt"
        assert all("disk is full" in line for line in told), told
        served.make_room()
        await api.wait_sent(ANN, 2, seconds=40)
        await api.wait_sent(BOB, 1, seconds=40)
        await asyncio.sleep(1.5)
        assert (len(api.sent(ANN)), len(api.sent(BOB))) == (2, 1), "each once"
        assert served.process.returncode is None
