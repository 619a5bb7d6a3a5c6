"""How does a test receive what a worker is told? A web address and a mail server on loopback."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Push:
    """A web address that takes what is posted; while ``status`` is no 200, it refuses."""

    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    port: int = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        self.heard.append(json.loads(await reader.readexactly(length)))
        answer = f"HTTP/1.1 {self.status} .\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(answer.encode())


@dataclass
class Mail:
    """A mail server of few words. ``lines`` is what it was told, ``letters`` what it took."""

    letters: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    refuses: str = ""
    hangs: bool = False
    port: int = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        if self.hangs:
            await reader.read()
            return
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            self.lines.append(line)
            word = line.split(" ", maxsplit=1)[0].upper()
            if word == self.refuses:
                writer.write(b"550 no\r\n")
            elif word == "EHLO":
                writer.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif word == "AUTH":
                writer.write(b"235 welcome\r\n")
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 taken\r\n")
            else:
                writer.write(b"250 fine\r\n")


@asynccontextmanager
async def listening(
    taker: Push | Mail, certificate: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """It listens on a free port of this machine."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await taker.take(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=certificate)
    taker.port = server.sockets[0].getsockname()[1]
    async with server:
        yield
