"""Who takes the answers? A Bot API that does as little as it can, so that it is not measured.

It believes everything; how Telegram checks and limits is a matter of the tests.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "7000000001:AAF-plainly_pretend_token_for_benches"
USERNAME = "wijkbot_bench_bot"
_ME = {
    "id": 7_000_000_001,
    "is_bot": True,
    "first_name": "wijkbot",
    "username": USERNAME,
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
Json = dict[str, Any]
Heard = Callable[[int, float], None]
"""Told of each message that arrives: the chat, and when (``time.perf_counter``)."""


def _nobody(_chat: int, _at: float) -> None:
    """Until somebody listens."""


class BotApi:
    """The server of one run, on a free port."""

    def __init__(self) -> None:
        self.heard: Heard = _nobody
        self.port = 0
        self._numbers = iter(range(1, 1 << 40))
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """What goes before the token."""
        return f"http://127.0.0.1:{self.port}/bot"

    async def begin(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Caller(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def end(self) -> None:
        """Take no more callers."""
        if self._server is not None:
            self._server.close()

    def result(self, method: str, body: bytes) -> object:
        """What a method gives."""
        match method:
            case "sendMessage":
                return self._sent(dict(parse_qsl(body.decode())))
            case "getMe":
                return _ME
            case "getMyCommands":
                return []
            case "getWebhookInfo":
                return {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
            case _:
                return True

    def _sent(self, asked: dict[str, str]) -> Json:
        chat = int(asked["chat_id"])
        self.heard(chat, time.perf_counter())
        return {
            "message_id": next(self._numbers),
            "from": _ME,
            "chat": {"id": chat, "type": "private", "first_name": "Bewoner"},
            "date": int(time.time()),
            "text": asked["text"],
        }


class _Caller(asyncio.Protocol):
    """One connection of a bot; its requests come one after another."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A bot connects."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._held += data
        while True:
            head, found, rest = self._held.partition(b"\r\n\r\n")
            length = _length(head)
            if not found or len(rest) < length:
                return
            self._held = rest[length:]
            path = head.split(b" ", 2)[1].decode()
            self._answer(path.rpartition("/")[2].partition("?")[0], rest[:length])

    def _answer(self, method: str, body: bytes) -> None:
        told = json.dumps({"ok": True, "result": self._api.result(method, body)}).encode()
        first = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        assert self._transport is not None
        self._transport.write(first % len(told) + told)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
