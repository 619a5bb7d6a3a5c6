"""Does a worker hear that somebody waits, and nothing but a number, whatever is broken?"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_string
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Connection, update

from tests.securechat.post_office import Mail, Push, listening
from tests.securechat.room import SATURDAY, Chat, Resident, running_chat
from wijkbot.app.secure_bell import REST_SECONDS, Bell, bells_of, look, telling
from wijkbot.app.secure_mail import send_mail
from wijkbot.app.staff_hours import staffed_seconds
from wijkbot.securechat.encoding import b64
from wijkbot.storage.staff_hours import Span, put
from wijkbot.storage.tables import lease

pytestmark = pytest.mark.storage

HOUR = 3600
TEAM = "team@brug.example"
ONE = {"count": 1, "text": "1 gesprek wacht"}
TWO = {"count": 2, "text": "2 gesprekken wachten"}
LATE = {"count": 1, "text": "1 gesprek wacht al lang"}


@asynccontextmanager
async def pushed(url: str, folder: Path, push: Push) -> AsyncIterator[tuple[Chat, Bell]]:
    """A chat whose team is told at that web address."""
    async with listening(push):
        where = f"http://127.0.0.1:{push.port}/team"
        async with running_chat(url, folder, notify_url=where) as chat, httpx.AsyncClient() as web:
            (bell,) = bells_of(chat.room, web)
            yield chat, bell


async def staffed(chat: Chat, *spans: Span) -> None:
    await chat.room.house.database.write(lambda conn: put(conn, spans))


async def test_30_a_worker_hears_a_number_and_nothing_else(
    secure_url: str, tmp_path: Path
) -> None:
    push = Push()
    async with pushed(secure_url, tmp_path, push) as (chat, bell):
        await look(chat.room, bell)
        assert [] == push.heard
        await chat.resident()
        for _ in range(3):
            await look(chat.room, bell)
        assert [ONE] == push.heard, "each is told of once"
        await chat.resident()
        await look(chat.room, bell)
        assert [ONE, TWO] == push.heard


async def test_30_a_broken_address_undoes_no_message_and_is_told_later(
    secure_url: str, tmp_path: Path
) -> None:
    push = Push(status=500)
    async with pushed(secure_url, tmp_path, push) as (chat, bell):
        resident = await chat.resident()
        await look(chat.room, bell)
        await look(chat.room, bell)
        assert 1 == len(push.heard), "it is left in peace for a moment"
        assert 201 == (await chat.say(resident)).status_code
        push.status = 200
        chat.clock.shift(10)
        await look(chat.room, bell)
        await look(chat.room, bell)
        assert [ONE, ONE] == push.heard


async def test_the_pauses_after_failures_grow_and_end(secure_url: str, tmp_path: Path) -> None:
    push = Push(status=503)
    async with pushed(secure_url, tmp_path, push) as (chat, bell):
        await chat.resident()
        pauses = []
        for _ in range(12):
            await look(chat.room, bell)
            pauses.append(bell.rests_until - chat.room.now)
            chat.clock.shift(pauses[-1])
        assert sorted(pauses) == pauses
        assert (6, REST_SECONDS) == (pauses[0], pauses[-1])
        assert 12 == len(push.heard)


async def test_one_who_takes_the_place_of_another_is_told_of(
    secure_url: str, tmp_path: Path
) -> None:
    push = Push()
    async with pushed(secure_url, tmp_path, push) as (chat, bell):
        first = await chat.resident()
        await look(chat.room, bell)
        assert 204 == (await chat.tab(first).ask("POST", "/api/c/close")).status_code
        await chat.resident()
        await look(chat.room, bell)
        assert [ONE, ONE] == push.heard


async def test_after_four_staffed_hours_it_is_told_again_and_after_eight(
    secure_url: str, tmp_path: Path
) -> None:
    """They came on a Saturday; the team is there on Monday from 9 to 12 and from 13 to 18."""
    push = Push()
    async with pushed(secure_url, tmp_path, push) as (chat, bell):
        await staffed(chat, Span(0, 540, 720), Span(0, 780, 1080))
        await chat.resident()
        await look(chat.room, bell)
        heard_at = []
        for quarter in range(4 * 24 * 9):
            before = len(push.heard)
            await look(chat.room, bell)
            if len(push.heard) > before:
                heard_at.append(SATURDAY + timedelta(minutes=15 * quarter))
            chat.clock.shift(15 * 60)
        assert [ONE, LATE, LATE] == push.heard
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    assert [monday + timedelta(hours=13), monday + timedelta(hours=17)] == heard_at


async def test_a_bell_that_was_broken_for_long_tells_both(secure_url: str, tmp_path: Path) -> None:
    push = Push(status=500)
    async with pushed(secure_url, tmp_path, push) as (chat, bell):
        await staffed(chat, Span(5, 0, 1440))
        await chat.resident()
        await look(chat.room, bell)
        push.status = 200
        chat.clock.shift(5 * HOUR)
        await chat.resident()
        await look(chat.room, bell)
        assert [ONE, TWO, LATE] == push.heard


@pytest.mark.parametrize("secure_url", ["postgresql"], indirect=True)
async def test_of_two_processes_one_tells_until_it_stops(secure_url: str, tmp_path: Path) -> None:
    push = Push()
    async with pushed(secure_url, tmp_path, push) as (chat, first):
        second = Bell(first.name, "another process", first.ring)
        await chat.resident()
        for bell in (first, second, first, second):
            await look(chat.room, bell)
        assert [ONE] == push.heard
        await chat.room.house.database.write(_lease_ends)
        for bell in (second, first, second):
            await look(chat.room, bell)
        assert [ONE, ONE] == push.heard, "nobody is forgotten when the first one stops"


def _lease_ends(conn: Connection) -> None:
    conn.execute(update(lease).values(expires_at=0))


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        ("2026-11-23 09:00", "2026-11-23 09:00", 0),
        ("2026-11-23 08:00", "2026-11-23 10:00", 1),
        ("2026-11-20 16:00", "2026-11-23 10:00", 2),
        ("2026-11-23 00:00", "2026-11-30 00:00", 40),
        ("2026-11-24 10:00", "2026-11-23 10:00", 0),
        ("2026-03-27 16:00", "2026-03-30 10:00", 2),
    ],
)
async def test_without_hours_an_ordinary_week_is_staffed(
    tmp_path: Path, secure_sqlite: Path, since: str, until: str, wanted: int
) -> None:
    copied = tmp_path / "wijkbot.db"
    copied.write_bytes(secure_sqlite.read_bytes())
    async with running_chat(f"sqlite:///{copied}", tmp_path) as chat:
        house = chat.room.house
        zone = house.settings.timezone_of("")
        begin, end = (_seconds(moment, zone) for moment in (since, until))
        assert wanted * HOUR == staffed_seconds([], house, begin, end)


def _seconds(moment: str, zone: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).timestamp())


async def test_a_night_in_which_the_clock_goes_back_is_an_hour_longer(
    tmp_path: Path, secure_sqlite: Path
) -> None:
    copied = tmp_path / "wijkbot.db"
    copied.write_bytes(secure_sqlite.read_bytes())
    async with running_chat(f"sqlite:///{copied}", tmp_path) as chat:
        house = chat.room.house
        zone = house.settings.timezone_of("")
        begin, end = (_seconds(f"2026-10-{day} 00:00", zone) for day in (25, 26))
        assert 25 * HOUR == staffed_seconds([Span(6, 0, 1440)], house, begin, end)


async def test_an_e_mail_says_the_number_and_nothing_of_who_or_what(
    secure_url: str, tmp_path: Path
) -> None:
    mail = Mail()
    async with listening(mail):
        chosen = {"smtp_url": f"smtp://127.0.0.1:{mail.port}", "notify_email": TEAM}
        async with (
            running_chat(secure_url, tmp_path, **chosen) as chat,
            httpx.AsyncClient() as web,
        ):
            (bell,) = bells_of(chat.room, web)
            resident = await chat.resident()
            await chat.say(resident, "mijn huur is te hoog")
            await look(chat.room, bell)
            await look(chat.room, bell)
    (written,) = mail.letters
    letter = message_from_string(written)
    assert "1 gesprek wacht" == letter["Subject"] == str(letter.get_payload()).strip(" .\r\n")
    assert (TEAM, TEAM) == (letter["From"], letter["To"])
    assert "auto-generated" == letter["Auto-Submitted"]
    assert {"From", "To", "Subject", "Date", "Auto-Submitted"} == set(letter.keys()) - {
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert [f"rcpt TO:<{TEAM}>"] == [line for line in mail.lines if line.startswith("rcpt")]
    assert _says_nothing(written + "".join(mail.lines), resident)


def _says_nothing(told: str, resident: Resident) -> bool:
    secrets = (b64(resident.conv), resident.token, "huur", "/c", "127.0.0.1:")
    return not any(secret in told for secret in secrets)


async def test_french_and_english_organisations_hear_it_in_their_language(
    secure_url: str, tmp_path: Path
) -> None:
    push = Push()
    async with pushed(secure_url, tmp_path, push) as (chat, bell):
        settings = chat.room.house.settings
        for language in ("fr", "en", "tr"):
            own = settings.organisation.model_copy(update={"languages": (language,)})
            object.__setattr__(settings, "organisation", own)
            await chat.resident()
            await look(chat.room, bell)
    lines = [one["text"] for one in push.heard]
    assert ["1 conversation attend", "2 talks wait", "3 gesprekken wachten"] == lines


@pytest.mark.parametrize("trouble", ["refuses MAIL", "refuses RCPT", "hangs", "is not there"])
async def test_30_a_broken_mail_server_holds_up_neither_the_chat_nor_the_other_bell(
    tmp_path: Path, secure_sqlite: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wijkbot.app.secure_bell.ASK_SECONDS", 1.0)
    monkeypatch.setattr("wijkbot.app.secure_bell.LOOK_SECONDS", 0.05)
    copied = tmp_path / "wijkbot.db"
    copied.write_bytes(secure_sqlite.read_bytes())
    refuses = trouble.removeprefix("refuses ") if trouble.startswith("refuses") else ""
    push, mail = Push(), Mail(refuses=refuses, hangs=trouble == "hangs")
    async with listening(push), listening(mail):
        port = 9 if trouble == "is not there" else mail.port
        chosen = {
            "smtp_url": f"smtp://127.0.0.1:{port}",
            "notify_email": TEAM,
            "notify_url": f"http://127.0.0.1:{push.port}/",
        }
        async with running_chat(f"sqlite:///{copied}", tmp_path, **chosen) as chat:
            loop = asyncio.create_task(telling(chat.room))
            resident = await chat.resident()
            async with asyncio.timeout(10):
                while not push.heard:
                    await asyncio.sleep(0.01)
                assert 201 == (await chat.say(resident)).status_code
            assert not loop.done()
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop
    assert [ONE] == push.heard
    assert [] == mail.letters


NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


async def test_a_name_and_a_password_are_shown_to_the_mail_server() -> None:
    mail = Mail()
    async with listening(mail):
        url = f"smtp://brug:ge%40heim@127.0.0.1:{mail.port}"
        await send_mail(url, TEAM, "1 gesprek wacht", NOW, 5.0)
    proof = base64.b64encode(b"\0brug\0ge@heim").decode()
    assert f"AUTH PLAIN {proof}" in mail.lines
    assert 1 == len(mail.letters)


async def test_no_password_leaves_for_a_server_elsewhere_that_has_no_tls() -> None:
    """127.1 is this machine too, under a name that does not say so."""
    mail = Mail()
    async with listening(mail):
        url = f"smtp://brug:geheim@127.1:{mail.port}"
        with pytest.raises(OSError, match="STARTTLS"):
            await send_mail(url, TEAM, "1 gesprek wacht", NOW, 5.0)
    assert ["ehlo [127.0.0.1]"] == mail.lines


async def test_a_server_whose_certificate_nobody_vouches_for_hears_nothing(
    tmp_path: Path,
) -> None:
    mail = Mail()
    async with listening(mail, _unknown_certificate(tmp_path)):
        url = f"smtps://brug:geheim@127.0.0.1:{mail.port}"
        with pytest.raises(ssl.SSLCertVerificationError):
            await send_mail(url, TEAM, "1 gesprek wacht", NOW, 5.0)
    assert [] == mail.lines


def _unknown_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(NOW - timedelta(days=1)).not_valid_after(
        NOW + timedelta(days=999)
    )
    path = folder / "server.pem"
    secret: Any = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path.write_bytes(key.private_bytes(*secret) + signed)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
