"""How often does the adapter knock? A loopback proxy that counts requests and can be closed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

from tests.adapters.matrix.synapse import free_port


class CountingProxy:
    """Passes bytes to a port on loopback; ``is_open`` false hangs up on everybody."""

    def __init__(self, target: int) -> None:
        self.requests = 0
        self.is_open = True
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
        """Close it, and hang up."""
        if self._server is not None:
            self._server.close()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if not self.is_open:
            writer.close()
            return
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.append(back_writer)
        for source, sink, counts in (
            (reader, back_writer, True),
            (back_reader, writer, False),
        ):
            task = asyncio.create_task(self._pass(source, sink, counts))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, counts: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if counts:
                    self.requests += data.count(b" HTTP/1.1\r\n")
                sink.write(data)
                await sink.drain()
        sink.close()
