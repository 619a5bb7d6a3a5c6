"""Does whoever tries too often wait, and is nobody ever locked out?"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from tests.securechat.office import Office, Tab, found, open_office
from wijkbot.securechat.encoding import b64

pytestmark = pytest.mark.storage


async def _wrong(tab: Tab, name: str, **headers: str) -> httpx.Response:
    told = {"name": name, "login": b64(os.urandom(32)), "code": "123456"}
    return await tab.ask("POST", "login", told, **headers)


async def test_55_five_attempts_with_one_name_then_waiting(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        for name in ("ann", "nobody"):
            codes = []
            for number in range(6):
                async with office.tab(f"192.0.2.{10 + number}") as stranger:
                    answer = await _wrong(stranger, name)
                    codes.append(answer.status_code)
            assert [401] * 5 + [429] == codes
            wait = int(answer.headers["retry-after"])
            assert 0 < wait <= 180
        office.wait(wait)
        right = {**ann.shown, "code": office.code(ann)}
        assert 200 == (await tab.post("login", right)).status_code, "waited, and in"
        for _ in range(5):
            assert 401 == (await _wrong(tab, "ann")).status_code, "a right one forgets the wrong"
        assert 429 == (await _wrong(tab, "ann")).status_code
        office.wait(900)
        assert 401 == (await _wrong(tab, "ann")).status_code


async def test_55_who_is_in_stays_in_while_a_stranger_tries_their_name(office: Office) -> None:
    async with office.tab() as tab, office.tab("192.0.2.66") as stranger:
        await found(office, tab)
        for _ in range(10):
            await _wrong(stranger, "ann")
        assert 200 == (await tab.ask("GET", "me")).status_code


async def test_55_twenty_attempts_from_one_address_then_waiting(office: Office) -> None:
    async with office.tab("192.0.2.7") as tab, office.tab("192.0.2.8") as other:
        codes = [(await _wrong(tab, f"name {number}")).status_code for number in range(21)]
        assert [401] * 20 + [429] == codes
        assert 401 == (await _wrong(other, "name")).status_code
        office.wait(45)
        assert 401 == (await _wrong(tab, "name 22")).status_code


async def test_55_addresses_of_one_household_count_together(office: Office) -> None:
    codes = []
    for number in range(21):
        async with office.tab(f"2001:db8:1:2::{number + 1:x}") as tab:
            codes.append((await _wrong(tab, f"name {number}")).status_code)
    assert [401] * 20 + [429] == codes


async def test_55_forwarded_addresses_are_believed_of_a_proxy_only(office: Office) -> None:
    async with office.tab("192.0.2.7") as tab:
        codes = [
            (await _wrong(tab, f"name {n}", x_forwarded_for=f"198.51.100.{n}")).status_code
            for n in range(21)
        ]
        assert [401] * 20 + [429] == codes


async def test_55_behind_a_proxy_each_visitor_counts_alone(
    tmp_path: Path, secure_url: str
) -> None:
    async with (
        open_office(tmp_path / "o", secure_url, extra={"proxies": 1}) as office,
        office.tab("192.0.2.7") as tab,
    ):
        for n in range(21):
            answer = await _wrong(tab, f"name {n}", x_forwarded_for=f"198.51.100.{n}")
            assert 401 == answer.status_code
        spoofed = [
            (
                await _wrong(tab, f"who {n}", x_forwarded_for=f"203.0.113.{n}, 198.51.100.99")
            ).status_code
            for n in range(21)
        ]
        assert [401] * 20 + [429] == spoofed, "what the visitor wrote itself is nothing"


async def test_55_attempts_at_a_proof_within_a_session_wait_too(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        told = {"login": b64(ann.login), "code": "000000"}
        codes = [(await tab.post("passkeys/options", told)).status_code for _ in range(6)]
        assert [401] * 5 + [429] == codes


async def test_many_at_once_get_no_more_attempts_than_one_after_another(office: Office) -> None:
    async with office.tab() as tab:
        answers = await asyncio.gather(*(_wrong(tab, "ann") for _ in range(15)))
        assert 5 == sum(one.status_code == 401 for one in answers)


async def test_guessing_links_waits(office: Office) -> None:
    async with office.tab() as tab:
        codes = [
            (await tab.ask("POST", "invite/look", {"token": f"guess {n}"})).status_code
            for n in range(61)
        ]
        assert [404] * 60 + [429] == codes


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b'{"name": "ann"}', 415),
        ("application/x-www-form-urlencoded", b"name=ann", 415),
        ("application/json", b"{" * 100_000, 413),
        ("application/json", b"[" * 60_000, 422),
        ("application/json", b'{"name": "ann", "more": 1}', 422),
        ("application/json", b'{"name": "\\ud800"}', 422),
        ("application/json", b'{"name": ""}', 422),
        ("application/json", b'{"name": 1}', 422),
        ("application/json", b"\xff\xfe", 422),
    ],
)
async def test_other_shapes_are_refused_without_a_fault(
    office: Office, kind: str, body: bytes, status: int
) -> None:
    async with office.tab() as tab:
        headers = {**tab.headers, "Content-Type": kind}
        answer = await tab.client.post("/api/w/salt", content=body, headers=headers)
        assert status == answer.status_code
        assert {"error", "detail"} == answer.json().keys()
