"""Does the team come in, stay in and go out as it should, and does nobody learn anything else?"""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from tests.securechat.client.http import WorkerHttp, totp
from tests.securechat.client.member import make_worker
from tests.securechat.office import (
    Office,
    Somebody,
    Tab,
    acceptance,
    come_in,
    found,
    join,
    looked,
    next_list,
    open_office,
)
from wijkbot.app import staff_proof
from wijkbot.app.staff_door import Inside, NewPassword
from wijkbot.app.staff_invite import OPERATOR
from wijkbot.app.staff_sweep import sweep_staff
from wijkbot.app.staff_team import revoke
from wijkbot.securechat.encoding import b64
from wijkbot.storage import staff, staff_sessions
from wijkbot.storage.staff_sessions import IDLE_SECONDS, LIFE_SECONDS
from wijkbot.web.secure.sessions import presence

pytestmark = pytest.mark.storage


async def _status(tab: Tab) -> int:
    return (await tab.ask("GET", "me")).status_code


async def test_54_cookie_has_exactly_the_flags_that_it_should(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        answer = await come_in(office, tab, ann)
        (told,) = answer.headers.get_list("set-cookie")
        pair, *flags = [part.strip() for part in told.split(";")]
        name, _, value = pair.partition("=")
        assert "__Host-wb" == name
        assert len(value) >= 43, "256 bits"
        assert {"httponly", "secure", "samesite=strict", "path=/"} == {f.lower() for f in flags}


async def test_54_on_loopback_without_https_the_cookie_has_another_name(
    tmp_path: Path, secure_url: str
) -> None:
    plain = "http://127.0.0.1:8080"
    async with (
        open_office(tmp_path, secure_url, plain) as office,
        office.tab() as tab,
    ):
        ann = await found(office, tab)
        told = (await come_in(office, tab, ann)).headers["set-cookie"]
        assert told.startswith("wb=")
        assert "secure" not in told.lower()
        asked = {"available": True}
        other = await tab.post("presence", asked, origin="http://localhost:8080")
        assert 403 == other.status_code, "another name of this machine, but not the one asked"
        named = {"origin": "http://localhost:8080", "host": "localhost:8080"}
        assert 204 == (await tab.post("presence", asked, **named)).status_code


async def test_54_without_https_elsewhere_no_browser_keeps_the_cookie(
    tmp_path: Path, secure_url: str
) -> None:
    async with (
        open_office(tmp_path, secure_url, "http://chat.example") as office,
        office.tab() as tab,
    ):
        token = await office.link("Bo", ("worker",))
        bo = await looked(office, tab, token, "Bo", "worker")
        answer = await tab.post("invite/accept", acceptance(office, token, bo))
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-wb=")
        assert "secure" in cookie.lower()


async def test_54_session_is_another_one_after_each_login(office: Office) -> None:
    async with office.tab() as tab, office.tab() as thief:
        ann = await found(office, tab)
        thief.client.cookies.update(tab.client.cookies)
        before = tab.cookie
        assert 200 == (await come_in(office, tab, ann)).status_code
        assert before != tab.cookie
        assert 401 == await _status(thief), "the one before has ended"


async def test_54_session_is_dead_after_logout(office: Office) -> None:
    async with office.tab() as tab, office.tab() as thief:
        await found(office, tab)
        thief.client.cookies.update(tab.client.cookies)
        assert 200 == await _status(thief)
        answer = await tab.post("logout")
        assert 204 == answer.status_code
        assert '"cookies"' in answer.headers["clear-site-data"]
        assert 401 == await _status(thief)


async def test_54_session_is_dead_after_a_new_password_but_for_the_one_that_chose_it(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as other:
        ann = await found(office, tab)
        await come_in(office, other, ann)
        assert 200 == await _status(other)
        before = tab.cookie
        assert 200 == (await _new_password(office, tab, ann, os.urandom(32))).status_code
        assert 401 == await _status(other)
        assert 200 == await _status(tab)
        assert before != tab.cookie, "rotated"


async def test_54_session_is_dead_within_a_second_after_a_revoke(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        assert 200 == await _status(theirs)
        assert 204 == (await tab.post(f"accounts/{bo.account}/revoke")).status_code
        assert 401 == await _status(theirs)
        assert 401 == (await come_in(office, theirs, bo)).status_code


async def test_54_command_of_another_process_ends_a_session_too(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        await revoke(office.bot.house, OPERATOR, bo.account)
        assert 401 == await _status(theirs)


async def test_54_session_ends_without_use_and_after_a_working_day(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        office.wait(IDLE_SECONDS - 5)
        assert 200 == await _status(tab)
        office.wait(IDLE_SECONDS + 1)
        assert 401 == await _status(tab)
        await come_in(office, tab, ann)
        for _ in range(LIFE_SECONDS // 1500):
            office.wait(1500)
            last = await _status(tab)
        assert 200 == last
        office.wait(1500)
        assert 401 == await _status(tab), "however busy it was"


async def test_unknown_name_and_wrong_password_get_the_same_answer(office: Office) -> None:
    async with office.tab() as tab, office.tab() as stranger:
        ann = await found(office, tab)
        office.wait(60)
        wrong = {"name": ann.login_name, "login": b64(os.urandom(32))}
        attempts = [
            {"name": "nobody", "login": b64(os.urandom(32)), "code": "123456"},
            {**wrong, "code": "123456"},
            {**wrong, "code": office.code(ann)},
            {**ann.shown, "code": "000000"},
            ann.shown,
        ]
        told = [await stranger.ask("POST", "login", one) for one in attempts]
        assert {(401, told[0].text)} == {(one.status_code, one.text) for one in told}
        assert 1 == len({tuple(sorted(one.headers.items())) for one in told})
        assert not any("set-cookie" in one.headers for one in told)


async def test_unknown_name_costs_the_same_slow_hash(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        hashed: list[str] = []
        fits = staff_proof._fits

        def watched(kept: str, login: bytes) -> bool:
            hashed.append(kept[:30])
            return fits(kept, login)

        monkeypatch.setattr(staff_proof, "_fits", watched)
        for name in ("nobody", ann.login_name):
            await tab.ask("POST", "login", {"name": name, "login": b64(bytes(32)), "code": "1"})
        assert 2 == len(hashed)
        assert hashed[0] == hashed[1], "the same way, the same cost"


async def test_13_salt_of_an_unknown_name_looks_real_and_stays_the_same(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        told = [
            (await tab.post("salt", {"name": name})).json()
            for name in ("nobody", "nobody", "Nobody ", "somebody", ann.login_name)
        ]
        assert told[0] == told[1] == told[2] != told[3]
        assert {"argon2id-64m-3"} == {one["kdf"] for one in told}, "there is no weaker one"
        assert {22} == {len(one["salt"]) for one in told}
        assert told[4]["salt"] == b64(ann.salt)


async def test_code_of_the_authenticator_app_works_once(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        office.wait(60)
        now = {**ann.shown, "code": office.code(ann)}
        assert 200 == (await tab.post("login", now)).status_code
        assert 401 == (await tab.post("login", now)).status_code
        earlier = {**ann.shown, "code": office.code(ann, -30)}
        assert 401 == (await tab.post("login", earlier)).status_code, "nor one before it"
        ahead = {**ann.shown, "code": office.code(ann, 30)}
        assert 200 == (await tab.post("login", ahead)).status_code, "a clock may be ahead a little"
        office.wait(300)
        late = {**ann.shown, "code": office.code(ann, -90)}
        assert 401 == (await tab.post("login", late)).status_code


async def _new_password(office: Office, tab: Tab, one: Somebody, login: bytes) -> httpx.Response:
    office.wait(30)
    told = {
        "login": b64(one.login),
        "code": office.code(one),
        "new_login": b64(login),
        "new_salt": b64(os.urandom(16)),
        "bundle": {"iv": b64(bytes(12)), "ct": b64(os.urandom(400))},
    }
    return await tab.post("password", told)


async def test_42_password_change_is_whole_or_not_at_all(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.tab() as tab, office.tab() as fresh:
        ann = await found(office, tab)
        before, new = await tab.get("me"), os.urandom(32)

        def cut(*_: object, **__: object) -> None:
            raise RuntimeError("the machine stops here")

        sealer, door = office.bot.house.sealer, office.app.state.staff_door
        account = await office.bot.house.database.read(
            lambda c: staff.by_id(c, sealer, ann.account)
        )
        inside = Inside(ann.account, tab.cookie)
        with monkeypatch.context() as broken:
            broken.setattr(staff_sessions, "end_all", cut)
            with pytest.raises(RuntimeError):
                await door.change_password(account, inside, NewPassword(new, bytes(16), b"x"))
        assert 200 == (await come_in(office, fresh, ann)).status_code, "the old one still works"
        after = await fresh.get("me")
        assert (before["salt"], before["bundle"]) == (after["salt"], after["bundle"])
        assert 200 == (await _new_password(office, fresh, ann, new)).status_code
        assert 401 == (await come_in(office, tab, ann)).status_code
        ann.login = new
        assert 200 == (await come_in(office, tab, ann)).status_code
        assert before["bundle"] != (await tab.get("me"))["bundle"]


async def test_presence_is_of_those_who_answer_and_are_here(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs, office.tab() as looking_on:

        async def now() -> str:
            return await office.bot.house.database.read(lambda c: presence(c, office.now))

        assert "closed" == await now()
        ann = await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        cas = await join(office, looking_on, "Cas", "trainee", "digicoach")
        await next_list(office, tab, ann, [ann, bo, cas])
        assert "busy" == await now()
        assert 403 == (await looking_on.post("presence", {"available": True})).status_code
        assert 204 == (await theirs.post("presence", {"available": True})).status_code
        assert "open" == await now()
        office.wait(61)
        await looking_on.get("me")
        assert "closed" == await now(), "a trainee answers nobody"
        await theirs.get("me")
        assert "open" == await now()
        await theirs.post("logout")
        await tab.get("me")
        assert "busy" == await now()


async def test_client_that_follows_the_pages_comes_in_with_a_password(office: Office) -> None:
    """The independent client: Argon2id and HKDF as docs/wb1.md says."""
    worker = make_worker("Bo")
    token = await office.link("Bo", ("worker",))
    async with office.tab() as tab:
        seen = (await tab.post("invite/look", {"token": token})).json()
        parts = worker.account_parts("een zin met vier woorden")
        secret = seen["totp_secret"]
        told = {**parts, "token": token, "name": "Bo", "login_name": "bo"}
        answer = await tab.post("invite/accept", {**told, "code": totp(secret, office.now)})
        assert 201 == answer.status_code, answer.text
        client = WorkerHttp(office.public_url)
        await client.client.aclose()
        client.client = tab.client
        client.headers["Origin"] = office.public_url
        office.wait(30)
        await client.login("bo", "een zin met vier woorden", totp(secret, office.now))
        assert "Bo" == (await client.get("/api/w/me"))["name"]


async def test_what_is_over_is_taken_away(office: Office) -> None:
    async with office.tab() as tab:
        await found(office, tab)
        await office.link("Bo", ("worker",))
        swept = await office.bot.house.database.write(lambda c: sweep_staff(c, office.now))
        assert 1 == swept, "the invitation that was accepted"
        office.wait(LIFE_SECONDS * 7)
        await office.bot.house.database.write(lambda c: sweep_staff(c, office.now))
        rows = await office.rows()
        assert [] == rows["staff_session"] == rows["staff_invite"]
        assert [] != rows["staff_audit"]
        office.wait(401 * 86_400)
        await office.bot.house.database.write(lambda c: sweep_staff(c, office.now))
        assert [] == (await office.rows())["staff_audit"]


async def test_54_login_that_a_revoke_overtook_gives_no_session(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        house = office.bot.house
        await revoke(house, OPERATOR, bo.account)
        await house.database.write(
            lambda c: staff_sessions.begin(c, theirs.cookie, bo.account, office.now)
        )
        assert 401 == await _status(theirs)
        assert "busy" == await house.database.read(lambda c: presence(c, office.now)), "Ann alone"
