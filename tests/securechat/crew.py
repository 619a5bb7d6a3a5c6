"""How does a test get a team that works over HTTP? Real invitations, real signatures."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.living import SATURDAY, LivingBot, living_bot
from tests.securechat.client.conversation import Conversation
from tests.securechat.client.encoding import b64, unb64
from tests.securechat.client.http import WorkerHttp, totp
from tests.securechat.client.manifest import DAY, Member, read_cert, read_manifest
from tests.securechat.client.member import (
    Root,
    Worker,
    first_manifest,
    make_root,
    make_worker,
    next_manifest,
)
from tests.securechat.client.trust import Trust
from wijkbot.app import staff_invite

PASSWORD = "paard batterij nietje {}"
ROOT_WORDS = (0, 1, 2047, 1024, 77, 500, 9, 1999, 321, 42, 1800, 640)
# behind one proxy, so that each resident can come from an address of their own
BUILTIN = {"secure_chat": {"kind": "builtin", "proxies": 1}}
CHANNELS = {"buurt-sandbox": {"adapter": "sandbox"}}


@dataclass
class Colleague:
    """Somebody of the team at their own browser."""

    keys: Worker
    http: WorkerHttp
    login: str
    account: int = 0
    trust: Trust | None = None
    link: str = ""
    totp_secret: str = ""

    async def me(self) -> dict[str, Any]:
        """Who the server says they are."""
        told: dict[str, Any] = await self.http.get("/api/w/me")
        return told

    async def queue(self) -> dict[str, Any]:
        """What the console shows."""
        told: dict[str, Any] = await self.http.get("/api/w/queue")
        return told

    async def open(self, conv: bytes, now: int) -> Conversation:
        """A conversation with everything that was said in it."""
        assert self.trust is not None
        keys = await self.http.get(f"/api/w/conversations/{b64(conv)}/keys")
        seen = self.keys.look_into(conv, keys, self.trust, now)
        await self.read(seen)
        return seen

    async def read(self, seen: Conversation) -> dict[str, Any]:
        """What is new in it."""
        path = f"/api/w/conversations/{b64(seen.conv)}/messages"
        told: dict[str, Any] = await self.http.get(path, after=0, wait=0)
        seen.read(told["messages"])
        return told

    async def say(self, seen: Conversation, text: str, now: int) -> int:
        """Write something; returns its place."""
        ready = seen.write({"k": "text", "t": text}, now)
        path = f"/api/w/conversations/{b64(seen.conv)}/messages"
        told = await self.http.post(path, ready.as_json())
        seen.sent(ready, told["seq"])
        return int(told["seq"])

    async def act(self, conv: bytes, what: str, **parts: Any) -> dict[str, Any]:
        """Claim, release, offer, accept … with what it needs."""
        told: dict[str, Any] = await self.http.post(
            f"/api/w/conversations/{b64(conv)}/{what}", parts
        )
        return told


@dataclass
class Crew:
    """A bot that runs, its root, and who joined so far; the first is coordinator and admin."""

    living: LivingBot
    stack: AsyncExitStack
    root: Root | None = None
    people: list[Colleague] = field(default_factory=list)
    roles: dict[bytes, str] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """Seconds since 1970, as the server counts them."""
        return self.living.bot.house.clock.now_ms() // 1000

    async def join(self, name: str, role: str) -> Colleague:
        """Invite somebody, accept in their browser, and put them on the signed list."""
        is_first = not self.people
        roles = ("admin", "coordinator") if is_first else (role,)
        house = self.living.bot.house
        link = await staff_invite.invite(house, staff_invite.OPERATOR, name, roles)
        made = await self._accept(link, name)
        self.people.append(made)
        self.roles[made.keys.id] = "coordinator" if is_first else role
        if not is_first:
            await self.sign()
        await self.believe()
        return made

    async def begin_again(self, lost: Colleague) -> Colleague:
        """Somebody lost their password: new keys, certified with the twelve words if need be."""
        house = self.living.bot.house
        link = await staff_invite.invite_again(house, staff_invite.OPERATOR, lost.account)
        made = await self._accept(link, lost.keys.name)
        self.people[self.people.index(lost)] = made
        self.roles[made.keys.id] = self.roles[lost.keys.id]
        await self.sign()
        await self.believe()
        return made

    async def _accept(self, link: str, name: str) -> Colleague:
        http = await self.stack.enter_async_context(WorkerHttp(self.living.base_url))
        token = {"token": link.split("#")[1]}
        seen = await http.post("/api/w/invite/look", token)
        worker, login = make_worker(name), f"{name}@brug"
        request = {
            **token,
            "name": name,
            "login_name": login,
            **worker.account_parts(PASSWORD.format(name)),
            "code": totp(seen["totp_secret"], self.now),
        }
        if seen["makes_root"]:
            request["root"] = self._found(worker, unb64(seen["org"], 16))
        http.hold((await http.post("/api/w/invite/accept", request))["csrf"])
        made = Colleague(worker, http, login, link=link, totp_secret=seen["totp_secret"])
        made.account = int((await made.me())["account"])
        return made

    async def sign(self) -> None:
        """The coordinator signs the list of those who are here."""
        first = self.people[0]
        team = await first.http.get("/api/w/team")
        before = read_manifest(team["manifest"])
        new = next_manifest(before, first.keys, self._listed(), self.now)
        parts = {"manifest": new.as_json()}
        if before.by != first.keys.id:
            assert self.root is not None
            parts["cert"] = self.root.certify(first.keys, self.now + 400 * DAY).as_json()
        await first.http.post("/api/w/manifest", parts)

    async def believe(self) -> None:
        """Everybody reads the newest list."""
        assert self.root is not None
        team = await self.people[0].http.get("/api/w/team")
        for one in self.people:
            one.trust = one.trust or Trust(self.root.pin)
            one.trust.accept(
                read_manifest(team["manifest"]),
                read_cert(team["cert"]),
                unb64(team["root_sig"], 65),
                self.now,
            )

    async def revoke(self, gone: Colleague) -> None:
        """Somebody leaves: their account ends, and they stand on no list any more."""
        await self.people[0].http.post(f"/api/w/accounts/{gone.account}/revoke")
        self.people.remove(gone)
        await self.sign()
        await self.believe()

    def _listed(self) -> list[Member]:
        return [one.keys.listed(self.roles[one.keys.id]) for one in self.people]

    def _found(self, worker: Worker, org: bytes) -> dict[str, Any]:
        self.root = make_root(org)
        listed = [worker.listed("coordinator")]
        manifest = first_manifest(self.root, os.urandom(16), worker, listed, self.now)
        return {
            "root_sig": b64(self.root.sig.public),
            "recovery_kem": b64(self.root.kem.public),
            "sealed": self.root.sealed(ROOT_WORDS).as_json(),
            "cert": self.root.certify(worker, self.now + 400 * DAY).as_json(),
            "manifest": manifest.as_json(),
        }


@asynccontextmanager
async def a_crew(
    folder: Path, *names: str, at: datetime | None = SATURDAY, **chosen: Any
) -> AsyncIterator[Crew]:
    """A running bot and these workers; the first one is coordinator."""
    extra = {"secure_chat": BUILTIN["secure_chat"] | chosen}
    async with (
        living_bot(folder, CHANNELS, extra=extra, at=at) as living,
        AsyncExitStack() as stack,
    ):
        crew = Crew(living, stack)
        for name in names:
            await crew.join(name, "worker")
        yield crew
