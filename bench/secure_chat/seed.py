"""Who is in the chat that is measured? A team with its sessions, and conversations to go on with.

They are put into the database: a server takes at most 60 new conversations a minute.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from tests.securechat import making
from tests.securechat.making import DAY, Pair, Person, Root
from wijkbot.app.assemble import ensure_key, ensure_schema, open_house
from wijkbot.app.secure_rows import add_wrapset
from wijkbot.clock import Clock
from wijkbot.securechat.encoding import b64
from wijkbot.securechat.manifest import read_manifest
from wijkbot.securechat.points import sha256
from wijkbot.securechat.wrapset import read_wrapset
from wijkbot.settings import load_settings
from wijkbot.storage import secure_chats, secure_manifests, staff_sessions
from wijkbot.storage.secure_chats import Code
from wijkbot.storage.secure_manifests import Kept
from wijkbot.storage.staff_tables import staff_account

WORKERS, WAITING = 10, 150
"""So many work; so many of those who are silent wait for a worker still."""
_SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "http://127.0.0.1:1"
[secure_chat]
kind = "builtin"
[channels.buurt]
adapter = "sandbox"
"""


@dataclass(frozen=True)
class Desk:
    """A worker who is in; the first is the coordinator."""

    person: Person
    cookie: str


@dataclass(frozen=True)
class Talk:
    """A conversation; ``key`` is that of its epoch."""

    desk: Desk | None
    conv: bytes = field(default_factory=making.new_id)
    token: bytes = field(default_factory=lambda: os.urandom(32))
    key: bytes = field(default_factory=lambda: os.urandom(32))
    resident: Person = field(default_factory=Person)


@dataclass(frozen=True)
class Place:
    """What is in the database of the server."""

    config: Path
    desks: list[Desk]
    active: list[Talk]
    idle: list[Talk]


def seed(folder: Path, active: int, idle: int) -> Place:
    """Write the settings and a database with so many conversations."""
    clock = Clock()
    people = [making.member(f"Werker {number}") for number in range(WORKERS - 1)]
    people.append(making.member("Coördinator", "coordinator"))
    desks = [Desk(person, clock.token(32)) for person in people]
    keys = Person(kem=Pair(), sig=Pair())  # those who say nothing need none of their own
    silent = [
        Talk(None if number < WAITING else desks[number % WORKERS], resident=keys)
        for number in range(idle)
    ]
    talking = [Talk(desks[number % (WORKERS - 1)]) for number in range(active)]
    config = folder / "wijkbot.toml"
    config.write_text(_SETTINGS, encoding="utf-8")
    place = Place(config, desks, talking, silent)
    asyncio.run(_fill(place, clock))
    return place


async def _fill(place: Place, clock: Clock) -> None:
    folder, settings = place.config.parent, load_settings(place.config)
    ensure_key(folder, clock)
    ensure_schema(settings, folder)
    house = await open_house(settings, folder, clock)
    now = clock.now_ms() // 1000
    try:
        await house.database.write(lambda conn: _write(conn, place, now))
    finally:
        await house.database.close()


def _write(conn: Connection, place: Place, now: int) -> None:
    root, lead = Root(), place.desks[-1].person
    listed = [desk.person for desk in place.desks]
    manifest = root.manifest(lead, listed, issued=now, expires=now + 60 * DAY)
    cert = root.cert(lead, now + 365 * DAY)
    found = read_manifest(manifest).hash
    secure_manifests.add(conn, Kept(1, found, manifest, cert, root.sig.public))
    for desk in place.desks:
        _let_in(conn, desk, now)
    for talk in (*place.active, *place.idle):
        _add(conn, talk, now)
    for talk in place.active:
        to = making.starting(manifest, talk.resident)
        wrapset = making.wrapset(talk.conv, talk.resident, manifest, to, talk.key)
        add_wrapset(conn, read_wrapset(wrapset, talk.conv))
    waiting = [talk for talk in place.idle if talk.desk is None]
    if waiting:  # the work of the keys is the browser's: one set of wraps serves all
        _wrap_alike(conn, waiting, manifest)


def _wrap_alike(conn: Connection, waiting: list[Talk], manifest: making.Json) -> None:
    first = waiting[0]
    to = making.starting(manifest, first.resident)
    made = making.wrapset(first.conv, first.resident, manifest, to, first.key)
    for talk in waiting:
        add_wrapset(conn, read_wrapset(made, talk.conv))


def _let_in(conn: Connection, desk: Desk, now: int) -> None:
    row = {
        "login_hmac": desk.person.id.hex(),
        "name_sealed": b"",
        "roles": desk.person.role,
        "salt": os.urandom(16),
        "kdf": "argon2id-64m-3",
        "login_hash": "-",
        "bundle": b"",
        "member": desk.person.id,
        "kem": desk.person.kem.public,
        "sig": desk.person.sig.public,
        "totp_sealed": b"",
        "created_at": now,
    }
    made = conn.execute(staff_account.insert().values(row).returning(staff_account.c.id))
    staff_sessions.begin(conn, desk.cookie, int(made.scalar_one()), now)


def _add(conn: Connection, talk: Talk, now: int) -> None:
    row = {
        "id": talk.conv,
        "state": "assigned" if talk.desk else "waiting",
        "assigned_to": talk.desk.person.id if talk.desk else None,
        "lang": "nl",
        "created_at": now,
        "queued_at": now,
        "last_at": now,
        "kem": talk.resident.kem.public,
        "sig": talk.resident.sig.public,
    }
    random = os.urandom
    code = Code(random(32), random(32), "pbkdf2-sha256-600000", random(12), random(500))
    assert secure_chats.add(conn, row, code)
    secure_chats.add_token(conn, talk.conv, sha256(talk.token), now)


def bearer(talk: Talk) -> dict[str, str]:
    """What a resident's page sends along."""
    return {"Authorization": f"Bearer {b64(talk.token)}"}
