"""How do tests run the server half of the secure chat? The real app, on both databases.

Requests go through the whole application in this process; what they store is real.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, select

from tests.securechat import making
from tests.securechat.making import DAY, Json, Person, Team
from wijkbot.app.assemble import Bot, assemble, ensure_key, make_adapters, open_house
from wijkbot.app.secure_room import SecureRoom
from wijkbot.clock import Clock
from wijkbot.securechat.encoding import NO_HASH, b64, lp
from wijkbot.securechat.manifest import read_manifest
from wijkbot.securechat.points import sha256
from wijkbot.settings import settings_from
from wijkbot.storage import secure_manifests, staff_sessions
from wijkbot.storage.secure_manifests import Kept
from wijkbot.storage.staff_tables import staff_account
from wijkbot.storage.tables import metadata
from wijkbot.web.create_app import create_app
from wijkbot.web.secure.sessions import csrf_of

SATURDAY = datetime(2026, 11, 21, 10, tzinfo=UTC)
NOW = int(SATURDAY.timestamp())
BASE = "http://127.0.0.1:8080"


class StandingClock(Clock):
    """Time that passes only when a test says so: limits are met to the exact turn."""

    def now(self) -> datetime:
        return SATURDAY + self._shifted


@dataclass
class Resident:
    """One resident with one conversation, as their browser knows it."""

    conv: bytes = field(default_factory=making.new_id)
    keys: Person = field(default_factory=Person)
    locator: bytes = field(default_factory=making.new_id)
    auth: bytes = field(default_factory=lambda: os.urandom(32))
    key: bytes = field(default_factory=lambda: os.urandom(32))
    token: str = ""
    e: int = 1
    n: int = 0
    last: bytes = NO_HASH

    def code(self) -> Json:
        return {
            "locator_hash": b64(sha256(lp("wb1/loc", self.locator))),
            "auth_hash": b64(sha256(self.auth)),
            "kdf": "pbkdf2-sha256-600000",
            "bundle": {"iv": b64(os.urandom(12)), "ct": b64(os.urandom(500))},
        }

    def beginning(self, manifest: Json, text: str = "hallo") -> Json:
        to = making.starting(manifest, self.keys)
        return {
            "conv": b64(self.conv),
            "kem": b64(self.keys.kem.public),
            "sig": b64(self.keys.sig.public),
            **self.code(),
            "lang": "nl",
            "wrapset": making.wrapset(self.conv, self.keys, manifest, to, self.key),
            "envelope": self.envelope(text),
        }

    def envelope(self, text: str = "hallo", **other: Any) -> Json:
        """The next message; call :meth:`sent` once it was taken."""
        values = {"e": self.e, "n": self.n + 1, "prev": self.last, **other}
        return making.envelope(self.conv, self.keys, self.key, text, **values)

    def sent(self, envelope: Json) -> None:
        self.n, self.last = envelope["n"], making.hash_of(envelope, self.conv)

    def epoch(self, manifest: Json) -> Json:
        """A wrapset that starts the next epoch."""
        self.e, self.key = self.e + 1, os.urandom(32)
        to = making.starting(manifest, self.keys)
        return making.wrapset(self.conv, self.keys, manifest, to, self.key, self.e)


class Browser:
    """Asks the server as one tab, or one console, does."""

    def __init__(self, client: httpx.AsyncClient, **headers: str) -> None:
        self._client = client
        self._headers = headers

    async def ask(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        headers = {**self._headers, **more.pop("headers", {})}
        if json is not None:
            more["json"] = json
        return await self._client.request(method, path, headers=headers, **more)


@dataclass
class Chat:
    """A running secure chat with a team, and short words for what tests do often."""

    bot: Bot
    client: httpx.AsyncClient
    clock: Clock
    url: str
    folder: Path
    team: Team = field(default_factory=Team)
    manifest: Json = field(default_factory=dict)

    @property
    def room(self) -> SecureRoom:
        assert self.bot.secure is not None
        return self.bot.secure

    async def publish(self, version: int = 1, team: Team | None = None) -> Json:
        """The next list of the team, as a coordinator signs it."""
        if team is not None:
            self.team = team
        now = self.clock.now_ms() // 1000
        prev = read_manifest(self.manifest).hash if self.manifest else NO_HASH
        dated = {"issued": now, "expires": now + 90 * DAY, "prev_hash": b64(prev)}
        self.manifest = self.team.manifest(version=version, **dated)
        cert = self.team.root.cert(self.team.coordinator, not_after=now + 365 * DAY)
        kept = Kept(
            version,
            read_manifest(self.manifest).hash,
            self.manifest,
            cert,
            self.team.root.sig.public,
        )
        assert await self.room.house.database.write(lambda c: secure_manifests.add(c, kept))
        return self.manifest

    def tab(self, resident: Resident) -> Browser:
        return Browser(self.client, Authorization=f"Bearer {resident.token}")

    async def begin(self, resident: Resident, **more: Any) -> httpx.Response:
        row = resident.beginning(self.manifest)
        answer = await self.client.post("/api/c/conversations", json=row, **more)
        if answer.is_success:
            resident.token = answer.json()["token"]
            resident.sent(row["envelope"])
        return answer

    async def resident(self) -> Resident:
        """Somebody who began and waits."""
        made = Resident()
        answer = await self.begin(made, headers=somewhere())
        assert answer.status_code == 201, answer.text
        return made

    async def say(self, resident: Resident, text: str = "en nog iets") -> httpx.Response:
        envelope = resident.envelope(text)
        answer = await self.tab(resident).ask("POST", "/api/c/messages", {"envelope": envelope})
        if answer.is_success:
            resident.sent(envelope)
        return answer

    async def console(self, person: Person, roles: str = "") -> Browser:
        """A member of the team who is in, with a real session."""
        cookie = self.clock.token(32)
        now = self.clock.now_ms() // 1000

        def come_in(conn: Connection) -> None:
            known = select(staff_account.c.id).where(staff_account.c.member == person.id)
            account = conn.execute(known).scalar() or _account(conn, person, roles, now)
            staff_sessions.begin(conn, cookie, account, now)

        await self.room.house.database.write(come_in)
        return Browser(
            self.client,
            Cookie=f"wb={cookie}",
            Origin=BASE,
            **{"X-WB-CSRF": csrf_of(cookie), "Sec-Fetch-Site": "same-origin"},
        )

    async def rows(self) -> dict[str, int]:
        """How many rows each table of the secure chat has."""

        def count(conn: Connection) -> dict[str, int]:
            return {
                name: len(conn.execute(select(table)).all())
                for name, table in metadata.tables.items()
                if name.startswith("sc_")
            }

        return await self.room.house.database.read(count)


_addresses = iter(range(1, 2**24))


def somewhere() -> dict[str, str]:
    """An address that nobody used in this run (one trusted proxy tells it)."""
    number = next(_addresses)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return {"X-Forwarded-For": address}


def _account(conn: Connection, person: Person, roles: str, now: int) -> int:
    row = {
        "login_hmac": person.id.hex(),
        "name_sealed": b"",
        "roles": roles or person.role,
        "salt": os.urandom(16),
        "kdf": "argon2id-64m-3",
        "login_hash": "-",
        "bundle": b"",
        "member": person.id,
        "kem": person.kem.public,
        "sig": person.sig.public,
        "totp_sealed": b"",
        "created_at": now,
    }
    done = conn.execute(staff_account.insert().values(row).returning(staff_account.c.id))
    return int(done.scalar_one())


@asynccontextmanager
async def running_chat(url: str, folder: Path, **chosen: Any) -> AsyncIterator[Chat]:
    """A secure chat on that database, with a team; at ten on a Saturday."""
    settings = settings_from(
        {
            "organisation": {"name": "Buurthuis De Brug", "country": "BE", "public_url": BASE},
            "database": {"url": url},
            "secure_chat": {"kind": "builtin", "proxies": 1, **chosen},
            "channels": {"buurt": {"adapter": "sandbox"}},
        }
    )
    clock = StandingClock()
    folder.mkdir(parents=True, exist_ok=True)
    ensure_key(folder, clock)
    house = await open_house(settings, folder, clock)
    bot = assemble(house, make_adapters(settings, folder, clock), folder)
    assert bot.secure is not None
    await bot.secure.prepare()
    app = create_app(bot)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=60) as client:
        chat = Chat(bot, client, clock, url, folder)
        if not await house.database.read(secure_manifests.newest_version):
            await chat.publish()
        try:
            yield chat
        finally:
            await house.database.close()
