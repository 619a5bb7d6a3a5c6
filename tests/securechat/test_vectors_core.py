"""Does the server's half take and refuse what the test vectors of wb1 say?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import make_vectors
from wijkbot.securechat import encoding, envelope, manifest, wrapset
from wijkbot.securechat.bundle import check_blob, check_kdf, read_bundle
from wijkbot.securechat.encoding import RESIDENT, Refused
from wijkbot.securechat.points import Signer, sha256
from wijkbot.securechat.work import zero_bits

V: dict[str, Any] = json.loads(Path(make_vectors.FILE).read_text())
CONV = bytes.fromhex(V["wrapsets"]["conv"])
TEAM = manifest.read_manifest(V["team"]["manifest"])
KEM = bytes.fromhex(V["cast"]["resident"]["kem"]["public"])
SIGNER = Signer(RESIDENT, bytes.fromhex(V["cast"]["resident"]["sig"]["public"]))

BY_CLIENTS_ALONE = {
    "manifest": {"another root"},
    "wrapset": {"the wrap holds another key than was promised"},
}
"""What the server cannot see (keys), or checks where it knows more (the pin at the start)."""


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def accept(case: dict[str, Any]) -> None:
    """As the server takes a next version."""
    root_sig, now = raw(case["root_sig"]), case["now"]
    new, cert = manifest.read_manifest(case["manifest"]), manifest.read_cert(case["cert"])
    manifest.accept(new, cert, root_sig, now)
    before = [manifest.read_manifest(one["manifest"]) for one in case["accepted_before"]]
    if before:
        manifest.accept_next(before, new, cert, root_sig, now)


def start(given: dict[str, Any]) -> None:
    made = wrapset.read_wrapset(given, CONV)
    wrapset.check_start(made, 1, TEAM, KEM, SIGNER)


def test_02_bytes_are_joined_and_written_as_given() -> None:
    for row in V["lp"]:
        parts = [
            raw(value) if kind == "bytes" else value
            for part in row["parts"]
            for kind, value in part.items()
        ]
        assert row["out"] == encoding.lp(*parts).hex()
    for row in V["b64"]["good"]:
        assert row["text"] == encoding.b64(raw(row["bytes"]))
        assert raw(row["bytes"]) == encoding.unb64(row["text"])
    for text in V["b64"]["bad"]:
        with pytest.raises(Refused):
            encoding.unb64(text)


def test_02_the_team_is_taken_as_given() -> None:
    team = V["team"]
    cert = manifest.read_cert(team["cert"])
    manifest.accept(TEAM, cert, raw(team["root_sig"]), team["now"])
    manifest.check_pin(raw(team["root_sig"]), raw(team["pin"]))
    assert (team["manifest_signed"], team["manifest_hash"], team["cert_signed"]) == (
        TEAM.signed.hex(),
        TEAM.hash.hex(),
        cert.signed.hex(),
    )
    assert (team["manifest"], team["cert"]) == (TEAM.as_json(), cert.as_json())


@pytest.mark.parametrize(
    "case",
    [one for one in V["team"]["refused"] if one["why"] not in BY_CLIENTS_ALONE["manifest"]],
    ids=lambda case: str(case["why"]),
)
def test_37_a_team_that_clients_refuse_is_not_published(case: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        accept(case)


def test_37_another_root_is_refused() -> None:
    case = next(one for one in V["team"]["refused"] if one["rule"] == "1")
    with pytest.raises(Refused):
        manifest.check_pin(raw(case["root_sig"]), raw(case["pin"]))


def test_02_wrapsets_are_taken_as_given() -> None:
    given = V["wrapsets"]
    start(given["start"])
    first = wrapset.read_wrapset(given["start"], CONV)
    assert (given["start_signed"], given["start_hash"]) == (first.signed.hex(), first.hash.hex())
    ben = TEAM.member(raw(V["cast"]["ids"]["ben"]))
    assert ben is not None
    later = wrapset.read_wrapset(given["later_for_cas"], CONV)
    wrapset.check_later(later, 1, first.commit, TEAM, Signer(ben.id, ben.sig))
    assert given["later_hash"] == later.hash.hex()


@pytest.mark.parametrize(
    "case",
    [
        one
        for one in V["wrapsets"]["refused_by_ben"]
        if one["why"] not in BY_CLIENTS_ALONE["wrapset"] and len(one["wrapsets"]) == 1
    ],
    ids=lambda case: str(case["why"]),
)
def test_39_a_wrapset_that_clients_refuse_is_not_stored(case: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        start(case["wrapsets"][0])


def test_12_a_second_key_for_one_epoch_is_not_stored() -> None:
    case = next(one for one in V["wrapsets"]["refused_by_ben"] if len(one["wrapsets"]) == 2)
    first, other = (wrapset.read_wrapset(one, CONV) for one in case["wrapsets"])
    anna = TEAM.member(other.by)
    assert anna is not None
    with pytest.raises(Refused):
        wrapset.check_later(other, 1, first.commit, TEAM, Signer(anna.id, anna.sig))


@pytest.mark.parametrize("case", V["wrapsets"]["may_not_start"], ids=lambda case: str(case["why"]))
def test_38_an_epoch_for_others_than_the_readers_is_not_started(case: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        start(case["wrapset"])


def test_02_a_message_is_taken_as_given() -> None:
    given = V["messages"]
    read = envelope.read_envelope(given["envelope"], CONV)
    envelope.check(read, SIGNER, 1, 0, encoding.NO_HASH)
    assert (given["signed"], given["hash"]) == (read.signed.hex(), read.hash.hex())
    assert given["envelope"] == read.as_json()


def test_02_kdf_bundle_and_photo_have_the_shape_of_the_vectors() -> None:
    assert V["code"]["kdf"] == check_kdf(V["code"]["kdf"], "pbkdf2-sha256-600000")
    assert V["member"]["kdf"] == check_kdf(V["member"]["kdf"], "argon2id-64m-3")
    for sealed in (V["code"]["bundle"], V["member"]["bundle"], V["root"]["sealed"]):
        assert sealed == read_bundle(sealed).as_json()
    check_blob(bytes(V["photo"]["size"]))


def test_02_proof_of_work_counts_as_given() -> None:
    work = V["pow"]
    bits = {
        name: zero_bits(sha256(encoding.lp("wb1/pow", work["challenge"], CONV, work[name])))
        for name in ("nonce", "too_little")
    }
    assert bits["nonce"] >= work["bits"] > bits["too_little"]
