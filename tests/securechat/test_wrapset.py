"""Does the key of an epoch go to exactly those it may go to, and nobody else?"""

from __future__ import annotations

import pytest

from tests.securechat.making import (
    NOW,
    Json,
    Pair,
    Person,
    Team,
    member,
    new_id,
    sign_wrapset,
    starting,
    wrapset,
)
from wijkbot.securechat.encoding import RECOVERY, RESIDENT, Refused, b64, unb64
from wijkbot.securechat.manifest import MAX_MEMBERS, read_manifest
from wijkbot.securechat.points import Signer
from wijkbot.securechat.wrapset import (
    check_later,
    check_recipients,
    check_start,
    only_digest,
    read_wrapset,
)

TEAM = Team()
MANIFEST = TEAM.manifest()
CURRENT = read_manifest(MANIFEST)
RESIDENT_KEYS = Person()
CONV = new_id()
KEY = bytes(range(32))
START = wrapset(CONV, RESIDENT_KEYS, MANIFEST, starting(MANIFEST, RESIDENT_KEYS), KEY)
COMMIT = unb64(START["commit"])


def told_start(
    json: Json, conv: bytes = CONV, epoch: int = 1, signer: Signer = RESIDENT_KEYS.signer
) -> str:
    """What the server says to this start of an epoch: the code, or nothing."""
    kem = RESIDENT_KEYS.kem.public
    try:
        check_start(read_wrapset(json, conv), epoch, CURRENT, kem, signer)
    except Refused as refused:
        return refused.code
    return ""


def told_later(json: Json, epoch: int = 1, signer: Signer = TEAM.worker.signer) -> str:
    try:
        check_later(read_wrapset(json, CONV), epoch, COMMIT, CURRENT, signer)
    except Refused as refused:
        return refused.code
    return ""


def started_for(to: dict[bytes, bytes], by: Person = RESIDENT_KEYS) -> Json:
    return wrapset(CONV, by, MANIFEST, to, KEY)


def later_for(*people: Person, by: Person = TEAM.worker, key: bytes = KEY, e: int = 1) -> Json:
    to = {who.id: who.kem.public for who in people}
    return wrapset(CONV, by, MANIFEST, to, key, e)


ALL = {
    "resident": RESIDENT,
    "recovery": RECOVERY,
    "worker": TEAM.worker.id,
    "coordinator": TEAM.coordinator.id,
}


def everybody() -> dict[bytes, bytes]:
    return starting(MANIFEST, RESIDENT_KEYS)


def test_epoch_starts_for_readers_resident_and_recovery() -> None:
    assert told_start(START) == ""
    read = read_wrapset(START, CONV)
    readers = {who.id for who in TEAM.readers}
    assert read.to == readers | {RESIDENT, RECOVERY}
    assert [who.as_json() for who in read.recipients] == START["recipients"]


def test_member_may_start_an_epoch_too() -> None:
    json = started_for(everybody(), by=TEAM.worker)
    assert told_start(json, signer=TEAM.worker.signer) == ""


@pytest.mark.parametrize("left_out", ALL)
def test_38_epoch_without_one_of_them_is_refused(left_out: str) -> None:
    to = {one: kem for one, kem in everybody().items() if one != ALL[left_out]}
    assert told_start(started_for(to)) == "wrapset"


@pytest.mark.parametrize("guest", [member("Spook"), TEAM.trainee], ids=["ghost", "trainee"])
def test_39_epoch_for_one_more_is_refused(guest: Person) -> None:
    assert told_start(started_for({**everybody(), guest.id: guest.kem.public})) == "wrapset"


@pytest.mark.parametrize("one", ALL)
def test_38_recipient_with_another_key_is_refused(one: str) -> None:
    assert told_start(started_for({**everybody(), ALL[one]: Pair().public})) == "wrapset"


def test_wrapset_of_another_conversation_or_epoch_is_refused() -> None:
    assert told_start(START, conv=new_id()) == "signature"
    assert told_start(START, epoch=2) == "epoch"
    assert told_start({**START, "e": 2}, epoch=2) == "signature"


def test_wrapset_for_another_team_list_is_refused() -> None:
    later = TEAM.manifest(issued=NOW + 1)
    json = wrapset(CONV, RESIDENT_KEYS, later, everybody(), KEY)
    assert told_start(json) == "manifest"


def test_9_wrapset_signed_by_somebody_else_is_refused() -> None:
    assert told_start(sign_wrapset(START, CONV, TEAM.worker)) == "signature"
    assert told_start(START, signer=TEAM.worker.signer) == "signature"
    assert told_start(started_for(everybody(), by=TEAM.worker)) == "signature"


def test_later_wrapset_gives_the_key_to_members() -> None:
    assert told_later(later_for(TEAM.coordinator)) == ""
    assert told_later(later_for(TEAM.trainee)) == ""
    assert told_later(later_for(*TEAM.people)) == ""


def test_later_wrapset_to_nobody_of_the_team_is_refused() -> None:
    assert told_later(later_for(member("Spook"))) == "wrapset"
    assert told_later(later_for(RESIDENT_KEYS)) == "wrapset"
    recovery = Person(RECOVERY, kem=TEAM.root.recovery)
    assert told_later(later_for(recovery)) == "wrapset"


def test_later_wrapset_with_another_key_of_a_member_is_refused() -> None:
    assert told_later(later_for(Person(TEAM.coordinator.id))) == "wrapset"


def test_12_later_wrapset_with_another_epoch_key_is_refused() -> None:
    assert told_later(later_for(TEAM.coordinator, key=bytes(32))) == "wrapset"


def test_later_wrapset_of_another_epoch_is_refused() -> None:
    assert told_later(later_for(TEAM.coordinator, e=2)) == "epoch"


def test_9_later_wrapset_by_somebody_else_is_refused() -> None:
    json = later_for(TEAM.coordinator)
    assert told_later(json, signer=TEAM.coordinator.signer) == "signature"
    assert told_later(sign_wrapset(json, CONV, TEAM.coordinator)) == "signature"
    as_worker = Person(TEAM.worker.id, sig=TEAM.coordinator.sig)
    json = later_for(TEAM.coordinator, by=as_worker)
    assert told_later(json, signer=TEAM.coordinator.signer) == "signature"


def test_hand_over_goes_to_whom_the_request_names() -> None:
    read = read_wrapset(later_for(TEAM.coordinator), CONV)
    check_recipients(read, [TEAM.coordinator.id])
    for expected in ([], [TEAM.worker.id], [TEAM.coordinator.id, TEAM.worker.id]):
        with pytest.raises(Refused):
            check_recipients(read, expected)


def test_signature_holds_when_only_digests_are_left() -> None:
    read = read_wrapset(START, CONV)
    shown = [only_digest(who.to, who.digest) for who in read.recipients]
    assert all(row.keys() == {"to", "digest"} for row in shown)
    recipients = [unb64(str(row[name])) for row in shown for name in ("to", "digest")]
    assert read.signed.endswith(b"".join(len(one).to_bytes(4, "big") + one for one in recipients))


ROW = START["recipients"][0]


@pytest.mark.parametrize(
    "json",
    [
        {**START, "recipients": []},
        {**START, "recipients": {}},
        {**START, "recipients": START["recipients"][::-1]},
        {**START, "recipients": [ROW, ROW]},
        {**START, "recipients": [ROW] * (MAX_MEMBERS + 3)},
        {**START, "recipients": [{"to": ROW["to"], "digest": b64(bytes(32))}]},
        {**START, "recipients": [{**ROW, "ct": b64(bytes(47))}]},
        {**START, "recipients": [{**ROW, "ct": b64(bytes(49))}]},
        {**START, "recipients": [{**ROW, "enc": b64(bytes(65))}]},
        {**START, "recipients": [{**ROW, "kem": ROW["kem"][:-1]}]},
        {**START, "e": 0},
        {**START, "commit": b64(bytes(31))},
        {**START, "conv": b64(CONV)},
    ],
)
def test_wrapset_of_another_shape_is_refused(json: Json) -> None:
    assert told_start(json) == "shape"
