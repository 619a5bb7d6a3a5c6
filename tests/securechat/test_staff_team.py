"""Can the team change only by the word of a coordinator, and does whoever leaves leave at once?"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.securechat.making import Pair, Root, member
from tests.securechat.office import (
    DAY,
    Office,
    Somebody,
    Tab,
    acceptance,
    found,
    join,
    looked,
    next_list,
)
from wijkbot.securechat.encoding import b64
from wijkbot.storage import secure_messages, secure_queue
from wijkbot.storage.secure_tables import sc_conversation, sc_recipient, sc_wrapset

pytestmark = pytest.mark.storage


async def test_37_list_that_is_signed_and_follows_is_taken(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        ann = await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        assert 204 == (await next_list(office, tab, ann, [ann, bo])).status_code
        team = await theirs.get("team")
        assert 2 == team["manifest"]["version"]
        assert {b64(ann.who.id), b64(bo.who.id)} == {m["id"] for m in team["manifest"]["members"]}


async def _refused(answer: Any) -> str:
    assert 400 <= answer.status_code < 500, answer.text
    code: str = answer.json()["error"]
    return code


async def test_37_list_that_a_page_would_refuse_is_refused(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        ann = await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker", "coordinator")
        ghost = Somebody(member("Ghost"), "", b"", "")
        swapped = Somebody(member("Bo"), "", b"", "")
        renamed = Somebody(
            type(bo.who)(bo.who.id, "Bo", "trainee", bo.who.kem, bo.who.sig), "", b"", ""
        )
        both = [ann, bo]
        before = await office.rows()
        for people, other, code in (
            (both, {"version": 1}, "version"),
            (both, {"version": 3}, "version"),
            (both, {"prev_hash": b64(bytes(32))}, "version"),
            (both, {"org": b64(os.urandom(16))}, "manifest"),
            (both, {"team": b64(os.urandom(16))}, "manifest"),
            (both, {"recovery_kem": b64(Pair().public)}, "manifest"),
            (both, {"expires": office.now}, "manifest"),
            (both, {"expires": office.now + 91 * DAY}, "manifest"),
            (both, {"issued": office.now + 2 * DAY}, "manifest"),
            ([*both, ghost], {}, "manifest"),
            ([ann, swapped], {}, "manifest"),
            ([ann, renamed], {}, "manifest"),
        ):
            assert code == await _refused(await next_list(office, tab, ann, people, **other))
        theirs_by = await next_list(office, theirs, bo, both)
        assert "manifest" == await _refused(theirs_by), "no certificate"
        not_own = await next_list(office, theirs, ann, both)
        assert "manifest" == await _refused(not_own), "somebody else's signature"
        assert before == await office.rows()


async def test_37_further_coordinator_signs_with_a_certificate_of_the_root(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        ann = await found(office, tab)
        bo = await join(office, theirs, "Bo", "coordinator")
        cas = Somebody(member("Cas", "coordinator"), "", b"", "")
        later = office.now + DAY
        for wrong in (
            Root(org=office.root.org).cert(bo.who, later),
            office.root.cert(cas.who, later),
            office.root.cert(bo.who, office.now),
            office.root.cert(bo.who, later, "worker"),
        ):
            assert (await tab.post("certs", {"cert": wrong})).status_code in {409, 422}
        right = {"cert": office.root.cert(bo.who, later)}
        assert 403 == (await theirs.post("certs", right)).status_code
        assert 204 == (await tab.post("certs", right)).status_code
        assert 204 == (await next_list(office, theirs, bo, [ann, bo])).status_code


def _conversation(conn: Connection, assigned: bytes, readers: list[bytes]) -> bytes:
    """A conversation that somebody talks in, with a wrap for each reader."""
    conv = os.urandom(16)
    row = {
        "id": conv, "state": "assigned", "assigned_to": assigned, "created_at": 0,
        "queued_at": 0, "last_at": 0, "kem": b"k", "sig": b"s", "locator_hash": os.urandom(32),
        "auth_hash": b"a", "kdf": "pbkdf2-sha256-600000", "bundle_iv": b"i", "bundle_ct": b"c",
    }  # fmt: skip
    conn.execute(insert(sc_conversation).values(row))
    made = {"e": 1, "sender": bytes(16), "commit": b"c", "manifest_hash": b"m"}
    place = {"conv": conv, "number": 1}
    conn.execute(insert(sc_wrapset).values({**made, **place, "signature": b"s", "hash": b"h"}))
    for reader in readers:
        sealed = {"receiver": reader, "digest": b"d", "kem": b"k", "enc": b"e", "ct": b"c"}
        conn.execute(insert(sc_recipient).values({**place, **sealed}))
    return conv


async def _talking(office: Office, one: Somebody, other: Somebody) -> bytes:
    readers = [one.who.id, other.who.id]
    return await office.bot.house.database.write(lambda c: _conversation(c, one.who.id, readers))


async def _epochs(office: Office, conv: bytes, one: Somebody) -> set[int]:
    return await office.bot.house.database.read(
        lambda c: secure_messages.epochs_open_to(c, conv, one.who.id)
    )


async def _two(office: Office, tab: Tab, theirs: Tab) -> tuple[Somebody, Somebody, bytes]:
    ann = await found(office, tab)
    bo = await join(office, theirs, "Bo", "worker")
    assert 204 == (await next_list(office, tab, ann, [ann, bo])).status_code
    return ann, bo, await _talking(office, bo, ann)


async def test_36_revoked_worker_loses_session_wraps_and_conversations_at_once(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        ann, bo, conv = await _two(office, tab, theirs)
        assert {1} == await _epochs(office, conv, bo)
        assert 204 == (await tab.post(f"accounts/{bo.account}/revoke")).status_code
        assert 401 == (await theirs.ask("GET", "queue")).status_code
        assert set() == await _epochs(office, conv, bo)
        assert {1} == await _epochs(office, conv, ann)
        (waits,) = await office.bot.house.database.read(secure_queue.waiting)
        assert (conv, None, bo.who.id) == (waits.id, waits.assigned_to, waits.was_with)
        assert 2 == waits.version, "whoever looked before must look again"
        listed = await next_list(office, tab, ann, [ann, bo])
        assert "manifest" == listed.json()["error"], "never on a list again"
        assert 204 == (await next_list(office, tab, ann, [ann])).status_code
        again = await tab.post(f"accounts/{bo.account}/revoke")
        assert 204 == again.status_code, "twice does no harm"


async def test_36_answer_that_was_waited_for_is_not_given_to_who_went_out(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as theirs, office.tab() as same:
        _, bo, conv = await _two(office, tab, theirs)
        same.client.cookies.update(theirs.client.cookies)
        news = f"conversations/{b64(conv)}/messages?after=0&version=1&wait=1"
        stays = await same.ask("GET", news)
        assert (200, "assigned") == (stays.status_code, stays.json()["state"])
        waiting = asyncio.create_task(same.ask("GET", news))
        await asyncio.sleep(0.1)
        assert 204 == (await theirs.post("logout")).status_code
        answer = await waiting
        assert (401, "session") == (answer.status_code, answer.json()["error"])
        assert bo.account


async def test_36_who_may_answer_no_more_gives_back_what_they_had(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        _, bo, conv = await _two(office, tab, theirs)
        answer = await tab.post(f"accounts/{bo.account}/roles", {"roles": ["digicoach"]})
        assert 204 == answer.status_code
        assert set() == await _epochs(office, conv, bo)
        assert 403 == (await theirs.ask("GET", "queue")).status_code, "from the next request on"
        assert ["digicoach"] == (await theirs.get("me"))["roles"]


async def test_43_new_keys_after_a_lost_password_open_no_old_conversation(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as theirs, office.tab() as fresh:
        _, bo, conv = await _two(office, tab, theirs)
        token = await office.link_again(bo.account)
        again = await looked(office, fresh, token, "Bo", "worker")
        assert {1} == await _epochs(office, conv, bo)
        assert (
            201
            == (await fresh.post("invite/accept", acceptance(office, token, again))).status_code
        )
        assert set() == await _epochs(office, conv, bo)
        assert set() == await _epochs(office, conv, again)
        keys = await fresh.ask("GET", f"conversations/{b64(conv)}/keys")
        assert 404 == keys.status_code


async def test_last_admin_stays(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        answer = await tab.post(f"accounts/{ann.account}/revoke")
        assert (409, "last") == (answer.status_code, answer.json()["error"])
        roles = await tab.post(f"accounts/{ann.account}/roles", {"roles": ["worker"]})
        assert "last" == roles.json()["error"]
        assert 404 == (await tab.post("accounts/99/revoke")).status_code
        assert 404 == (await tab.post("accounts/x/revoke")).status_code


async def test_audit_says_who_did_what_and_nothing_else(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        ann, bo, _ = await _two(office, tab, theirs)
        await tab.post(f"accounts/{bo.account}/revoke")
        lines = (await tab.get("audit"))["lines"]
        done = [(one["account"], one["action"], one["about"]) for one in lines]
        assert (ann.account, "revoke", bo.account) == done[0]
        assert (bo.account, "joined", None) in done
        assert {0} == {one["at"] % 60 for one in lines}
        older = (await tab.get(f"audit?before={lines[0]['id']}"))["lines"]
        assert lines[1:] == older


async def test_hours_are_those_of_the_configuration_until_others_are_chosen(
    office: Office,
) -> None:
    chosen = [
        {"day": "MO", "from": "09:00", "to": "12:30"},
        {"day": "MO", "from": "13:00", "to": "24:00"},
    ]
    async with office.tab() as tab:
        await found(office, tab)
        assert {"hours": []} == await tab.get("hours")
        answer = await tab.ask("PUT", "hours", {"hours": chosen[::-1]})
        assert 204 == answer.status_code
        assert {"hours": chosen} == await tab.get("hours")
        for wrong in (
            [{"day": "MO", "from": "09:00", "to": "09:00"}],
            [{"day": "XX", "from": "09:00", "to": "10:00"}],
            [{"day": "MO", "from": "9:00", "to": "10:00"}],
            [*chosen, {"day": "MO", "from": "12:00", "to": "13:30"}],
            "always",
        ):
            assert 422 == (await tab.ask("PUT", "hours", {"hours": wrong})).status_code
        assert {"hours": chosen} == await tab.get("hours")
