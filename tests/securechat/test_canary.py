"""Does anything that a resident or a worker knows stand on the server, in any form?

The command of an organisation runs in a process of its own and logs all that its libraries can
say. A whole conversation goes through it with the client that was written from the documents.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import create_engine, make_url, text

from tests.many import fresh_database
from tests.securechat.canary import Secret, files, found_in, shapes
from tests.securechat.client.conversation import Conversation
from tests.securechat.client.crypto import code_keys, indices_bytes, member_keys, sha256, stretch
from tests.securechat.client.encoding import b64, lp, unb64
from tests.securechat.client.envelope import as_body, seal_draft, seal_photo
from tests.securechat.client.http import Answered, ResidentHttp, totp
from tests.securechat.client.resident import code_parts, draw_code
from tests.securechat.crew import PASSWORD, ROOT_WORDS, Colleague, Crew
from tests.securechat.resident_tab import Resident, said
from tests.securechat.serve import served
from wijkbot.app.journal import JOURNAL
from wijkbot.storage import secure_chats
from wijkbot.storage.url import parse_url

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

WORDS = Path(__file__).parents[2] / "wijkbot" / "securechat" / "words" / "nl.txt"
IN_ROWS, IN_LOG = "kanariecontroleinrijen", "kanariecontroleinhetlog"
"""What is there to be found: a search that finds nothing has to find these."""
MARKERS: dict[str, Secret] = {
    "first message": "IJsvogel-eerste-bericht-7391",
    "message of the worker": "Kwikstaart-antwoord-van-Ben-5528",
    "caption": "Roodborst-onder-de-foto-9043",
    "draft": "Boomklever-ontwerp-van-Dot-1187",
    "photo": b"Winterkoning in een JPEG 6604",
    "refused body": "Grasmus-in-iets-dat-geen-JSON-is-2275",
    "refused path": "Tjiftjaf-in-een-adres-3349",
}


@dataclass
class Case:
    """A server after a whole conversation, and every secret of those who talked."""

    folder: Path
    url: str
    crew: Crew
    secrets: dict[str, Secret] = field(default_factory=lambda: dict(MARKERS))
    metrics: bytes = b""

    def everywhere(self) -> Iterator[tuple[str, bytes]]:
        """Database, journals, log, backup, metrics; on PostgreSQL all files of the server."""
        yield from files(self.folder)
        yield "metrics", self.metrics
        if self.url:
            engine = create_engine(parse_url(self.url), isolation_level="AUTOCOMMIT")
            with engine.connect() as conn:
                conn.execute(text("CHECKPOINT"))
            engine.dispose()
            yield from files(Path(str(make_url(self.url).query["host"])))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database of the server; nothing for the file beside the settings."""
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def case(url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Case]:
    """The conversation is over, the server runs still."""
    folder = tmp_path_factory.mktemp("canary")
    async with served(folder, url, IN_LOG) as crew:
        made = Case(folder, url, crew)
        for name, role in (("Anna", "worker"), ("Ben", "worker"), ("Dot", "trainee")):
            await _know_worker(made, await crew.join(name, role))
        await _talk(made)
        await _stumble(made)
        await crew.living.bot.house.database.write(
            lambda conn: secure_chats.count(conn, "2026-11-21", IN_ROWS)
        )
        async with httpx.AsyncClient(base_url=crew.living.base_url) as client:
            made.metrics = (await client.get("/metrics")).content
        await asyncio.to_thread(_back_up, folder)
        yield made


async def _talk(case: Case) -> None:
    """Begin, claim, photo, draft beside it, answer, another code, come back with it."""
    crew = case.crew
    _, ben, dot = crew.people
    async with ResidentHttp(crew.living.base_url) as http, ResidentHttp(http.base_url) as later:
        resident = Resident(http, crew)
        await resident.begin(str(MARKERS["first message"]))
        conv = resident.talk.conv
        (waits,) = (await ben.queue())["waiting"]
        claimed = await ben.act(conv, "claim", version=waits["version"])
        seen = await ben.open(conv, crew.now)
        given = seen.give({dot.keys.id: dot.keys.kem.public})
        to = b64(dot.keys.id)
        await ben.act(conv, "guests", version=claimed["version"], to=to, wrapsets=given)
        await _draft(dot, conv, crew.now)
        await ben.say(seen, str(MARKERS["message of the worker"]), crew.now)
        await resident.read()
        await _photo(resident)
        fresh = draw_code()
        salt = unb64((await http.get("/api/c/config"))["site_salt"], 16)
        parts = code_parts(code_keys(fresh, salt), conv, resident.talk.kem, resident.talk.sig)
        await http.post("/api/c/code", parts)
        back = Resident(later, crew)
        await back.come_back(fresh)
        assert MARKERS["first message"] in said(back.talk)
        await ben.read(seen)
        assert "photo" in [(line.body or {}).get("k") for line in seen.chain.lines]
        _know_resident(case, resident, later, salt, {"code": resident.indices, "new code": fresh})
        _know_talk(case, resident.talk)


async def _draft(dot: Colleague, conv: bytes, now: int) -> None:
    looked = await dot.open(conv, now)
    place, ck = (conv, 1, dot.keys.id, os.urandom(16)), looked.epochs[1].ck
    assert ck is not None
    body = as_body({"k": "text", "t": MARKERS["draft"], "at": now, "seen": {}})
    sealed = seal_draft(place, ck, os.urandom(12), body).as_json()
    path = f"/api/w/conversations/{b64(conv)}/drafts"
    await dot.http.send("PUT", path, {"draft": b64(place[3]), "e": 1, **sealed})


async def _photo(resident: Resident) -> None:
    jpeg = b"\xff\xd8\xff\xe0" + bytes(MARKERS["photo"]) + b"\xff\xd9"  # type: ignore[arg-type]
    blob_id, key = os.urandom(16), os.urandom(32)
    blob = seal_photo(resident.talk.conv, blob_id, key, os.urandom(12), jpeg)
    await resident.http.put_blob(f"/api/c/blobs/{b64(blob_id)}", blob)
    about = {"blob": b64(blob_id), "key": b64(key), "hash": b64(sha256(blob)), "w": 9, "h": 9}
    await resident.say({"k": "photo", **about, "t": MARKERS["caption"]})


async def _stumble(case: Case) -> None:
    """What is refused is said nowhere either; and somebody who deletes is in the journal."""
    body, path = str(MARKERS["refused body"]), str(MARKERS["refused path"])
    async with ResidentHttp(case.crew.living.base_url) as http:
        resident = Resident(http, case.crew)
        await resident.begin("Wis dit maar.")
        for asked in (
            http.post("/api/c/messages", {body: body}),
            http.send("POST", "/api/c/return", {"locator": body, "auth": path}),
            http.get(f"/api/c/{path}", after=path),
            http.get("/api/c/messages", after=path),
            http.get(f"/{path}", code=path),
        ):
            with pytest.raises(Answered) as refused:
                await asked
            assert refused.value.status < 500
        await http.client.post("/api/c/return", content=body)
        await http.send("DELETE", "/api/c/conversation")


async def _know_worker(case: Case, who: Colleague) -> None:
    """They log in once more, too."""
    name, token = who.keys.name, who.link.partition("#")[2]
    password = PASSWORD.format(name)
    await who.http.login(who.login, password, totp(who.totp_secret, case.crew.now + 30))
    salt = unb64((await who.http.post("/api/w/salt", {"name": who.login}))["salt"], 16)
    kek, login = member_keys(password, salt)
    case.secrets |= {
        f"password of {name}": password,
        f"kek of {name}": kek,
        f"login of {name}": login,
        f"invitation of {name}": token,
        f"authenticator of {name}": who.totp_secret,
        f"session of {name}": next(iter(who.http.client.cookies.values())),
        f"kem of {name}": _d(who.keys.kem.private),
        f"sig of {name}": _d(who.keys.sig.private),
    }


def _know_resident(
    case: Case,
    resident: Resident,
    later: ResidentHttp,
    salt: bytes,
    codes: dict[str, tuple[int, ...]],
) -> None:
    words = WORDS.read_text(encoding="utf-8").split()
    for name, indices in codes.items():
        keys, listed = code_keys(indices, salt), [words[number] for number in indices]
        case.secrets |= {
            f"{name}, its words": " ".join(listed),
            f"{name}, with hyphens": "-".join(listed),
            f"{name}, four letters": " ".join(word[:4] for word in listed),
            f"{name}, normal form": indices_bytes(indices),
            f"{name}, root": stretch(indices, lp("wb1/code", salt)),
            f"{name}, kek": keys.kek,
            f"{name}, auth": keys.auth,
            f"{name}, locator": keys.locator,
        }
    for number, http in enumerate((resident.http, later)):
        token = http.headers["Authorization"].removeprefix("Bearer ")
        case.secrets |= {f"token {number}": token, f"token {number}, bytes": unb64(token, 32)}


def _know_talk(case: Case, talk: Conversation) -> None:
    ck, root = talk.epochs[1].ck, case.crew.root
    assert ck is not None
    assert root is not None
    case.secrets |= {
        "key of the conversation": ck,
        "kem of the resident": _d(talk.kem.private),
        "sig of the resident": _d(talk.sig.private),
        "words of the root": indices_bytes(ROOT_WORDS),
        "kem of the root": _d(root.kem.private),
        "sig of the root": _d(root.sig.private),
    }


def _d(private: ec.EllipticCurvePrivateKey) -> bytes:
    """The number that is the private key."""
    return private.private_numbers().private_value.to_bytes(32, "big")


def _back_up(folder: Path) -> None:
    """The copy that an organisation makes."""
    config = ("-c", str(folder / "wijkbot.toml"))
    wijkbot = Path(sys.executable).with_name("wijkbot")
    (folder / "copies").mkdir()
    asked = (str(wijkbot), "db", "backup", str(folder / "copies"), *config)
    subprocess.run(asked, check=True, capture_output=True)


async def test_44_45_nothing_that_residents_or_workers_know_is_on_the_server(case: Case) -> None:
    everything = await asyncio.to_thread(lambda: list(case.everywhere()))
    found = await asyncio.to_thread(found_in, everything, case.secrets)
    assert [] == found
    assert len(case.secrets) > 50


async def test_44_45_the_same_search_finds_what_is_there(case: Case) -> None:
    """In rows, their journal and the backup; in the log; and each secret in each form."""
    there: dict[str, Secret] = {"rows": IN_ROWS, "log": IN_LOG}
    everything = await asyncio.to_thread(lambda: list(case.everywhere()))
    found = await asyncio.to_thread(found_in, everything, there)
    assert ("serve.log", "log") in found
    in_rows = {where for where, name in found if name == "rows"}
    copied = {where for where in in_rows if where.startswith("wijkbot-")}
    assert copied, "the backup"
    assert in_rows - copied, "the files of the database"
    assert b"wijkbot_" in case.metrics
    assert (case.folder / JOURNAL).stat().st_size > 0
    for name, secret in case.secrets.items():
        for shape in shapes(secret):
            planted = [("planted", b"..." + shape + b"...")]
            assert [("planted", name)] == found_in(planted, {name: secret})
