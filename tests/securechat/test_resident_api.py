"""Can a resident begin, come back, write and leave, once each, and only with what is theirs?"""

from __future__ import annotations

import asyncio
import os
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import select

from tests.prepared import prepared
from tests.securechat import making
from tests.securechat.making import Person
from tests.securechat.room import Chat, Resident, somewhere
from wijkbot.securechat.encoding import b64, unb64
from wijkbot.storage.secure_tables import sc_conversation, sc_token

pytestmark = pytest.mark.storage


async def test_config_is_what_a_browser_needs_and_makes_no_row(chat: Chat) -> None:
    before = await chat.rows()
    for method in ("GET", "HEAD"):
        answer = await chat.client.request(method, "/api/c/config")
        assert answer.status_code == 200
    told = (await chat.client.get("/api/c/config")).json()
    assert set(told) == {
        "site_salt", "organisation", "root_sig", "manifest", "cert", "presence", "opens_at",
        "waiting", "is_full", "pow", "keeps", "now",
    }  # fmt: skip
    assert told["manifest"] == chat.manifest
    assert told["presence"] == "closed" and told["pow"] is None and not told["is_full"]
    assert told["keeps"] == {"closed_days": 14, "silent_days": 30, "max_days": 90}
    assert await chat.rows() == before


async def test_presence_follows_consoles_that_are_open(chat: Chat) -> None:
    console = await chat.console(chat.team.worker)
    assert (await chat.client.get("/api/c/config")).json()["presence"] == "busy"
    answer = await console.ask("POST", "/api/w/presence", {"available": True})
    assert answer.is_success, answer.text
    assert (await chat.client.get("/api/c/config")).json()["presence"] == "open"
    chat.clock.shift(61)
    assert (await chat.client.get("/api/c/config")).json()["presence"] == "closed"


async def test_who_waited_in_vain_is_told_who_is_here_now(chat: Chat) -> None:
    tab = chat.tab(await chat.resident())
    version = (await tab.ask("GET", "/api/c/messages")).json()["version"]
    waiting = asyncio.create_task(
        tab.ask("GET", f"/api/c/messages?after=1&wait=2&version={version}")
    )
    await asyncio.sleep(0.3)
    await chat.console(chat.team.worker)
    assert (await waiting).json()["presence"] == "busy"


async def test_22_looking_makes_no_row(chat: Chat) -> None:
    await prepared(chat.bot)
    await chat.resident()
    before = await chat.rows()
    for path in ("/c", "/api/c/config", "/api/c/messages", "/api/c/keys", "/api/c/conversations",
                 "/api/c/return", "/api/c/exit", f"/api/c/blobs/{b64(bytes(16))}"):  # fmt: skip
        for method in ("GET", "HEAD"):
            answer = await chat.client.request(method, path)
            assert answer.status_code in {200, 401, 405}, (path, answer.text)
    assert await chat.rows() == before


async def test_a_conversation_begins_and_goes_on(chat: Chat) -> None:
    resident = await chat.resident()
    assert (await chat.say(resident)).json() == {"seq": 2}
    told = (await chat.tab(resident).ask("GET", "/api/c/messages")).json()
    assert [one["seq"] for one in told["messages"]] == [1, 2]
    assert told["state"] == "waiting" and told["assigned_to"] is None and told["ahead"] == 0
    assert told["last_seq"] == 2 and told["manifest_version"] == 1
    assert all(one["at"] % 60 == 0 for one in told["messages"])
    later = await chat.tab(resident).ask("GET", "/api/c/messages?after=1")
    assert [one["seq"] for one in later.json()["messages"]] == [2]


async def test_8_a_beginning_sent_again_is_one_conversation(chat: Chat) -> None:
    resident = Resident()
    row = resident.beginning(chat.manifest)
    first = await chat.client.post("/api/c/conversations", json=row)
    again = await chat.client.post("/api/c/conversations", json=row)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["seq"] == again.json()["seq"] == 1
    assert first.json()["token"] != again.json()["token"]
    rows = await chat.rows()
    assert (rows["sc_conversation"], rows["sc_message"], rows["sc_wrapset"]) == (1, 1, 1)
    for token in (first.json()["token"], again.json()["token"]):
        resident.token = token
        assert (await chat.tab(resident).ask("GET", "/api/c/messages")).status_code == 200


async def test_8_a_beginning_is_not_answered_with_a_token_for_ever(chat: Chat) -> None:
    resident = Resident()
    row = resident.beginning(chat.manifest)
    assert (await chat.client.post("/api/c/conversations", json=row)).status_code == 201
    chat.clock.shift(3601)
    answer = await chat.client.post("/api/c/conversations", json=row)
    assert (answer.status_code, answer.json()["error"]) == (409, "taken")


async def test_8_a_message_sent_again_is_one_message(chat: Chat) -> None:
    resident = await chat.resident()
    envelope = resident.envelope("dag")
    tab = chat.tab(resident)
    first = await tab.ask("POST", "/api/c/messages", {"envelope": envelope})
    again = await tab.ask("POST", "/api/c/messages", {"envelope": envelope})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"seq": 2}
    assert (await chat.rows())["sc_message"] == 2


async def test_two_tabs_with_one_number_are_told_what_came_last(chat: Chat) -> None:
    resident = await chat.resident()
    other = resident.envelope("uit het andere tabblad")
    assert (await chat.say(resident, "eerst")).status_code == 201
    answer = await chat.tab(resident).ask("POST", "/api/c/messages", {"envelope": other})
    assert answer.status_code == 409
    told = answer.json()
    assert told["error"] == "chain"
    assert (told["n"], told["hash"]) == (2, b64(resident.last))


BAD: dict[str, tuple[str, int]] = {
    "unsigned": ("signature", 422),
    "another key": ("signature", 422),
    "another participant": ("signature", 422),
    "another epoch": ("epoch", 409),
    "another conversation": ("signature", 422),
    "a field too many": ("shape", 422),
}


def _bad(chat: Chat, resident: Resident, name: str) -> Any:
    match name:
        case "unsigned":
            return {**resident.envelope(), "signature": b64(bytes(64))}
        case "another key":
            return making.envelope(resident.conv, Person(), resident.key, n=2, prev=resident.last)
        case "another participant":
            worker = chat.team.worker
            return making.envelope(resident.conv, worker, resident.key, n=2, prev=resident.last)
        case "another epoch":
            return resident.envelope(e=2)
        case "another conversation":
            return making.envelope(
                os.urandom(16), resident.keys, resident.key, n=2, prev=resident.last
            )
        case _:
            return {**resident.envelope(), "extra": 1}


@pytest.mark.parametrize("name", BAD)
async def test_9_a_message_that_does_not_hold_is_not_stored(chat: Chat, name: str) -> None:
    resident = await chat.resident()
    before = await chat.rows()
    row = {"envelope": _bad(chat, resident, name)}
    answer = await chat.tab(resident).ask("POST", "/api/c/messages", row)
    assert (answer.json()["error"], answer.status_code) == BAD[name]
    assert await chat.rows() == before


async def test_9_a_beginning_that_does_not_hold_stores_nothing(chat: Chat) -> None:
    before = await chat.rows()
    resident = Resident()
    row = resident.beginning(chat.manifest)
    ghost = making.member("Spook")
    to = {**making.starting(chat.manifest, resident.keys), ghost.id: ghost.kem.public}
    fewer = making.starting(chat.manifest, resident.keys)
    fewer.pop(chat.team.worker.id)
    sets = {
        "ghost": making.wrapset(resident.conv, resident.keys, chat.manifest, to, resident.key),
        "fewer": making.wrapset(resident.conv, resident.keys, chat.manifest, fewer, resident.key),
    }
    for wrapset in sets.values():
        answer = await chat.client.post("/api/c/conversations", json={**row, "wrapset": wrapset})
        assert (answer.status_code, answer.json()["error"]) == (422, "wrapset")
    unsigned = {**row["envelope"], "signature": b64(bytes(64))}
    answer = await chat.client.post("/api/c/conversations", json={**row, "envelope": unsigned})
    assert (answer.status_code, answer.json()["error"]) == (422, "signature")
    assert await chat.rows() == before


async def test_a_wrapset_for_an_older_team_is_told_to_read_again(chat: Chat) -> None:
    old = chat.manifest
    await chat.publish(2)
    row = Resident().beginning(old)
    answer = await chat.client.post("/api/c/conversations", json=row)
    assert (answer.status_code, answer.json()["error"]) == (409, "manifest")


async def test_10_a_message_that_does_not_hold_uses_up_no_turn(chat: Chat) -> None:
    resident = await chat.resident()
    for _ in range(25):
        row = {"envelope": _bad(chat, resident, "unsigned")}
        answer = await chat.tab(resident).ask("POST", "/api/c/messages", row)
        assert answer.status_code == 422
    assert (await chat.say(resident)).status_code == 201


async def test_17_every_wrong_return_is_one_and_the_same_answer(chat: Chat) -> None:
    known, gone = await chat.resident(), await chat.resident()
    await chat.tab(gone).ask("DELETE", "/api/c/conversation")
    tries = {
        "unknown": (os.urandom(16), os.urandom(32)),
        "wrong": (known.locator, os.urandom(32)),
        "deleted": (gone.locator, gone.auth),
    }
    answers = set()
    for locator, auth in tries.values():
        row = {"locator": b64(locator), "auth": b64(auth)}
        answer = await chat.client.post("/api/c/return", json=row, headers=somewhere())
        headers = tuple(sorted((k, v) for k, v in answer.headers.items() if k != "date"))
        answers.add((answer.status_code, answer.text, headers))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


async def test_17_a_wrong_code_takes_as_long_as_an_unknown_one(chat: Chat) -> None:
    known = await chat.resident()
    took: dict[str, list[float]] = {"unknown": [], "wrong": []}
    for _ in range(40):
        for name, times in took.items():
            locator = known.locator if name == "wrong" else os.urandom(16)
            row = {"locator": b64(locator), "auth": b64(os.urandom(32))}
            began = perf_counter()
            await chat.client.post("/api/c/return", json=row, headers=somewhere())
            times.append(perf_counter() - began)
    # the shortest of each: whatever else the machine does only adds
    slow, fast = sorted((min(times) for times in took.values()), reverse=True)
    assert slow < 2 * fast, "what somebody could measure from outside"


async def _return(chat: Chat, resident: Resident) -> Any:
    row = {"locator": b64(resident.locator), "auth": b64(resident.auth)}
    return await chat.client.post("/api/c/return", json=row, headers=somewhere())


async def test_whoever_knows_the_code_comes_back(chat: Chat) -> None:
    resident = await chat.resident()
    answer = await _return(chat, resident)
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"conv", "kem", "sig", "kdf", "bundle", "token"}
    assert told["conv"] == b64(resident.conv) and told["token"] != resident.token
    resident.token = told["token"]
    assert (await chat.say(resident)).status_code == 201


async def test_18_of_code_and_token_only_hashes_are_kept(chat: Chat) -> None:
    resident = await chat.resident()
    read = chat.room.house.database.read
    kept = [tuple(r) for r in await read(lambda c: c.execute(select(sc_conversation)).all())]
    kept += [tuple(r) for r in await read(lambda c: c.execute(select(sc_token)).all())]
    values = {bytes(v) if isinstance(v, bytes) else v for row in kept for v in row}
    secrets = {resident.locator, resident.auth, b64(resident.locator), b64(resident.auth)}
    token = resident.token
    assert not secrets & values and token not in values
    assert unb64(token) not in values


async def test_19_a_new_code_kills_the_old_one_at_once(chat: Chat) -> None:
    resident = await chat.resident()
    new = Resident(conv=resident.conv)
    answer = await chat.tab(resident).ask("POST", "/api/c/code", new.code())
    assert answer.status_code == 204
    assert (await _return(chat, resident)).status_code == 404
    assert (await _return(chat, new)).status_code == 200
    assert (await chat.say(resident)).status_code == 201  # its tab stays in


async def test_a_code_of_somebody_else_is_taken(chat: Chat) -> None:
    one, other = await chat.resident(), await chat.resident()
    answer = await chat.tab(one).ask("POST", "/api/c/code", other.code())
    assert (answer.status_code, answer.json()["error"]) == (409, "taken")
    assert (await _return(chat, other)).status_code == 200


async def test_keys_are_the_askers_own_only(chat: Chat) -> None:
    resident = await chat.resident()
    told = (await chat.tab(resident).ask("GET", "/api/c/keys")).json()
    (wrapset,) = told["wrapsets"]
    full = [one for one in wrapset["recipients"] if "ct" in one]
    assert [one["to"] for one in full] == [b64(bytes(16))]
    assert all(set(one) == {"to", "digest"} for one in wrapset["recipients"] if one not in full)
    assert told["earlier"] == [] and told["manifest"] == chat.manifest


async def test_earlier_lists_come_with_the_keys(chat: Chat) -> None:
    resident = await chat.resident()
    old = chat.manifest
    await chat.publish(2)
    told = (await chat.tab(resident).ask("GET", "/api/c/keys")).json()
    assert [one["manifest"] for one in told["earlier"]] == [old]
    assert told["manifest"] == chat.manifest


async def test_closing_ends_the_talk_and_a_new_epoch_opens_it(chat: Chat) -> None:
    resident = await chat.resident()
    tab = chat.tab(resident)
    assert (await tab.ask("POST", "/api/c/close")).status_code == 204
    assert (await tab.ask("POST", "/api/c/close")).status_code == 204
    told = (await tab.ask("GET", "/api/c/messages?after=1")).json()
    now = chat.clock.now_ms() // 1000
    assert told["state"] == "closed" and 0 <= told["purge_at"] - now - 14 * 86_400 <= 60
    answer = await chat.say(resident)
    assert (answer.status_code, answer.json()["error"]) == (409, "closed")
    wrapset = resident.epoch(chat.manifest)
    row = {"envelope": resident.envelope(), "wrapset": wrapset}
    assert (await tab.ask("POST", "/api/c/messages", row)).json() == {"seq": 2}
    assert (await tab.ask("GET", "/api/c/messages")).json()["state"] == "waiting"


async def test_after_delete_nothing_is_there(chat: Chat) -> None:
    resident = Resident()
    row = resident.beginning(chat.manifest)
    begun = await chat.client.post("/api/c/conversations", json=row, headers=somewhere())
    resident.token = begun.json()["token"]
    assert (await chat.tab(resident).ask("DELETE", "/api/c/conversation")).status_code == 204
    rows = await chat.rows()
    assert {name for name, many in rows.items() if many} == {
        "sc_manifest", "sc_tombstone", "sc_count",
    }  # fmt: skip
    answer = await chat.tab(resident).ask("GET", "/api/c/messages")
    assert (answer.status_code, answer.json()["error"]) == (401, "unknown")
    # an old request that arrives late does not bring it back
    again = await chat.client.post("/api/c/conversations", json=row, headers=somewhere())
    assert (again.status_code, again.json()["error"]) == (409, "taken")


async def test_exit_needs_nothing_and_clears_everything(chat: Chat) -> None:
    answer = await chat.client.post("/api/c/exit")
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'


async def test_without_a_list_that_holds_nobody_can_begin(chat: Chat) -> None:
    chat.clock.shift(91 * 86_400)
    answer = await chat.client.get("/api/c/config")
    assert (answer.status_code, answer.json()["error"]) == (503, "no_team")
    assert int(answer.headers["retry-after"]) > 0
    row = Resident().beginning(chat.manifest)
    answer = await chat.client.post("/api/c/conversations", json=row)
    assert (answer.status_code, answer.json()["error"]) == (503, "no_team")


async def test_after_somebody_left_the_team_the_next_message_needs_a_new_epoch(chat: Chat) -> None:
    resident = await chat.resident()
    await chat.publish(2, making.Team(chat.team.root, chat.team.coordinator))
    answer = await chat.say(resident)
    assert (answer.status_code, answer.json()["error"]) == (409, "manifest")
    wrapset = resident.epoch(chat.manifest)
    row = {"envelope": resident.envelope(), "wrapset": wrapset}
    answer = await chat.tab(resident).ask("POST", "/api/c/messages", row)
    assert answer.status_code == 201
