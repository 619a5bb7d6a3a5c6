"""Do a resident and a team talk over HTTP, and does each see exactly what they may?"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.securechat.client.crypto import Sealed, code_keys, sha256
from tests.securechat.client.encoding import b64, unb64
from tests.securechat.client.envelope import (
    as_body,
    open_draft,
    open_photo,
    seal_draft,
    seal_photo,
)
from tests.securechat.client.http import Answered, ResidentHttp
from tests.securechat.client.resident import (
    code_parts,
    draw_code,
)
from tests.securechat.crew import Colleague, Crew, a_crew
from tests.securechat.resident_tab import Resident, said

pytestmark = pytest.mark.asyncio(loop_scope="module")

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(200)) + b"\xff\xd9"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    """One bot and its team for all of these: starting them takes longest."""
    async with a_crew(tmp_path_factory.mktemp("brug"), "Anna", "Ben", "Cas") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def resident(crew: Crew) -> AsyncIterator[Resident]:
    async with ResidentHttp(crew.living.base_url) as http:
        yield Resident(http, crew)


async def claimed(who: Colleague, conv: bytes) -> int:
    """Claim what waits; gives the version."""
    waits = next(one for one in (await who.queue())["waiting"] if one["conv"] == b64(conv))
    return int((await who.act(conv, "claim", version=waits["version"]))["version"])


async def test_03_a_conversation_goes_both_ways_with_a_photo(
    crew: Crew, resident: Resident
) -> None:
    ben = crew.people[1]
    await resident.begin("Goeiedag, ik zit met iets.")
    conv = resident.talk.conv
    await claimed(ben, conv)
    seen = await ben.open(conv, crew.now)
    assert ["Goeiedag, ik zit met iets."] == said(seen)
    await ben.say(seen, "Dag, vertel maar.", crew.now)
    told = await resident.read()
    assert ("assigned", b64(ben.keys.id)) == (told["state"], told["assigned_to"])
    blob_id, key = os.urandom(16), os.urandom(32)
    blob = seal_photo(conv, blob_id, key, os.urandom(12), JPEG)
    await resident.http.put_blob(f"/api/c/blobs/{b64(blob_id)}", blob)
    about = {"blob": b64(blob_id), "key": b64(key), "hash": b64(sha256(blob))}
    await resident.say({"k": "photo", **about, "w": 10, "h": 10})
    await ben.read(seen)
    assert ["Goeiedag, ik zit met iets.", "Dag, vertel maar.", "photo"] == said(seen)
    body = seen.chain.lines[-1].body or {}
    got = await ben.http.get(f"/api/w/conversations/{b64(conv)}/blobs/{body['blob']}")
    opened = open_photo(conv, unb64(body["blob"]), unb64(body["key"]), unb64(body["hash"]), got)
    assert opened == JPEG


async def test_08_a_message_that_is_sent_again_is_there_once(
    crew: Crew, resident: Resident
) -> None:
    await resident.begin("Hallo")
    ready = resident.talk.write({"k": "text", "t": "Nog iets"}, crew.now)
    first = await resident.http.post("/api/c/messages", ready.as_json())
    again = await resident.http.post("/api/c/messages", ready.as_json())
    assert first["seq"] == again["seq"] == 2
    await resident.read()
    assert ["Hallo", "Nog iets"] == said(resident.talk)


async def test_07_a_second_tab_is_told_to_read_first(crew: Crew, resident: Resident) -> None:
    await resident.begin("Hallo")
    other = resident.talk.write({"k": "text", "t": "uit de andere tab"}, crew.now)
    await resident.say({"k": "text", "t": "uit deze tab"})
    with pytest.raises(Answered) as refused:
        await resident.http.post("/api/c/messages", other.as_json())
    assert (409, "chain", 2) == (
        refused.value.status,
        refused.value.code,
        refused.value.said["n"],
    )


async def test_03_seven_words_bring_the_conversation_back(crew: Crew, resident: Resident) -> None:
    await resident.begin("Hallo")
    async with ResidentHttp(crew.living.base_url) as http:
        later = Resident(http, crew)
        await later.come_back(resident.indices)
        assert ["Hallo"] == said(later.talk)
        await later.say({"k": "text", "t": "Ik ben er weer"})
        with pytest.raises(Answered) as refused:
            await Resident(http, crew).come_back(draw_code())
        assert (404, "unknown") == (refused.value.status, refused.value.code)


async def test_19_a_new_code_kills_the_old_one(crew: Crew, resident: Resident) -> None:
    await resident.begin("Hallo")
    config = await resident.http.get("/api/c/config")
    fresh, talk = draw_code(), resident.talk
    code = code_keys(fresh, unb64(config["site_salt"], 16))
    parts = code_parts(code, talk.conv, talk.kem, talk.sig)
    await resident.http.post("/api/c/code", parts)
    async with ResidentHttp(crew.living.base_url) as http:
        with pytest.raises(Answered):
            await Resident(http, crew).come_back(resident.indices)
        later = Resident(http, crew)
        await later.come_back(fresh)
        assert ["Hallo"] == said(later.talk)


async def test_35_after_a_hand_over_the_colleague_reads_and_the_first_does_not(
    crew: Crew, resident: Resident
) -> None:
    _anna, ben, cas = crew.people[:3]
    await resident.begin("Hallo")
    conv = resident.talk.conv
    version = await claimed(ben, conv)
    seen = await ben.open(conv, crew.now)
    given = seen.give({cas.keys.id: cas.keys.kem.public})
    offer = await ben.act(conv, "offer", version=version, to=b64(cas.keys.id), wrapsets=given)
    await cas.act(conv, "accept", version=offer["version"])
    taken = await cas.open(conv, crew.now)
    assert ["Hallo"] == said(taken)
    await cas.say(taken, "Ik neem het over", crew.now)
    with pytest.raises(Answered) as refused:
        await ben.open(conv, crew.now)
    assert 404 == refused.value.status
    await resident.read()
    assert ["Hallo", "Ik neem het over"] == said(resident.talk)


async def test_33_others_are_told_that_it_does_not_exist(crew: Crew, resident: Resident) -> None:
    ben, cas = crew.people[1:3]
    await resident.begin("Hallo")
    conv = resident.talk.conv
    await claimed(ben, conv)
    answers = []
    for wanted in (conv, os.urandom(16)):
        with pytest.raises(Answered) as refused:
            await cas.http.get(f"/api/w/conversations/{b64(wanted)}/keys")
        answers.append((refused.value.status, refused.value.said))
    assert 404 == answers[0][0]
    assert answers[0] == answers[1]


async def test_03_a_trainee_looks_on_and_drafts_and_the_worker_reads_it(
    crew: Crew, resident: Resident
) -> None:
    _anna, ben, _cas = crew.people
    dot = await crew.join("Dot", "trainee")
    await resident.begin("Hallo")
    conv = resident.talk.conv
    version = await claimed(ben, conv)
    seen = await ben.open(conv, crew.now)
    given = seen.give({dot.keys.id: dot.keys.kem.public})
    await ben.act(conv, "guests", version=version, to=b64(dot.keys.id), wrapsets=given)
    looked = await dot.open(conv, crew.now)
    assert ["Hallo"] == said(looked)
    place = (conv, 1, dot.keys.id, os.urandom(16))
    ck = looked.epochs[1].ck
    assert ck is not None
    body = as_body({"k": "text", "t": "Zullen we bellen?", "at": crew.now, "seen": {}})
    sealed = seal_draft(place, ck, os.urandom(12), body).as_json()
    path = f"/api/w/conversations/{b64(conv)}/drafts"
    await dot.http.send("PUT", path, {"draft": b64(place[3]), "e": 1, **sealed})
    with pytest.raises(Answered):
        await dot.say(looked, "zelf iets zeggen", crew.now)
    (draft,) = (await ben.http.get(path))["drafts"]
    told = Sealed(unb64(draft["iv"], 12), unb64(draft["ct"]))
    assert unb64(draft["draft"]) == place[3]
    assert body == open_draft(place, ck, told)


async def test_39_what_is_released_waits_for_everybody_again(
    crew: Crew, resident: Resident
) -> None:
    _anna, ben, cas = crew.people[:3]
    await resident.begin("Hallo")
    conv = resident.talk.conv
    version = await claimed(ben, conv)
    seen = await ben.open(conv, crew.now)
    manifest = seen.trust.current
    assert manifest is not None
    everybody = {who.id: who.kem for who in manifest.readers}
    await ben.act(conv, "release", version=version, wrapsets=seen.give(everybody))
    await claimed(cas, conv)
    assert ["Hallo"] == said(await cas.open(conv, crew.now))


async def test_03_a_closed_conversation_opens_again_with_a_new_epoch(
    crew: Crew, resident: Resident
) -> None:
    ben = crew.people[1]
    await resident.begin("Hallo")
    conv = resident.talk.conv
    await ben.act(conv, "close", version=await claimed(ben, conv), abusive=False)
    assert "closed" == (await resident.read())["state"]
    with pytest.raises(Answered) as refused:
        await resident.say({"k": "text", "t": "nog iets"})
    assert (409, "closed") == (refused.value.status, refused.value.code)
    ready = resident.talk.write({"k": "text", "t": "nog iets"}, crew.now, fresh=True)
    await resident.http.post("/api/c/messages", ready.as_json())
    assert "waiting" == (await resident.read())["state"]
    await claimed(ben, conv)
    assert ["Hallo", "nog iets"] == said(await ben.open(conv, crew.now))


async def test_36_who_left_the_team_reads_nothing_of_the_next_epoch(
    crew: Crew, resident: Resident
) -> None:
    _anna, ben, cas = crew.people[:3]
    await resident.begin("Hallo")
    conv = resident.talk.conv
    await claimed(ben, conv)
    seen = await ben.open(conv, crew.now)
    await ben.say(seen, "Dag", crew.now)
    await crew.revoke(ben)
    with pytest.raises(Answered) as refused:
        await ben.me()
    assert 401 == refused.value.status
    with pytest.raises(Answered) as early:
        await resident.say({"k": "text", "t": "met de oude sleutel"})
    assert (409, "manifest") == (early.value.status, early.value.code)
    await resident.read()
    await resident.say({"k": "text", "t": "Ben is weg"})
    assert 2 == max(resident.talk.epochs)
    assert b64(ben.keys.id) not in str(resident.talk.epochs[2].wrapsets[0].as_json())
    await claimed(cas, conv)
    later = await cas.open(conv, crew.now)
    assert ["no key", "no key", "Ben is weg"] == said(later)
    await cas.say(later, "Dag, ik ben Cas", crew.now)
    await resident.read()
    assert ["Hallo", "Dag", "Ben is weg", "Dag, ik ben Cas"] == said(resident.talk)
