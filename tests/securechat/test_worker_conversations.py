"""Can a worker take, pass on and give back a conversation, and nobody else read it meanwhile?"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from tests.securechat import making
from tests.securechat.making import Json, Person, Team
from tests.securechat.room import Browser, Chat, Resident, running_chat
from wijkbot.app.staff_retire import retire
from wijkbot.securechat.encoding import NO_HASH, RESIDENT, b64
from wijkbot.securechat.timers import minute
from wijkbot.storage import secure_chats, secure_messages

pytestmark = pytest.mark.storage


def path(resident: Resident, what: str) -> str:
    return f"/api/w/conversations/{b64(resident.conv)}/{what}"


def passed_on(chat: Chat, resident: Resident, by: Person, *to: Person) -> list[Json]:
    """The key of the epoch for these, as the one who has it makes it."""
    keys = {one.id: one.kem.public for one in to}
    wraps = making.wrapset(resident.conv, by, chat.manifest, keys, resident.key, resident.e)
    return [wraps]


async def version_of(chat: Chat, resident: Resident) -> int:
    seen = await chat.room.house.database.read(lambda c: secure_chats.get(c, resident.conv))
    assert seen is not None
    return seen.version


async def step(
    console: Browser, chat: Chat, resident: Resident, what: str, **more: Any
) -> tuple[int, str]:
    version = more.pop("version", None) or await version_of(chat, resident)
    answer = await console.ask("POST", path(resident, what), {"version": version, **more})
    return answer.status_code, answer.json().get("error", "")


async def readers_of(chat: Chat, resident: Resident) -> set[bytes]:
    rows = await chat.room.house.database.read(
        lambda c: secure_messages.recipients(c, resident.conv)
    )
    return {row.receiver for row in rows if row.ct is not None}


async def test_a_worker_sees_claims_reads_and_answers(chat: Chat) -> None:
    resident, worker = await chat.resident(), chat.team.worker
    console = await chat.console(worker)
    queue = (await console.ask("GET", "/api/w/queue")).json()
    (waiting,) = queue["waiting"]
    assert waiting == {
        "conv": b64(resident.conv), "since": waiting["since"], "lang": "nl",
        "returning": False, "version": 1, "was_mine": False,
    }  # fmt: skip
    assert await step(console, chat, resident, "claim") == (200, "")
    queue = (await console.ask("GET", "/api/w/queue")).json()
    assert queue["waiting"] == [] and queue["mine"][0]["conv"] == b64(resident.conv)
    keys = (await console.ask("GET", path(resident, "keys"))).json()
    own = [one for one in keys["wrapsets"][0]["recipients"] if "ct" in one]
    assert [one["to"] for one in own] == [b64(worker.id)]
    assert keys["resident"]["sig"] == b64(resident.keys.sig.public)
    envelope = making.envelope(resident.conv, worker, resident.key, "dag")
    answer = await console.ask("POST", path(resident, "messages"), {"envelope": envelope})
    assert answer.json() == {"seq": 2}
    again = await console.ask("POST", path(resident, "messages"), {"envelope": envelope})
    assert (again.status_code, again.json()) == (200, {"seq": 2})
    told = (await chat.tab(resident).ask("GET", "/api/c/messages?after=1")).json()
    assert told["assigned_to"] == b64(worker.id) and told["state"] == "assigned"
    assert told["messages"][0]["by"] == b64(worker.id)


async def test_claiming_takes_the_key_from_the_others(chat: Chat) -> None:
    other = making.member("Ander")
    await publish_with(chat, other)
    resident = await chat.resident()
    assert other.id in await readers_of(chat, resident)
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    readers = await readers_of(chat, resident)
    assert other.id not in readers
    assert {chat.team.worker.id, chat.team.coordinator.id, RESIDENT} <= readers


async def test_with_policy_team_everybody_keeps_it(secure_url: str, tmp_path: Any) -> None:
    async with running_chat(secure_url, tmp_path, policy="team") as chat:
        other = making.member("Ander")
        await publish_with(chat, other)
        resident = await chat.resident()
        console = await chat.console(chat.team.worker)
        assert await step(console, chat, resident, "claim") == (200, "")
        assert other.id in await readers_of(chat, resident)
        reading = await (await chat.console(other)).ask("GET", path(resident, "messages"))
        assert reading.status_code == 200


async def publish_with(chat: Chat, *others: Person) -> None:
    """A team with more members than it began with."""

    class Larger(Team):
        @property
        def people(self) -> tuple[Person, ...]:
            return (self.coordinator, self.worker, self.trainee, *others)

    team = chat.team
    larger = Larger(team.root, team.coordinator, team.worker, team.trainee)
    version = chat.manifest["version"] + 1
    await chat.publish(version, larger)


async def test_31_two_claims_at_once_give_one_winner(chat: Chat) -> None:
    other = making.member("Ander")
    await publish_with(chat, other)
    one, two = await chat.console(chat.team.worker), await chat.console(other)
    for _ in range(20):
        resident = await chat.resident()
        results = await asyncio.gather(
            *(step(who, chat, resident, "claim", version=1) for who in (one, two) for _ in "ab")
        )
        assert sorted(code for code, _ in results)[:1] == [200]
        assert [code for code, _ in results].count(200) == 1
        assert {code for code, _ in results} <= {200, 404, 409}
        chat.clock.shift(60)


async def test_33_whoever_does_not_talk_in_it_finds_nothing(chat: Chat) -> None:
    other = making.member("Ander")
    await publish_with(chat, other)
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    stranger = await chat.console(other)
    nowhere = Resident()
    envelope = making.envelope(resident.conv, other, resident.key)
    blob = b64(os.urandom(16))
    asked: list[tuple[str, str, Any]] = [
        ("GET", "messages", None), ("GET", "keys", None), ("GET", "drafts", None),
        ("GET", f"blobs/{blob}", None), ("DELETE", "drafts", None),
        ("POST", "messages", {"envelope": envelope}),
        ("POST", "claim", {"version": 2}),
        ("POST", "release", {"version": 2, "wrapsets": []}),
        ("POST", "close", {"version": 2, "abusive": False}),
        ("POST", "accept", {"version": 2}), ("POST", "withdraw", {"version": 2}),
        ("POST", "guests", {"version": 2, "to": b64(chat.team.trainee.id), "wrapsets": []}),
        ("DELETE", f"guests/{b64(chat.team.trainee.id)}", None),
    ]  # fmt: skip
    before = await chat.rows()
    for method, what, body in asked:
        theirs = await stranger.ask(method, path(resident, what), body)
        missing = await stranger.ask(method, path(nowhere, what), body)
        assert theirs.status_code == missing.status_code == 404, (what, theirs.text)
        assert theirs.text == missing.text
    assert await chat.rows() == before
    queue = (await stranger.ask("GET", "/api/w/queue")).json()
    assert not any(queue.values())


async def test_a_conversation_that_waits_is_nobodys_to_read(chat: Chat) -> None:
    resident = await chat.resident()
    for person in (chat.team.worker, chat.team.coordinator):
        console = await chat.console(person)
        assert (await console.ask("GET", path(resident, "messages"))).status_code == 404


async def handed(chat: Chat) -> tuple[Resident, Person, Browser, Browser]:
    """A conversation of the worker, offered to another one."""
    other = making.member("Ander")
    await publish_with(chat, other)
    resident = await chat.resident()
    one, two = await chat.console(chat.team.worker), await chat.console(other)
    assert await step(one, chat, resident, "claim") == (200, "")
    wraps = passed_on(chat, resident, chat.team.worker, other)
    done = await step(one, chat, resident, "offer", to=b64(other.id), wrapsets=wraps)
    assert done == (200, "")
    return resident, other, one, two


async def test_34_a_colleague_can_decline(chat: Chat) -> None:
    resident, other, one, two = await handed(chat)
    assert (await two.ask("GET", path(resident, "messages"))).status_code == 404
    assert (await two.ask("GET", "/api/w/queue")).json()["offered"][0]["conv"]
    assert await step(two, chat, resident, "decline") == (200, "")
    assert other.id not in await readers_of(chat, resident)
    assert (await one.ask("GET", path(resident, "messages"))).status_code == 200
    assert await step(two, chat, resident, "accept") == (404, "unknown")


async def test_34_an_offer_can_be_withdrawn(chat: Chat) -> None:
    resident, other, one, two = await handed(chat)
    assert await step(one, chat, resident, "withdraw") == (200, "")
    assert other.id not in await readers_of(chat, resident)
    assert await step(two, chat, resident, "accept") == (404, "unknown")


async def test_34_and_35_accepting_is_once_and_takes_it_from_the_giver(chat: Chat) -> None:
    resident, other, one, two = await handed(chat)
    assert await step(two, chat, resident, "accept") == (200, "")
    assert await step(two, chat, resident, "accept") in {(409, "version"), (404, "unknown")}
    readers = await readers_of(chat, resident)
    assert chat.team.worker.id not in readers and other.id in readers
    assert (await one.ask("GET", path(resident, "messages"))).status_code == 404
    assert (await one.ask("GET", path(resident, "keys"))).status_code == 404
    assert (await two.ask("GET", path(resident, "messages"))).status_code == 200
    keys = (await two.ask("GET", path(resident, "keys"))).json()
    assert len(keys["wrapsets"]) == 2


async def test_34_an_offer_goes_to_another_worker_only(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    for to in (chat.team.worker, chat.team.trainee, making.member("Vreemde")):
        wraps = passed_on(chat, resident, chat.team.worker, to)
        done = await step(console, chat, resident, "offer", to=b64(to.id), wrapsets=wraps)
        assert done == (422, "wrapset")
    wraps = passed_on(chat, resident, chat.team.worker, chat.team.trainee)
    coordinator = b64(chat.team.coordinator.id)
    done = await step(console, chat, resident, "offer", to=coordinator, wrapsets=wraps)
    assert done == (422, "wrapset")


async def test_a_coordinator_hands_over_for_somebody_who_is_ill(chat: Chat) -> None:
    other = making.member("Ander")
    await publish_with(chat, other)
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    coordinator = await chat.console(chat.team.coordinator)
    queue = (await coordinator.ask("GET", "/api/w/queue")).json()
    assert [one["conv"] for one in queue["others"]] == [b64(resident.conv)]
    wraps = passed_on(chat, resident, chat.team.coordinator, other)
    done = await step(coordinator, chat, resident, "offer", to=b64(other.id), wrapsets=wraps)
    assert done == (200, "")
    assert await step(await chat.console(other), chat, resident, "accept") == (200, "")


async def test_release_gives_the_key_to_the_whole_team(chat: Chat) -> None:
    other = making.member("Ander")
    await publish_with(chat, other)
    resident, worker = await chat.resident(), chat.team.worker
    console = await chat.console(worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    fewer = passed_on(chat, resident, worker, worker, chat.team.coordinator)
    done = await step(console, chat, resident, "release", wrapsets=fewer)
    assert done == (422, "wrapset")
    assert await step(console, chat, resident, "release", wrapsets=[]) == (422, "wrapset")
    whole = passed_on(chat, resident, worker, worker, other, chat.team.coordinator)
    assert await step(console, chat, resident, "release", wrapsets=whole) == (200, "")
    assert other.id in await readers_of(chat, resident)
    (waiting,) = (await console.ask("GET", "/api/w/queue")).json()["waiting"]
    assert waiting["was_mine"] is True
    assert await step(await chat.console(other), chat, resident, "claim") == (200, "")


async def test_a_wrapset_of_another_key_is_refused(chat: Chat) -> None:
    resident, worker = await chat.resident(), chat.team.worker
    console = await chat.console(worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    resident.key = os.urandom(32)
    wraps = passed_on(chat, resident, worker, chat.team.coordinator)
    coordinator = b64(chat.team.coordinator.id)
    done = await step(console, chat, resident, "offer", to=coordinator, wrapsets=wraps)
    assert done == (422, "wrapset")


async def test_an_abusive_conversation_stays_closed(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    assert await step(console, chat, resident, "close", abusive=True) == (200, "")
    wrapset = resident.epoch(chat.manifest)
    row = {"envelope": resident.envelope(), "wrapset": wrapset}
    answer = await chat.tab(resident).ask("POST", "/api/c/messages", row)
    assert (answer.status_code, answer.json()["error"]) == (409, "closed")


async def test_who_comes_back_is_shown_to_who_talked_before(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    assert await step(console, chat, resident, "close", abusive=False) == (200, "")
    wrapset = resident.epoch(chat.manifest)
    row = {"envelope": resident.envelope(), "wrapset": wrapset}
    answer = await chat.tab(resident).ask("POST", "/api/c/messages", row)
    assert answer.status_code == 201, answer.text
    (waiting,) = (await console.ask("GET", "/api/w/queue")).json()["waiting"]
    assert waiting["returning"] and waiting["was_mine"]


async def test_a_trainee_looks_on_and_writes_drafts_only(chat: Chat) -> None:
    resident, worker, trainee = await chat.resident(), chat.team.worker, chat.team.trainee
    console, desk = await chat.console(worker), await chat.console(trainee)
    assert await step(console, chat, resident, "claim") == (200, "")
    assert (await desk.ask("GET", path(resident, "messages"))).status_code == 404
    wraps = passed_on(chat, resident, worker, trainee)
    done = await step(console, chat, resident, "guests", to=b64(trainee.id), wrapsets=wraps)
    assert done == (200, "")
    assert (await desk.ask("GET", path(resident, "messages"))).status_code == 200
    assert (await desk.ask("GET", "/api/w/queue")).json()["beside"]
    sealed = making.envelope(resident.conv, trainee, resident.key)
    draft = {"draft": b64(os.urandom(16)), "e": 1, "iv": sealed["iv"], "ct": sealed["ct"]}
    assert (await desk.ask("PUT", path(resident, "drafts"), draft)).status_code == 204
    (seen,) = (await console.ask("GET", path(resident, "drafts"))).json()["drafts"]
    assert seen == {"author": b64(trainee.id), **draft}
    late = await desk.ask("PUT", path(resident, "drafts"), {**draft, "e": 2})
    assert (late.status_code, late.json()["error"]) == (409, "epoch")
    own = await desk.ask("POST", path(resident, "messages"), {"envelope": sealed})
    assert own.status_code == 404
    gone = await console.ask("DELETE", path(resident, f"guests/{b64(trainee.id)}"))
    assert gone.status_code == 204
    assert (await desk.ask("GET", path(resident, "messages"))).status_code == 404
    assert trainee.id not in await readers_of(chat, resident)
    assert (await console.ask("GET", path(resident, "drafts"))).json()["drafts"] == []


async def test_36_a_revoked_workers_conversations_wait_for_coordinators(chat: Chat) -> None:
    resident, worker = await chat.resident(), chat.team.worker
    console = await chat.console(worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    now = chat.room.now
    await chat.room.house.database.write(lambda c: retire(c, worker.id, now))
    assert worker.id not in await readers_of(chat, resident)
    assert (await console.ask("GET", path(resident, "messages"))).status_code == 404
    assert (await console.ask("GET", "/api/w/queue")).json()["waiting"] == []
    coordinator = await chat.console(chat.team.coordinator)
    assert len((await coordinator.ask("GET", "/api/w/queue")).json()["waiting"]) == 1
    await chat.publish(2, Team(chat.team.root, chat.team.coordinator))
    answer = await chat.say(resident)
    assert (answer.status_code, answer.json()["error"]) == (409, "manifest")
    wrapset = resident.epoch(chat.manifest)
    assert b64(worker.id) not in {one["to"] for one in wrapset["recipients"]}
    row = {"envelope": resident.envelope(), "wrapset": wrapset}
    answer = await chat.tab(resident).ask("POST", "/api/c/messages", row)
    assert answer.status_code == 201


async def test_what_comes_back_to_the_queue_waits_from_then_on(chat: Chat) -> None:
    resident, worker = await chat.resident(), chat.team.worker
    console = await chat.console(worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    later = chat.room.now + 15 * 86_400  # more than the fourteen days of an unanswered one
    database = chat.room.house.database
    await database.write(lambda c: retire(c, worker.id, later))
    found = await database.read(lambda c: secure_chats.get(c, resident.conv))
    assert found is not None
    assert found.queued_at == minute(later)


async def test_a_worker_starts_the_next_epoch(chat: Chat) -> None:
    resident, worker = await chat.resident(), chat.team.worker
    console = await chat.console(worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    key = os.urandom(32)
    to = making.starting(chat.manifest, resident.keys)
    wrapset = making.wrapset(resident.conv, worker, chat.manifest, to, key, 2)
    envelope = making.envelope(resident.conv, worker, key, e=2, n=1, prev=NO_HASH)
    row = {"envelope": envelope, "wrapset": wrapset}
    assert (await console.ask("POST", path(resident, "messages"), row)).status_code == 201
    answer = await chat.say(resident)
    assert (answer.status_code, answer.json()["error"]) == (409, "epoch")
    assert answer.json()["e"] == 2
    resident.e, resident.key = 2, key
    assert (await chat.say(resident)).status_code == 201


async def test_of_two_steps_from_one_version_one_happens(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    assert await step(console, chat, resident, "close", abusive=False, version=1) == (
        409, "version",
    )  # fmt: skip
