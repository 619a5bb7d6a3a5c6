"""How is the server asked thousands of things at once? Bare HTTP over one socket each.

A client library takes more time than the server does; here the server is measured.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

Json = dict[str, Any]


class Wire:
    """One connection that stays open, as a browser's does."""

    def __init__(self, port: int, **headers: str) -> None:
        self._port = port
        self._headers = {"Host": f"127.0.0.1:{port}", **headers}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """The answer.

        Raises:
            RuntimeError: it was refused.
        """
        status, headers = await self._begin(method, path, body)
        assert self._reader is not None
        said = await self._reader.readexactly(int(headers.get("content-length", "0")))
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {said.decode(errors='replace')}")
        told: Json = json.loads(said) if said else {}
        return told

    async def events(self, path: str) -> AsyncIterator[tuple[str, Json]]:
        """The server-sent events of that path, as long as it lasts."""
        await self._begin("GET", path, None)
        assert self._reader is not None
        kind = ""
        async for line in self._reader:  # sizes of chunks stand between, and are passed over
            name, _, value = line.decode().strip().partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)

    def close(self) -> None:
        """Go away."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _begin(
        self, method: str, path: str, body: Json | None
    ) -> tuple[int, dict[str, str]]:
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Content-Length": str(len(sent))}
        if body is not None:
            headers["Content-Type"] = "application/json"
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {it}" for name, it in headers.items())]
        asked = "\r\n".join([*lines, "", ""]).encode() + sent
        try:
            return await self._exchange(asked)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            self.close()  # the server let go of a connection that was silent for some seconds
            return await self._exchange(asked)

    async def _exchange(self, asked: bytes) -> tuple[int, dict[str, str]]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(asked)
        first, *rest = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = {}
        for line in rest:
            name, _, value = line.partition(": ")
            found[name.lower()] = value
        return int(first.split()[1]), found
