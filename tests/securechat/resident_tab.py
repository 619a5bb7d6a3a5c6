"""How does a test get a resident who talks over HTTP? With the keys of the independent client."""

from __future__ import annotations

import os
from typing import Any

from tests.securechat.client.conversation import Conversation
from tests.securechat.client.crypto import code_keys
from tests.securechat.client.encoding import unb64
from tests.securechat.client.http import ResidentHttp
from tests.securechat.client.resident import (
    begin,
    check_first,
    come_back,
    draw_code,
    return_request,
    trust_config,
)
from tests.securechat.crew import Crew


class Resident:
    """A resident at their own browser."""

    def __init__(self, http: ResidentHttp, crew: Crew) -> None:
        assert crew.root is not None
        self.http, self.crew, self.pin = http, crew, crew.root.pin
        address = ".".join(str(one) for one in (10, *os.urandom(3)))
        http.headers["X-Forwarded-For"] = address
        self.indices = draw_code()
        self.talk: Conversation

    async def begin(self, text: str) -> None:
        config = await self.http.get("/api/c/config")
        begun = begin(config, self.pin, self.indices, text)
        told = await self.http.post("/api/c/conversations", begun.request)
        self.http.hold(told["token"])
        self.talk = begun.conversation
        self.talk.sent(begun.first, told["seq"])

    async def come_back(self, indices: tuple[int, ...]) -> None:
        """In a new tab, with the seven words."""
        config = await self.http.get("/api/c/config")
        code = code_keys(indices, unb64(config["site_salt"], 16))
        answer = await self.http.post("/api/c/return", return_request(code))
        self.http.hold(answer["token"])
        self.talk = come_back(answer, code, trust_config(config, self.pin))
        told = await self.http.get("/api/c/messages", after=0, wait=0)
        check_first(self.talk, told["messages"])
        await self.read()

    async def read(self) -> dict[str, Any]:
        self.talk.learn(await self.http.get("/api/c/keys"), self.crew.now)
        told: dict[str, Any] = await self.http.get("/api/c/messages", after=0, wait=0)
        self.talk.read(told["messages"])
        return told

    async def say(self, parts: dict[str, Any]) -> int:
        ready = self.talk.write(parts, self.crew.now)
        told = await self.http.post("/api/c/messages", ready.as_json())
        self.talk.sent(ready, told["seq"])
        return int(told["seq"])


def said(talk: Conversation) -> list[str]:
    """What stands on the screen: texts, or the reason why there is none."""
    return [
        line.reason or str((line.body or {}).get("t") or (line.body or {}).get("k"))
        for line in talk.chain.lines
    ]
