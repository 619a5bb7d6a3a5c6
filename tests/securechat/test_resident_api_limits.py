"""Is there a limit to everything, kept without an address, and never a closed door?"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import pytest

from tests.securechat import making
from tests.securechat.making import Json
from tests.securechat.room import Chat, Resident, running_chat, somewhere
from tests.securechat.test_worker_conversations import path
from wijkbot.app import secure_chat
from wijkbot.app.assemble import open_house
from wijkbot.app.secure_room import secure_room
from wijkbot.securechat.encoding import b64, lp, unb64
from wijkbot.securechat.points import sha256
from wijkbot.securechat.work import zero_bits

pytestmark = pytest.mark.storage

HERE = {"X-Forwarded-For": "192.0.2.7"}


def worked(told: Json, conv: bytes) -> Json:
    """The proof of work a browser finds."""
    challenge, bits = told["challenge"], told["bits"]
    nonce = 0
    while zero_bits(sha256(lp("wb1/pow", challenge, conv, nonce))) < bits:
        nonce += 1
    return {"challenge": challenge, "nonce": nonce}


async def test_55_config_sixty_a_minute(chat: Chat) -> None:
    codes = [(await chat.client.get("/api/c/config", headers=HERE)).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    answer = await chat.client.get("/api/c/config", headers=HERE)
    assert answer.json()["error"] == "slow" and int(answer.headers["retry-after"]) >= 1
    assert (await chat.client.get("/api/c/config", headers=somewhere())).status_code == 200
    chat.clock.shift(60)
    assert (await chat.client.get("/api/c/config", headers=HERE)).status_code == 200


async def test_55_the_sixth_conversation_of_an_address_costs_work_and_is_not_refused(
    chat: Chat,
) -> None:
    for _ in range(5):
        assert (await chat.begin(Resident(), headers=HERE)).status_code == 201
    sixth = Resident()
    row = sixth.beginning(chat.manifest)
    answer = await chat.client.post("/api/c/conversations", json=row, headers=HERE)
    assert (answer.status_code, answer.json()["error"]) == (428, "pow")
    told = (await chat.client.get("/api/c/config", headers=HERE)).json()["pow"]
    work = worked(told, sixth.conv)
    other = {**row, "pow": worked(told, os.urandom(16))}
    answer = await chat.client.post("/api/c/conversations", json=other, headers=HERE)
    assert answer.status_code == 428
    done = await chat.client.post("/api/c/conversations", json={**row, "pow": work}, headers=HERE)
    assert done.status_code == 201
    chat.clock.shift(3600)
    assert (await chat.begin(Resident(), headers=HERE)).status_code == 201


async def test_55_return_ten_a_minute_and_slower_after_five_misses(chat: Chat) -> None:
    async def wrong() -> httpx.Response:
        row = {"locator": b64(os.urandom(16)), "auth": b64(os.urandom(32))}
        return await chat.client.post("/api/c/return", json=row, headers=HERE)

    assert [(await wrong()).status_code for _ in range(5)] == [404] * 5
    sixth = await wrong()
    assert (sixth.status_code, sixth.headers["retry-after"]) == (429, "1")
    for wait in (1, 2, 4, 8, 16, 32, 42, 42):
        chat.clock.shift(wait - 0.5)
        assert (await wrong()).status_code == 429
        chat.clock.shift(0.6)
        assert (await wrong()).status_code == 404


async def test_55_a_right_code_ten_times_a_minute(chat: Chat) -> None:
    resident = await chat.resident()
    row = {"locator": b64(resident.locator), "auth": b64(resident.auth)}

    async def back() -> int:
        return (await chat.client.post("/api/c/return", json=row, headers=HERE)).status_code

    assert [await back() for _ in range(11)] == [200] * 10 + [429]
    chat.clock.shift(60)
    assert await back() == 200


async def test_55_messages_twenty_a_minute_and_five_hundred_a_day(chat: Chat) -> None:
    resident = await chat.resident()
    codes = [(await chat.say(resident)).status_code for _ in range(21)]
    assert codes == [201] * 20 + [429]
    chat.clock.shift(60)
    assert (await chat.say(resident)).status_code == 201
    room = chat.room.limits
    for _ in range(500):
        room.take(resident.conv, "messages_day")
    chat.clock.shift(100)
    answer = await chat.say(resident)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 20


async def test_55_ten_photos_a_day(chat: Chat) -> None:
    resident = await chat.resident()
    kind = {"Content-Type": "application/octet-stream"}

    async def photo() -> int:
        where = f"/api/c/blobs/{b64(os.urandom(16))}"
        answer = await chat.tab(resident).ask(
            "PUT", where, content=bytes(65_536 + 28), headers=kind
        )
        return answer.status_code

    assert [await photo() for _ in range(11)] == [201] * 10 + [429]


async def test_55_four_requests_of_a_tab_wait(chat: Chat) -> None:
    resident = await chat.resident()
    tab = chat.tab(resident)
    waiting = [
        asyncio.create_task(tab.ask("GET", "/api/c/messages?after=1&wait=25")) for _ in range(4)
    ]
    while len(chat.room.wakes._waiting.get(resident.conv, ())) < 4:
        await asyncio.sleep(0.01)
    fifth = await tab.ask("GET", "/api/c/messages?after=1&wait=25")
    assert (fifth.status_code, fifth.json()["error"]) == (429, "slow")
    assert (await chat.say(resident)).status_code == 201
    answers = await asyncio.gather(*waiting)
    assert {answer.json()["last_seq"] for answer in answers} == {2}
    assert (await tab.ask("GET", "/api/c/messages?after=1&wait=1")).status_code == 200


async def test_55_claims_thirty_a_minute(chat: Chat) -> None:
    console = await chat.console(chat.team.worker)
    nowhere = Resident()
    codes = [
        (await console.ask("POST", path(nowhere, "claim"), {"version": 1})).status_code
        for _ in range(31)
    ]
    assert codes == [404] * 30 + [429]


async def test_55_only_our_own_proxy_is_believed(secure_url: str, tmp_path: Path) -> None:
    async with running_chat(secure_url, tmp_path, proxies=0) as chat:
        codes = [
            (await chat.client.get("/api/c/config", headers=somewhere())).status_code
            for _ in range(61)
        ]
        assert codes[-1] == 429
    async with running_chat(secure_url, tmp_path, proxies=1) as chat:
        codes = []
        for number in range(61):
            spoofed = {"X-Forwarded-For": f"10.9.9.{number}, 192.0.2.9"}
            codes.append((await chat.client.get("/api/c/config", headers=spoofed)).status_code)
        assert codes[-1] == 429


async def test_55_no_address_is_kept_not_even_in_memory(chat: Chat) -> None:
    await chat.begin(Resident(), headers=HERE)
    names = {name for name, _ in chat.room.limits._buckets}
    assert {"create_hour", "create_day"} <= names
    keys = {who for _, who in chat.room.limits._buckets}
    assert not any(b"192.0.2" in who or bytes([192, 0, 2, 7]) == who for who in keys)
    before = chat.room.limits.visitor("127.0.0.1", ["192.0.2.7"], 1)
    assert before == chat.room.limits.visitor("127.0.0.1", ["192.0.2.7"], 1)
    chat.clock.shift(86_400)
    assert before != chat.room.limits.visitor("127.0.0.1", ["192.0.2.7"], 1)


async def test_56_a_flood_meets_work_and_a_full_queue_and_talks_go_on(
    secure_url: str, tmp_path: Path
) -> None:
    async with running_chat(secure_url, tmp_path, queue_cap=40) as chat:
        talking = await chat.resident()
        beginnings = [Resident().beginning(chat.manifest) for _ in range(45)]
        codes: list[int] = []

        async def flood(rows: list[Json]) -> None:
            for row in rows:
                answer = await chat.client.post(
                    "/api/c/conversations", json=row, headers=somewhere()
                )
                codes.append(answer.status_code)

        async def talk() -> float:
            slowest = 0.0
            for _ in range(10):
                began = perf_counter()
                assert (await chat.say(talking)).status_code == 201
                slowest = max(slowest, perf_counter() - began)
            return slowest

        going_on = asyncio.create_task(talk())
        await asyncio.gather(*(flood(beginnings[i::5]) for i in range(5)))
        slowest = await going_on
        assert set(codes) == {201, 428}
        assert codes.count(201) <= 30 + 5  # five at a time were let in before they counted
        assert slowest < 1.0
        told = (await chat.client.get("/api/c/config", headers=somewhere())).json()
        assert told["pow"]["bits"] == 16
        await _fill(chat, 40)
        told = (await chat.client.get("/api/c/config", headers=somewhere())).json()
        assert told["is_full"] and told["waiting"] == 40
        answer = await chat.begin(Resident(), headers=somewhere())
        assert (answer.status_code, answer.json()["error"]) == (503, "full")
        assert int(answer.headers["retry-after"]) > 0
        assert (await chat.say(talking)).status_code == 201


async def _fill(chat: Chat, many: int) -> None:
    """Until so many wait; the minutes pass between them."""
    while True:
        chat.clock.shift(60)
        told = (await chat.client.get("/api/c/config", headers=somewhere())).json()
        if told["waiting"] >= many:
            return
        for _ in range(min(20, many - told["waiting"])):
            answer = await chat.begin(Resident(), headers=somewhere())
            assert answer.status_code == 201, answer.text


async def test_55_sixty_conversations_a_minute_on_the_whole_site(chat: Chat) -> None:
    chat.room.limits.take(b"", *["create_site"] * 60)
    answer = await chat.begin(Resident(), headers=somewhere())
    assert (answer.status_code, answer.json()["error"]) == (429, "slow")
    chat.clock.shift(60)
    assert (await chat.begin(Resident(), headers=somewhere())).status_code == 201


async def test_a_challenge_is_over_after_ten_minutes(chat: Chat) -> None:
    chat.room.limits.take(b"", *["create_without_work"] * 30)
    told = (await chat.client.get("/api/c/config", headers=HERE)).json()["pow"]
    resident = Resident()
    row = {**resident.beginning(chat.manifest), "pow": worked(told, resident.conv)}
    chat.clock.shift(601)
    chat.room.limits.take(b"", *["create_without_work"] * 30)
    answer = await chat.client.post("/api/c/conversations", json=row, headers=HERE)
    assert (answer.status_code, answer.json()["error"]) == (428, "pow")


async def test_news_comes_at_once_to_who_waits(chat: Chat) -> None:
    resident = await chat.resident()
    tab = chat.tab(resident)

    async def later() -> Any:
        return (await tab.ask("GET", "/api/c/messages?after=1&wait=25")).json()

    waiting = asyncio.create_task(later())
    await asyncio.sleep(0.2)
    began = perf_counter()
    assert (await chat.say(resident)).status_code == 201
    told = await waiting
    assert told["last_seq"] == 2 and perf_counter() - began < 2
    began = perf_counter()
    assert (await tab.ask("GET", "/api/c/messages?after=2&wait=1")).json()["messages"] == []
    assert perf_counter() - began >= 1


async def test_another_state_wakes_who_waits(chat: Chat) -> None:
    resident = await chat.resident()
    tab, console = chat.tab(resident), await chat.console(chat.team.worker)
    version = (await tab.ask("GET", "/api/c/messages")).json()["version"]
    where = f"/api/c/messages?after=1&wait=25&version={version}"
    waiting = asyncio.create_task(tab.ask("GET", where))
    await asyncio.sleep(0.2)
    claimed = await console.ask("POST", path(resident, "claim"), {"version": 1})
    assert claimed.status_code == 200
    assert (await waiting).json()["state"] == "assigned"
    version = (await tab.ask("GET", "/api/c/messages")).json()["version"]
    waiting = asyncio.create_task(
        tab.ask("GET", f"/api/c/messages?after=1&wait=25&version={version}")
    )
    await asyncio.sleep(0.2)
    await chat.room.wakes.look()
    await chat.publish(2)
    await chat.room.wakes.look()
    assert (await waiting).json()["manifest_version"] == 2


@pytest.mark.parametrize("secure_url", ["postgresql"], indirect=True)
async def test_another_process_wakes_who_waits_here(chat: Chat) -> None:
    resident = await chat.resident()
    tab = chat.tab(resident)
    waiting = asyncio.create_task(tab.ask("GET", "/api/c/messages?after=1&wait=25"))
    await asyncio.sleep(0.5)
    await chat.room.wakes.look()
    there = await open_house(chat.room.house.settings, chat.folder, chat.clock)
    elsewhere = secure_room(there)
    assert elsewhere is not None
    where = await secure_chat.tab_of(elsewhere, resident.token)
    stored = await secure_chat.write(elsewhere, where, {"envelope": resident.envelope()})
    assert stored.seq == 2
    await there.database.close()
    assert not waiting.done()
    await chat.room.wakes.look()
    assert (await waiting).json()["last_seq"] == 2


def test_work_of_a_client_is_what_the_server_checks() -> None:
    conv, challenge = making.new_id(), b64(os.urandom(57))
    work = worked({"challenge": challenge, "bits": 8}, conv)
    digest = sha256(lp("wb1/pow", challenge, conv, work["nonce"]))
    assert unb64(b64(digest))[0] == 0
