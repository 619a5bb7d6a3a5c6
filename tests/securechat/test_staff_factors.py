"""Does a second factor count once, and can it be changed only by who has the first ones?"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.securechat.authenticator import Authenticator
from tests.securechat.client.http import totp
from tests.securechat.office import Office, Somebody, Tab, found, join
from wijkbot.app.staff_door import FRESH_SECONDS
from wijkbot.securechat.encoding import b64
from wijkbot.storage.staff_passkeys import CHALLENGE_SECONDS

pytestmark = pytest.mark.storage


def _proof(office: Office, one: Somebody) -> dict[str, str]:
    office.wait(30)
    return {"login": b64(one.login), "code": office.code(one)}


async def _add(office: Office, tab: Tab, one: Somebody) -> Authenticator:
    key = Authenticator(office.public_url)
    told = await tab.post("passkeys/options", _proof(office, one))
    assert 200 == told.status_code, told.text
    answer = await tab.post("passkeys", {"passkey": key.make(told.json()["options"])})
    assert 204 == answer.status_code, answer.text
    return key


async def _options(tab: Tab, one: Somebody) -> Any:
    answer = await tab.post("passkey/options", one.shown)
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def test_passkey_opens_the_door_instead_of_a_code_and_each_answer_once(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as fresh:
        ann = await found(office, tab)
        key = await _add(office, tab, ann)
        assert [b64(key.id)] == (await tab.get("me"))["passkeys"]
        shown = {**ann.shown, "passkey": key.answer(await _options(fresh, ann))}
        assert 200 == (await fresh.post("passkey/login", shown)).status_code
        assert 401 == (await fresh.post("passkey/login", shown)).status_code
        assert "Ann" == (await fresh.get("me"))["name"]


async def test_passkey_does_not_open_without_the_password(office: Office) -> None:
    async with office.tab() as tab, office.tab() as fresh:
        ann = await found(office, tab)
        key = await _add(office, tab, ann)
        wrong = {"name": "ann", "login": b64(bytes(32))}
        assert 401 == (await fresh.post("passkey/options", wrong)).status_code
        answer = key.answer(await _options(fresh, ann))
        assert 401 == (await fresh.post("login", {**wrong, "passkey": answer})).status_code


async def test_answer_of_another_key_site_or_challenge_is_refused(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs, office.tab() as fresh:
        ann = await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        key = await _add(office, tab, ann)
        others = await _add(office, theirs, bo)
        phished = Authenticator("https://evil.example")
        phished.id, phished._key = key.id, key._key
        for signer in (others, phished, Authenticator(office.public_url)):
            office.wait(900)
            answer = signer.answer(await _options(fresh, ann))
            told = await fresh.post("login", {**ann.shown, "passkey": answer})
            assert 401 == told.status_code
        office.wait(900)
        old = key.answer(await _options(fresh, ann))
        office.wait(CHALLENGE_SECONDS + 1)
        assert 401 == (await fresh.post("login", {**ann.shown, "passkey": old})).status_code
        office.wait(900)
        made_up = {"challenge": b64(os.urandom(32)), "rpId": "chat.example"}
        told = await fresh.post("login", {**ann.shown, "passkey": key.answer(made_up)})
        assert 401 == told.status_code
        for rubbish in ({}, {"id": 1}, {"response": {"clientDataJSON": "e30"}}, {"response": 1}):
            office.wait(900)
            told = await fresh.post("login", {**ann.shown, "passkey": rubbish})
            assert 401 == told.status_code


async def test_passkey_that_counts_backwards_is_a_copy(office: Office) -> None:
    async with office.tab() as tab, office.tab() as fresh:
        ann = await found(office, tab)
        key = await _add(office, tab, ann)
        key.uses = 5
        shown = {**ann.shown, "passkey": key.answer(await _options(fresh, ann))}
        assert 200 == (await fresh.post("login", shown)).status_code
        key.uses = 3
        shown = {**ann.shown, "passkey": key.answer(await _options(fresh, ann))}
        assert 401 == (await fresh.post("login", shown)).status_code


async def test_passkey_is_added_and_removed_only_soon_after_a_proof(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        key = Authenticator(office.public_url)
        wrong = {"login": b64(ann.login), "code": "000000"}
        assert 401 == (await tab.post("passkeys/options", wrong)).status_code
        told = await tab.post("passkeys/options", _proof(office, ann))
        office.wait(FRESH_SECONDS)
        late = await tab.post("passkeys", {"passkey": key.make(told.json()["options"])})
        assert 401 == late.status_code
        key = await _add(office, tab, ann)
        path = f"passkeys/{b64(key.id)}"
        assert 401 == (await tab.ask("DELETE", path, wrong)).status_code
        assert [b64(key.id)] == (await tab.get("me"))["passkeys"]
        answer = await tab.ask("DELETE", path, _proof(office, ann))
        assert 200 == answer.status_code
        tab.headers["X-WB-CSRF"] = answer.json()["csrf"]
        assert [] == (await tab.get("me"))["passkeys"]


async def test_54_proof_within_a_session_gives_it_another_cookie(office: Office) -> None:
    async with office.tab() as tab, office.tab() as thief:
        ann = await found(office, tab)
        thief.client.cookies.update(tab.client.cookies)
        before = tab.cookie
        assert 200 == (await tab.post("passkeys/options", _proof(office, ann))).status_code
        assert before != tab.cookie
        assert 401 == (await thief.ask("GET", "me")).status_code


async def test_another_authenticator_app_counts_once_a_code_of_it_was_shown(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as fresh:
        ann = await found(office, tab)
        offered = (await tab.post("totp", _proof(office, ann))).json()
        assert offered["totp_uri"].startswith("otpauth://totp/")
        old, new = ann.secret, offered["totp_secret"]
        assert 401 == (await tab.post("totp", {"new_code": "000000"})).status_code
        office.wait(30)
        with_old = {**ann.shown, "code": totp(old, office.now)}
        assert 200 == (await fresh.post("login", with_old)).status_code, "not yet"
        answer = await tab.post("totp", {"new_code": totp(new, office.now)})
        assert 204 == answer.status_code, answer.text
        assert 401 == (await fresh.ask("GET", "me")).status_code, "other sessions end"
        office.wait(30)
        with_old = {**ann.shown, "code": totp(old, office.now)}
        assert 401 == (await fresh.post("login", with_old)).status_code
        with_new = {**ann.shown, "code": totp(new, office.now)}
        assert 200 == (await fresh.post("login", with_new)).status_code


async def test_session_without_a_fresh_proof_changes_no_factor(office: Office) -> None:
    async with office.tab() as old, office.tab() as fresh:
        ann = await found(office, old)
        office.wait(FRESH_SECONDS)
        told = _proof(office, ann)
        assert 200 == (await fresh.post("login", {**ann.shown, "code": told["code"]})).status_code
        options = (await fresh.post("passkeys/options", _proof(office, ann))).json()["options"]
        answer = {"passkey": Authenticator(office.public_url).make(options)}
        assert 401 == (await old.post("passkeys", answer)).status_code
        secret = (await fresh.post("totp", _proof(office, ann))).json()["totp_secret"]
        shown = {"new_code": totp(secret, office.now)}
        assert 401 == (await old.post("totp", shown)).status_code
        assert 204 == (await fresh.post("totp", shown)).status_code
