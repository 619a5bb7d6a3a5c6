"""How do the tests of the team work? A whole server in this process, and tabs that talk to it.

Passwords are left out: what a browser derives of one is 32 bytes, here drawn at random.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from tests.securechat.client.http import totp
from tests.securechat.making import Person, Root, member
from wijkbot.app.assemble import Bot, assemble, ensure_key, make_adapters, open_house
from wijkbot.app.staff_invite import OPERATOR, invite, invite_again
from wijkbot.clock import Clock
from wijkbot.securechat.encoding import NO_HASH, b64, unb64
from wijkbot.securechat.manifest import read_manifest
from wijkbot.settings import settings_from
from wijkbot.storage.columns import metadata
from wijkbot.web.create_app import create_app

SITE = "https://chat.example"
START = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAY = 86_400
KDF = "argon2id-64m-3"
FOUNDER = ("admin", "coordinator")
Json = dict[str, Any]


def settings_of(url: str, public_url: str = SITE, **secure: object) -> Json:
    return {
        "organisation": {"name": "Buurthuis De Brug", "country": "BE", "public_url": public_url},
        "database": {"url": url},
        "secure_chat": {"kind": "builtin", **secure},
        "channels": {"wijk": {"adapter": "sandbox"}},
    }


@dataclass
class Somebody:
    """A member of the team: their keys, what they come in with, and their authenticator app."""

    who: Person
    login_name: str
    login: bytes
    secret: str
    account: int = 0
    salt: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def shown(self) -> Json:
        return {"name": self.login_name, "login": b64(self.login)}


class Tab:
    """One browser at the server. ``address`` is where it comes from."""

    def __init__(self, office: Office, address: str = "192.0.2.1") -> None:
        transport = httpx.ASGITransport(app=office.app, client=(address, 1))
        self.client = httpx.AsyncClient(transport=transport, base_url=office.public_url)
        self.headers = {"Origin": office.public_url, "Sec-Fetch-Site": "same-origin"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def ask(
        self, method: str, path: str, json: Any = None, **headers: str
    ) -> httpx.Response:
        other = {name.replace("_", "-").title(): value for name, value in headers.items()}
        told = {name.title(): value for name, value in self.headers.items()} | other
        sent = {name: value for name, value in told.items() if value}
        address = path if path.startswith("/") else f"/api/w/{path}"
        if json is None:
            return await self.client.request(method, address, headers=sent)
        return await self.client.request(method, address, json=json, headers=sent)

    async def get(self, path: str) -> Json:
        """The answer of a GET that must work."""
        answer = await self.ask("GET", path)
        assert 200 == answer.status_code, answer.text
        found: Json = answer.json()
        return found

    async def post(self, path: str, json: Any = None, **headers: str) -> httpx.Response:
        answer = await self.ask("POST", path, {} if json is None else json, **headers)
        if "csrf" in answer.text and answer.status_code < 300:
            self.headers["X-WB-CSRF"] = answer.json()["csrf"]
        return answer

    @property
    def cookie(self) -> str:
        """The session's cookie, as the browser has it now."""
        return next(iter(self.client.cookies.values()), "")


class Office:
    """The server of one test, with its clock, and the root of its organisation."""

    def __init__(self, bot: Bot, app: FastAPI, folder: Path) -> None:
        self.bot = bot
        self.app = app
        self.folder = folder
        self.public_url = bot.house.settings.organisation.public_url
        self.root = Root()

    @property
    def now(self) -> int:
        return self.bot.house.clock.now_ms() // 1000

    def wait(self, seconds: float) -> None:
        self.bot.house.clock.shift(seconds)

    def tab(self, address: str = "192.0.2.1") -> Tab:
        return Tab(self, address)

    def code(self, one: Somebody, ahead: int = 0) -> str:
        return totp(one.secret, self.now + ahead)

    async def link(self, name: str, roles: tuple[str, ...]) -> str:
        """The secret part of a fresh link."""
        return (await invite(self.bot.house, OPERATOR, name, roles)).partition("#")[2]

    async def link_again(self, account: int) -> str:
        return (await invite_again(self.bot.house, OPERATOR, account)).partition("#")[2]

    async def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything in the tables of team and secure chat, but when a session was seen."""
        names = [name for name in metadata.tables if name.startswith(("staff_", "sc_"))]

        def act(conn: Any) -> dict[str, list[tuple[object, ...]]]:
            found = {}
            for name in names:
                table = metadata.tables[name]
                columns = [c for c in table.c if c.name not in {"seen_at", "active_at"}]
                kept = [tuple(row) for row in conn.execute(select(*columns))]
                found[name] = sorted(kept, key=repr)
            return found

        return await self.bot.house.database.read(act)


def acceptance(office: Office, token: str, one: Somebody) -> Json:
    """What a browser sends to join; :func:`founding` adds a root."""
    return {
        "token": token,
        "name": one.who.name,
        "login_name": one.login_name,
        "salt": b64(one.salt),
        "kdf": KDF,
        "login": b64(one.login),
        "code": office.code(one),
        "member": b64(one.who.id),
        "kem": b64(one.who.kem.public),
        "sig": b64(one.who.sig.public),
        "bundle": {"iv": b64(bytes(12)), "ct": b64(os.urandom(400))},
    }


def founding(office: Office, one: Somebody) -> Json:
    """A fresh root that certifies this coordinator, and the first list of the team."""
    root = office.root
    moment = {"issued": office.now, "expires": office.now + 60 * DAY}
    return {
        "root_sig": b64(root.sig.public),
        "recovery_kem": b64(root.recovery.public),
        "sealed": {"iv": b64(bytes(12)), "ct": b64(os.urandom(400))},
        "cert": root.cert(one.who, office.now + 365 * DAY),
        "manifest": root.manifest(one.who, [one.who], **moment),
    }


async def looked(
    office: Office, tab: Tab, token: str, name: str, role: str, login_name: str = ""
) -> Somebody:
    """Follow a link and draw keys."""
    seen = (await tab.post("invite/look", {"token": token})).json()
    office.root = replace(office.root, org=unb64(seen["org"]))
    one = member(name, role)
    return Somebody(one, login_name or name.lower(), os.urandom(32), seen["totp_secret"])


async def found(office: Office, tab: Tab, name: str = "Ann") -> Somebody:
    """The first one: admin, coordinator, and maker of the root."""
    token = await office.link(name, FOUNDER)
    one = await looked(office, tab, token, name, "coordinator")
    sent = {**acceptance(office, token, one), "root": founding(office, one)}
    answer = await tab.post("invite/accept", sent)
    assert 201 == answer.status_code, answer.text
    return await _known(tab, one)


async def join(office: Office, tab: Tab, name: str, *roles: str) -> Somebody:
    """Somebody else; nobody has put them on the list of the team yet."""
    token = await office.link(name, roles)
    listed = next((r for r in ("coordinator", "worker", "trainee") if r in roles), "worker")
    one = await looked(office, tab, token, name, listed)
    answer = await tab.post("invite/accept", acceptance(office, token, one))
    assert 201 == answer.status_code, answer.text
    return await _known(tab, one)


async def _known(tab: Tab, one: Somebody) -> Somebody:
    one.account = (await tab.get("me"))["account"]
    return one


async def come_in(office: Office, tab: Tab, one: Somebody) -> httpx.Response:
    """With the next code: none is taken twice."""
    office.wait(30)
    return await tab.post("login", {**one.shown, "code": office.code(one)})


async def next_list(
    office: Office, tab: Tab, by: Somebody, people: list[Somebody], **other: Any
) -> httpx.Response:
    """A coordinator signs the next version of the list."""
    listed = (await tab.get("team"))["manifest"]
    before = read_manifest(listed) if listed else None
    row = {
        "version": before.version + 1 if before else 1,
        "prev_hash": b64(before.hash if before else NO_HASH),
        "team": listed["team"] if listed else b64(office.root.team),
        "issued": office.now,
        "expires": office.now + 60 * DAY,
    }
    signed = office.root.manifest(by.who, [one.who for one in people], **{**row, **other})
    return await tab.post("manifest", {"manifest": signed})


@asynccontextmanager
async def open_office(
    folder: Path, url: str, public_url: str = SITE, extra: Mapping[str, object] | None = None
) -> AsyncIterator[Office]:
    """The server on that database; opened again on the same folder it goes on."""
    settings = settings_from(settings_of(url, public_url, **(extra or {})))
    clock = Clock()
    clock.shift((START - clock.now()).total_seconds())
    folder.mkdir(parents=True, exist_ok=True)
    ensure_key(folder, clock)
    house = await open_house(settings, folder, clock)
    bot = assemble(house, make_adapters(settings, folder, clock), folder)
    assert bot.secure is not None
    await bot.secure.prepare()
    try:
        yield Office(bot, create_app(bot), folder)
    finally:
        await house.database.close()
