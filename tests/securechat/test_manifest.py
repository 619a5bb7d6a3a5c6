"""Does a list of the team hold only when the root, the coordinator and the time say so?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.securechat.making import (
    DAY,
    NOW,
    Json,
    Pair,
    Person,
    Root,
    Team,
    member,
    new_id,
    sign_manifest,
)
from wijkbot.securechat.encoding import RECOVERY, RESIDENT, Refused, b64, unb64
from wijkbot.securechat.manifest import (
    MAX_MEMBERS,
    Manifest,
    accept,
    accept_earlier,
    accept_next,
    check_pin,
    check_same_keys,
    read_cert,
    read_manifest,
)
from wijkbot.securechat.points import sha256

TEAM = Team()
ROOT = TEAM.root
ROOT_SIG = ROOT.sig.public
MANIFEST = TEAM.manifest()
CERT = TEAM.cert()


def told(json: Json, cert: Json = CERT, now: int = NOW, root_sig: bytes = ROOT_SIG) -> str:
    """What the server says to this manifest: the code, or nothing when it holds."""
    try:
        accept(read_manifest(json), read_cert(cert), root_sig, now)
    except Refused as refused:
        return refused.code
    return ""


def test_manifest_that_holds_is_accepted_and_travels_unchanged() -> None:
    assert told(MANIFEST) == ""
    assert read_manifest(MANIFEST).as_json() == MANIFEST
    assert read_cert(CERT).as_json() == CERT


def test_readers_are_workers_and_coordinators() -> None:
    read = read_manifest(MANIFEST)
    assert {who.id for who in read.readers} == {who.id for who in TEAM.readers}
    found = read.member(TEAM.trainee.id)
    assert found
    assert found.signer == TEAM.trainee.signer
    assert read.member(RESIDENT) is None


def test_37_other_signature_is_refused() -> None:
    other = sign_manifest(MANIFEST, TEAM.worker)["signature"]
    assert told({**MANIFEST, "signature": other}) == "signature"
    assert told({**MANIFEST, "expires": MANIFEST["expires"] - 1}) == "signature"


def test_37_other_root_is_refused() -> None:
    assert told(MANIFEST, root_sig=Pair().public) == "signature"
    check_pin(ROOT_SIG, sha256(ROOT_SIG))
    with pytest.raises(Refused):
        check_pin(Pair().public, sha256(ROOT_SIG))


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (NOW - DAY - 1, "manifest"), (NOW - DAY, ""), (NOW + 90 * DAY - 1, ""),
        (NOW + 90 * DAY, "manifest"),
    ],
)  # fmt: skip
def test_37_manifest_holds_in_its_time_only(now: int, code: str) -> None:
    assert told(MANIFEST, now=now) == code


def test_37_manifest_never_holds_longer_than_ninety_days() -> None:
    assert told(TEAM.manifest(expires=NOW + 90 * DAY + 1)) == "manifest"


def test_37_certificate_is_over_when_it_says_so() -> None:
    cert = ROOT.cert(TEAM.coordinator, not_after=NOW + 5)
    assert told(MANIFEST, cert, now=NOW + 4) == ""
    assert told(MANIFEST, cert, now=NOW + 5) == "manifest"


def test_37_certificate_by_anybody_but_the_root_is_refused() -> None:
    false = Root(recovery=ROOT.recovery, org=ROOT.org, team=ROOT.team)
    assert told(MANIFEST, false.cert(TEAM.coordinator)) == "signature"


def test_37_certificate_for_something_else_is_refused() -> None:
    assert told(MANIFEST, ROOT.cert(TEAM.coordinator, label="worker")) == "signature"


def test_37_certificate_of_somebody_else_is_refused() -> None:
    assert told(MANIFEST, ROOT.cert(TEAM.worker)) == "manifest"
    same_id = Person(TEAM.coordinator.id, "Coördinator", "coordinator")
    assert told(MANIFEST, ROOT.cert(same_id)) == "manifest"


def test_37_certificate_of_another_organisation_is_refused() -> None:
    other = Root(sig=ROOT.sig, recovery=ROOT.recovery, team=ROOT.team)
    assert told(MANIFEST, other.cert(TEAM.coordinator)) == "manifest"


def test_37_coordinator_who_is_no_member_is_refused() -> None:
    stranger = member("Vreemde", "coordinator")
    json = ROOT.manifest(stranger, TEAM.people)
    assert told(json, ROOT.cert(stranger)) == "manifest"


def add(json: Json) -> None:
    json["members"] = sorted([*json["members"], member("Spook").row], key=lambda row: row["id"])


def drop(json: Json) -> None:
    json["members"] = [row for row in json["members"] if row["id"] != b64(TEAM.worker.id)]


def rename(json: Json) -> None:
    json["members"] = [
        {**row, "name": "Iemand" if row["role"] == "worker" else row["name"]}
        for row in json["members"]
    ]


def promote(json: Json) -> None:
    json["members"] = [{**row, "role": "coordinator"} for row in json["members"]]


def change_key(json: Json) -> None:
    json["members"] = [{**row, "kem": b64(Pair().public)} for row in json["members"]]


def change_recovery(json: Json) -> None:
    json["recovery_kem"] = b64(Pair().public)


@pytest.mark.parametrize("change", [add, drop, rename, promote, change_key, change_recovery])
def test_38_team_changed_by_anybody_but_the_coordinator_is_refused(
    change: Callable[[Json], None],
) -> None:
    json = dict(MANIFEST)
    change(json)
    if change is add:  # ids sort as bytes, their texts do not
        json["members"].sort(key=lambda row: unb64(row["id"]))
    assert told(json) == "signature"


def rows(*people: Person) -> list[Json]:
    return [who.row for who in people]


def nobody_reads() -> Json:
    return {**MANIFEST, "members": rows(TEAM.trainee)}


def too_many() -> Json:
    row = TEAM.worker.row
    many = [{**row, "id": b64(number.to_bytes(16, "big"))} for number in range(1, MAX_MEMBERS + 2)]
    return {**MANIFEST, "members": many}


@pytest.mark.parametrize(
    "json",
    [
        {**MANIFEST, "members": []},
        {**MANIFEST, "members": {}},
        {**MANIFEST, "members": list(reversed(MANIFEST["members"]))},
        {**MANIFEST, "members": rows(TEAM.worker, TEAM.worker)},
        {**MANIFEST, "members": rows(Person(RESIDENT, "Spook"))},
        {**MANIFEST, "members": rows(Person(RECOVERY, "Spook"))},
        {**MANIFEST, "members": rows(Person(new_id(), ""))},
        {**MANIFEST, "members": rows(Person(new_id(), "é" * 41))},
        {**MANIFEST, "members": rows(Person(new_id(), "Baas", "admin"))},
        {**MANIFEST, "members": [{**TEAM.worker.row, "role": ["worker"]}]},
        {**MANIFEST, "members": [{**TEAM.worker.row, "email": "x"}]},
        {**MANIFEST, "members": [{**TEAM.worker.row, "kem": b64(bytes(65))}]},
        {**MANIFEST, "recovery_kem": b64(b"\4" + bytes(64))},
        {**MANIFEST, "version": 0},
        {**MANIFEST, "version": True},
        {**MANIFEST, "version": 1.0},
        {**MANIFEST, "issued": -1},
        {**MANIFEST, "org": b64(bytes(15))},
        {**MANIFEST, "extra": 1},
        {name: value for name, value in MANIFEST.items() if name != "team"},
        nobody_reads(),
        too_many(),
    ],
)  # fmt: skip
def test_list_of_another_shape_is_refused(json: Json) -> None:
    assert told(json) == "shape"


def test_earlier_manifest_still_proves_old_signatures() -> None:
    cert = ROOT.cert(TEAM.coordinator, not_after=NOW - 1)
    accept_earlier(read_manifest(MANIFEST), read_cert(cert), ROOT_SIG)
    false = Root(recovery=ROOT.recovery, org=ROOT.org, team=ROOT.team)
    with pytest.raises(Refused):
        accept_earlier(read_manifest(MANIFEST), read_cert(false.cert(TEAM.coordinator)), ROOT_SIG)


FIRST = read_manifest(MANIFEST)


def following(**other: Any) -> Json:
    return TEAM.manifest(**{"version": 2, "prev_hash": b64(FIRST.hash), **other})


def told_next(json: Json, earlier: tuple[Manifest, ...] = (FIRST,)) -> str:
    try:
        accept_next(earlier, read_manifest(json), read_cert(CERT), ROOT_SIG, NOW)
    except Refused as refused:
        return refused.code
    return ""


def test_next_manifest_follows_the_one_before() -> None:
    assert told_next(MANIFEST, earlier=()) == ""
    second = read_manifest(following())
    assert told_next(following()) == ""
    third = TEAM.manifest(version=3, prev_hash=b64(second.hash))
    assert told_next(third, earlier=(second, FIRST)) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"version": 1, "prev_hash": b64(bytes(32))},
        {"version": 1},
        {"version": 3},
        {"prev_hash": b64(bytes(32))},
    ],
    ids=str,
)
def test_37_older_version_or_one_beside_it_is_refused(other: Json) -> None:
    assert told_next(following(**other)) == "version"


def test_first_manifest_is_version_one() -> None:
    assert told_next(following(), earlier=()) == "version"


@pytest.mark.parametrize("name", ["org", "team", "recovery_kem"])
def test_organisation_team_and_recovery_key_never_change(name: str) -> None:
    value = b64(Pair().public if name == "recovery_kem" else new_id())
    assert told_next(following(**{name: value})) == "manifest"


def test_40_new_keys_under_an_old_id_are_refused_even_after_a_pause() -> None:
    again = Person(TEAM.worker.id, "Werker")
    without = ROOT.manifest(
        TEAM.coordinator, [TEAM.coordinator], version=2, prev_hash=b64(FIRST.hash)
    )
    assert told_next(without) == ""
    second = read_manifest(without)
    third = ROOT.manifest(
        TEAM.coordinator, [TEAM.coordinator, again], version=3, prev_hash=b64(second.hash)
    )
    assert told_next(third, earlier=(FIRST, second)) == "manifest"
    with pytest.raises(Refused):
        check_same_keys([FIRST, read_manifest(third)])


def test_next_manifest_must_hold_by_itself() -> None:
    assert told_next(following(expires=NOW)) == "manifest"
    assert told_next({**following(), "expires": NOW + DAY}) == "signature"
