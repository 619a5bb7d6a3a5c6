"""How often does the adapter knock? A loopback proxy that counts requests and can be closed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

from tests.adapters.matrix.synapse import free_port

_WAIT = b'{"errcode":"M_LIMIT_EXCEEDED","error":"wait","retry_after_ms":500}'
_TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
) % (len(_WAIT), _WAIT)


class CountingProxy:
    """Passes bytes to a port on loopback; ``is_open`` false turns away who knocks.

    Who asks for a path with ``too_often`` in it is told to wait.
    """

    def __init__(self, target: int) -> None:
        self.requests = 0
        self.refused = 0
        self.is_open = True
        self.too_often = b""
        self._target = target
        self._port = free_port()
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        """Where to knock."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Open the door."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it, and let go of everybody."""
        if self._server is not None:
            self._server.close()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def hang_up(self) -> None:
        """Let go of everybody who is on the line, and of who knocks from now on."""
        self.is_open = False
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if not self.is_open:
            self.refused += 1
            writer.close()
            return
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.append(back_writer)
        for way in (self._in(reader, back_writer, writer), self._out(back_reader, writer)):
            task = asyncio.create_task(way)
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)

    async def _in(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        asker: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                self.requests += data.count(b" HTTP/1.1\r\n")
                if self.too_often and self.too_often in data.partition(b"\r\n")[0]:
                    asker.write(_TOO_MANY)
                    await asker.drain()
                    asker.close()
                    break
                sink.write(data)
                await sink.drain()
        sink.close()

    async def _out(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()
