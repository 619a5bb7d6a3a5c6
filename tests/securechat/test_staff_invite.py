"""Does an invitation work once, make the root once, and never open what is closed?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.securechat.making import Pair, Root, member
from tests.securechat.office import (
    DAY,
    FOUNDER,
    Json,
    Office,
    Somebody,
    acceptance,
    come_in,
    found,
    founding,
    join,
    looked,
    next_list,
)
from wijkbot.app import pin
from wijkbot.app.staff_invite import settle_pin
from wijkbot.securechat.encoding import b64
from wijkbot.securechat.points import sha256
from wijkbot.storage import staff_root
from wijkbot.storage.staff_invites import LIFE_SECONDS

pytestmark = pytest.mark.storage


async def test_first_one_makes_the_root_and_its_pin_stands_in_a_file(office: Office) -> None:
    async with office.tab() as tab:
        ann = await found(office, tab)
        stands = (office.folder / pin.PIN_FILE).read_text(encoding="ascii")
        assert sha256(office.root.sig.public).hex() == stands.strip()
        team = await tab.get("team")
        assert stands.strip() == team["pin"]
        assert b64(office.root.sig.public) == team["root_sig"]
        assert 1 == team["manifest"]["version"]
        assert b64(ann.who.id) == team["cert"]["member"]
        assert {"iv", "ct"} == team["sealed_root"].keys(), "an admin may recover"
        assert [pin.PIN_FILE] == [path.name for path in office.folder.glob(f"{pin.PIN_FILE}*")]


async def test_link_says_what_it_is_for_and_works_once(office: Office) -> None:
    async with office.tab() as tab:
        await found(office, tab)
        made = await tab.post("invites", {"name": "Bo", "roles": ["worker"]})
        address, _, token = made.json()["link"].partition("#")
        assert f"{office.public_url}/werk/uitnodiging" == address
        for _ in range(3):
            seen = await tab.post("invite/look", {"token": token})
            assert ("Bo", ["worker"], False) == tuple(
                seen.json()[name] for name in ("name", "roles", "makes_root")
            )
        bo = await looked(office, tab, token, "Bo", "worker")
        sent = acceptance(office, token, bo)
        assert 201 == (await tab.post("invite/accept", sent)).status_code
        again = await tab.post("invite/accept", {**sent, "login_name": "other"})
        assert (404, "unknown") == (again.status_code, again.json()["error"])
        assert again.text == (await tab.post("invite/look", {"token": token})).text
        assert again.text == (await tab.post("invite/look", {"token": "forged"})).text


async def test_link_is_over_after_72_hours(office: Office) -> None:
    token = await office.link("Bo", ("worker",))
    async with office.tab() as tab:
        office.wait(LIFE_SECONDS - 10)
        bo = await looked(office, tab, token, "Bo", "worker")
        office.wait(20)
        assert 404 == (await tab.post("invite/look", {"token": token})).status_code
        sent = acceptance(office, token, bo)
        assert 404 == (await tab.post("invite/accept", sent)).status_code


async def test_nothing_of_a_link_or_a_password_is_kept_readable(office: Office) -> None:
    async with office.tab() as tab:
        token = await office.link("Wilhelmina", FOUNDER)
        one = await looked(office, tab, token, "Wilhelmina", "coordinator", "mina")
        sent = {**acceptance(office, token, one), "root": founding(office, one)}
        waiting = repr(await office.rows())
        await tab.post("invite/accept", sent)
        rows = waiting + repr(
            {k: v for k, v in (await office.rows()).items() if k != "sc_manifest"}
        )
        for secret in ("Wilhelmina", "mina", token, one.secret, tab.cookie, repr(one.login)[2:-1]):
            assert secret not in rows


Change = Callable[[Office, Json, Somebody], Any]


def _change(path: str, value: Callable[[Office, Somebody], Any]) -> Change:
    def change(office: Office, sent: Json, one: Somebody) -> None:
        *tops, last = path.split(".")
        place = sent
        for top in tops:
            place = place[top]
        place[last] = value(office, one)

    return change


WRONG: dict[str, tuple[Change, str]] = {
    "13 weaker kdf": (_change("kdf", lambda o, s: "argon2id-8m-1"), "shape"),
    "13 kdf of residents": (_change("kdf", lambda o, s: "pbkdf2-sha256-600000"), "shape"),
    "short salt": (_change("salt", lambda o, s: b64(bytes(15))), "shape"),
    "short login": (_change("login", lambda o, s: b64(bytes(31))), "shape"),
    "wrong code": (_change("code", lambda o, s: "000000"), "code"),
    "id of the resident": (_change("member", lambda o, s: b64(bytes(16))), "shape"),
    "point beside the curve": (_change("kem", lambda o, s: b64(b"\x04" + bytes(64))), "shape"),
    "compressed point": (_change("sig", lambda o, s: b64(b"\x02" + bytes(32))), "shape"),
    "unknown field": (_change("admin", lambda o, s: True), "shape"),
    "no root": (lambda o, sent, s: sent.pop("root"), "shape"),
    "37 signed by another root": (
        _change("root.root_sig", lambda o, s: b64(Pair().public)),
        "signature",
    ),
    "37 signed by somebody else": (
        _change("root.manifest.signature", lambda o, s: b64(Pair().sign(b"x"))),
        "signature",
    ),
    "37 certificate over": (
        _change("root.cert", lambda o, s: o.root.cert(s.who, o.now)),
        "manifest",
    ),
    "37 certificate of no coordinator": (
        _change("root.cert", lambda o, s: o.root.cert(s.who, o.now + DAY, "worker")),
        "signature",
    ),
    "37 of another organisation": (
        _change("root", lambda o, s: _with_root(o, s, Root())),
        "manifest",
    ),
    "37 a ghost beside the founder": (
        _change("root.manifest", lambda o, s: _listed(o, s, [s.who, member("Ghost")])),
        "manifest",
    ),
    "another name on the list": (_change("name", lambda o, s: "Anne"), "manifest"),
    "37 holds too long": (
        _change("root.manifest", lambda o, s: _listed(o, s, [s.who], expires=o.now + 91 * DAY)),
        "manifest",
    ),
    "37 over already": (
        _change(
            "root.manifest",
            lambda o, s: _listed(o, s, [s.who], issued=o.now - 50 * DAY, expires=o.now),
        ),
        "manifest",
    ),
    "37 not the first version": (
        _change("root.manifest", lambda o, s: _listed(o, s, [s.who], version=2)),
        "version",
    ),
    "another recovery key": (
        _change("root.recovery_kem", lambda o, s: b64(Pair().public)),
        "manifest",
    ),
}


def _listed(office: Office, one: Somebody, people: list[Any], **other: Any) -> Json:
    moment = {"issued": office.now, "expires": office.now + 60 * DAY}
    return office.root.manifest(one.who, people, **{**moment, **other})


def _with_root(office: Office, one: Somebody, root: Root) -> Json:
    office.root = root
    return founding(office, one)


@pytest.mark.parametrize("wrong", WRONG)
async def test_wrong_acceptance_is_refused_and_nothing_is_kept(office: Office, wrong: str) -> None:
    change, code = WRONG[wrong]
    async with office.tab() as tab:
        token = await office.link("Ann", FOUNDER)
        ann = await looked(office, tab, token, "Ann", "coordinator")
        before = await office.rows()
        sent = {**acceptance(office, token, ann), "root": founding(office, ann)}
        root = office.root
        change(office, sent, ann)
        answer = await tab.post("invite/accept", sent)
        assert code == answer.json()["error"], answer.text
        assert before == await office.rows()
        assert pin.read_pin(office.folder) is None
        office.root = root
        right = {**acceptance(office, token, ann), "root": founding(office, ann)}
        assert 201 == (await tab.post("invite/accept", right)).status_code, "it is still good"


async def test_two_founders_at_once_make_one_root_and_its_pin(office: Office) -> None:
    async with office.tab() as tab, office.tab() as other:
        early, late = await office.link("Ann", FOUNDER), await office.link("Bo", FOUNDER)
        ann = await looked(office, tab, early, "Ann", "coordinator")
        bo = await looked(office, other, late, "Bo", "coordinator")
        first = {**acceptance(office, early, ann), "root": founding(office, ann)}
        office.root = Root(org=office.root.org)
        second = {**acceptance(office, late, bo), "root": founding(office, bo)}
        told = await asyncio.gather(
            tab.post("invite/accept", first), other.post("invite/accept", second)
        )
        assert 1 == sum(one.status_code == 201 for one in told)
        kept = await office.bot.house.database.read(staff_root.get)
        assert kept is not None
        assert sha256(kept.root_sig).hex() == pin.read_pin(office.folder)
        assert [pin.PIN_FILE] == [path.name for path in office.folder.glob(f"{pin.PIN_FILE}*")]


async def test_link_that_two_accept_at_once_makes_one_account(office: Office) -> None:
    async with office.tab() as tab, office.tab() as other:
        await found(office, tab)
        token = await office.link("Bo", ("worker",))
        bo = await looked(office, other, token, "Bo", "worker")
        thief = Somebody(member("Thief"), "thief", os.urandom(32), bo.secret)
        sent = [acceptance(office, token, one) for one in (bo, thief)]
        async with office.tab() as third:
            told = await asyncio.gather(
                other.post("invite/accept", sent[0]), third.post("invite/accept", sent[1])
            )
        assert [201, 404] == sorted(one.status_code for one in told)
        assert 2 == len((await tab.get("team"))["accounts"])


async def test_second_founder_makes_no_second_root(office: Office) -> None:
    async with office.tab() as tab:
        early, late = await office.link("Ann", FOUNDER), await office.link("Bo", FOUNDER)
        ann = await looked(office, tab, early, "Ann", "coordinator")
        bo = await looked(office, tab, late, "Bo", "coordinator")
        first = {**acceptance(office, early, ann), "root": founding(office, ann)}
        second = {**acceptance(office, late, bo), "root": founding(office, bo)}
        assert 201 == (await tab.post("invite/accept", first)).status_code
        stands = pin.read_pin(office.folder)
        refused = await tab.post("invite/accept", second)
        assert 422 == refused.status_code
        assert not (await tab.post("invite/look", {"token": late})).json()["makes_root"]
        del second["root"]
        assert 201 == (await tab.post("invite/accept", second)).status_code
        assert stands == pin.read_pin(office.folder)


async def test_pin_of_another_root_is_never_written_over(office: Office) -> None:
    stands = "ab" * 32
    (office.folder / pin.PIN_FILE).write_text(f"{stands}\n", encoding="ascii")
    async with office.tab() as tab:
        token = await office.link("Ann", FOUNDER)
        ann = await looked(office, tab, token, "Ann", "coordinator")
        sent = {**acceptance(office, token, ann), "root": founding(office, ann)}
        answer = await tab.post("invite/accept", sent)
        assert (409, "root") == (answer.status_code, answer.json()["error"])
        assert stands == pin.read_pin(office.folder)


async def test_root_cut_off_before_its_pin_is_finished_at_the_next_start(
    office: Office,
) -> None:
    async with office.tab() as tab:
        await found(office, tab)
        stands = pin.read_pin(office.folder)
        assert stands is not None
        (office.folder / pin.PIN_FILE).rename(pin.prepared(office.folder, stands))
        assert pin.read_pin(office.folder) is None
        await settle_pin(office.bot.house, office.folder)
        assert stands == pin.read_pin(office.folder)
        (office.folder / pin.PIN_FILE).unlink()
        pin.prepared(office.folder, stands).write_text("cd" * 32, encoding="ascii")
        await settle_pin(office.bot.house, office.folder)
        assert pin.read_pin(office.folder) is None, "a pin of no root we have"


async def test_login_name_of_somebody_else_is_refused(office: Office) -> None:
    async with office.tab() as tab:
        await found(office, tab)
        token = await office.link("Bo", ("worker",))
        bo = await looked(office, tab, token, "Bo", "worker", "ANN ")
        answer = await tab.post("invite/accept", acceptance(office, token, bo))
        assert (409, "taken") == (answer.status_code, answer.json()["error"])


async def test_only_an_admin_lets_an_admin_in(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        ann = await found(office, tab)
        bo = await join(office, theirs, "Bo", "coordinator")
        wanted = {"name": "Cas", "roles": ["admin"]}
        assert 403 == (await theirs.post("invites", wanted)).status_code
        assert 403 == (await theirs.post("invites", {"account": ann.account})).status_code
        assert 403 == (await theirs.post(f"accounts/{ann.account}/revoke")).status_code
        assert 200 == (await theirs.post("invites", {**wanted, "roles": ["worker"]})).status_code
        assert 200 == (await tab.post("invites", wanted)).status_code
        assert 422 == (await tab.post("invites", {**wanted, "roles": ["king"]})).status_code
        assert 404 == (await tab.post("invites", {"account": 99})).status_code
        assert bo.account


async def test_43_new_password_by_a_link_gives_new_keys_and_opens_nothing_old(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as theirs, office.tab() as fresh:
        ann = await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        assert 204 == (await next_list(office, tab, ann, [ann, bo])).status_code
        old = await theirs.get("me")
        made = await tab.post("invites", {"account": bo.account})
        token = made.json()["link"].partition("#")[2]
        assert 200 == (await come_in(office, theirs, bo)).status_code, "until it is accepted"
        again = await looked(office, fresh, token, "Bo", "worker")
        same = Somebody(bo.who, "bo", os.urandom(32), again.secret)
        refused = await fresh.post("invite/accept", acceptance(office, token, same))
        assert (409, "taken") == (refused.status_code, refused.json()["error"]), "a new id"
        answer = await fresh.post("invite/accept", acceptance(office, token, again))
        assert 201 == answer.status_code, answer.text
        new = await fresh.get("me")
        assert (old["account"], old["roles"]) == (new["account"], new["roles"])
        assert old["member"] != new["member"]
        assert old["bundle"] != new["bundle"]
        assert 401 == (await theirs.ask("GET", "me")).status_code
        assert 401 == (await come_in(office, theirs, bo)).status_code
        assert 200 == (await fresh.ask("GET", "queue")).status_code, "the rest works"


async def test_sealed_root_is_for_admins_only(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        await found(office, tab)
        await join(office, theirs, "Bo", "coordinator", "worker")
        assert "sealed_root" in await tab.get("team")
        assert "sealed_root" not in await theirs.get("team")
        kept = await office.bot.house.database.read(staff_root.get)
        assert kept is not None
