"""Does the recovery key open a conversation, and does everybody see that it did?"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.securechat.client import crypto, encoding
from tests.securechat.test_vectors_python import as_ben, keys
from tests.vectors import make_vectors
from wijkbot.recovery.conversation import (
    Epoch,
    Writer,
    open_recovery,
    pass_on,
    read_body,
    write_event,
)
from wijkbot.recovery.keys import Keys, open_keys
from wijkbot.recovery.member import MemberKeys
from wijkbot.recovery.root import Root, open_root
from wijkbot.securechat.bundle import read_bundle
from wijkbot.securechat.encoding import NO_HASH, RECOVERY, RESIDENT, Refused, b64, lp
from wijkbot.securechat.envelope import read_envelope
from wijkbot.securechat.manifest import read_manifest
from wijkbot.securechat.points import Signer
from wijkbot.securechat.wrapset import Recipient, Wrapset, check_later, read_wrapset

V: dict[str, Any] = json.loads(Path(make_vectors.FILE).read_text())
NOW = V["team"]["now"]
CONV = bytes.fromhex(V["wrapsets"]["conv"])
TEAM = read_manifest(V["team"]["manifest"])


def public(owner: str) -> tuple[bytes, bytes]:
    given = V["cast"][owner]
    return bytes.fromhex(given["kem"]["public"]), bytes.fromhex(given["sig"]["public"])


def root() -> Root:
    given = V["root"]
    sealed, org = read_bundle(given["sealed"]), bytes.fromhex(given["org"])
    return open_root(sealed, org, public("root"), tuple(given["indices"]))


def ben() -> MemberKeys:
    given = V["member"]
    keys_of_ben: Keys = open_keys(
        bytes.fromhex(given["kek"]),
        read_bundle(given["bundle"]),
        "member",
        bytes.fromhex(V["cast"]["ids"]["ben"]),
        public("ben"),
    )
    return MemberKeys(bytes.fromhex(V["cast"]["ids"]["ben"]), keys_of_ben)


def start() -> Wrapset:
    return read_wrapset(V["wrapsets"]["start"], CONV)


def for_recovery() -> Recipient:
    return next(one for one in start().recipients if one.to == RECOVERY)


def opened() -> Epoch:
    made = start()
    return open_recovery(root().keys.kem, CONV, 1, made.by, made.commit, for_recovery())


def test_the_recovery_key_opens_an_epoch_and_its_messages() -> None:
    epoch = opened()
    assert V["wrapsets"]["ck"] == epoch.ck.hex()
    message = read_envelope(V["messages"]["envelope"], CONV)
    assert json.loads(V["messages"]["body"]) == read_body(message, epoch)
    assert epoch.ck.hex() not in repr(epoch)


def test_12_a_wrap_with_another_key_than_promised_is_refused() -> None:
    case = next(
        one for one in V["wrapsets"]["refused_by_ben"] if "than was promised" in one["why"]
    )
    made = read_wrapset(case["wrapsets"][0], CONV)
    wrapped = next(one for one in made.recipients if one.to == RECOVERY)
    with pytest.raises(Refused) as refused:
        open_recovery(root().keys.kem, CONV, 1, made.by, made.commit, wrapped)
    assert "commit" == refused.value.code


def test_12_a_wrap_opens_in_its_own_place_only() -> None:
    made, recovery = start(), root().keys.kem
    for conv, e, by, commit in (
        (bytes(16), 1, made.by, made.commit),
        (CONV, 2, made.by, made.commit),
        (CONV, 1, RECOVERY, made.commit),
        (CONV, 1, made.by, bytes(32)),
    ):
        with pytest.raises(Refused) as refused:
            open_recovery(recovery, conv, e, by, commit, for_recovery())
        assert "key" == refused.value.code


def test_a_changed_message_is_refused() -> None:
    message = read_envelope(V["messages"]["envelope"], CONV)
    with pytest.raises(Refused):
        read_body(replace(message, n=2), opened())


def test_41_what_is_passed_on_is_taken_by_the_server_and_opened_by_the_member() -> None:
    worker = ben()
    made = pass_on(CONV, opened(), worker, {worker.id: worker.keys.kem.public}, TEAM.hash)
    check_later(made, 1, start().commit, TEAM, Signer(worker.id, worker.keys.sig.public))
    here = as_ben()
    stripped = [
        {"to": one["to"], "digest": digest}
        for one, digest in zip(
            V["wrapsets"]["start"]["recipients"], _digests(start()), strict=True
        )
    ]
    here.learn(keys({**V["wrapsets"]["start"], "recipients": stripped}, _json(made)), NOW)
    assert V["wrapsets"]["ck"] == (here.epochs[1].ck or b"").hex()


def _digests(made: Wrapset) -> list[str]:
    return [b64(one.digest) for one in made.recipients]


def _json(made: Wrapset) -> dict[str, Any]:
    return {
        "e": made.e,
        "by": b64(made.by),
        "commit": b64(made.commit),
        "manifest_hash": b64(made.manifest_hash),
        "recipients": [one.as_json() for one in made.recipients],
        "signature": b64(made.signature),
    }


def test_41_resident_and_team_see_that_a_conversation_was_recovered() -> None:
    first = read_envelope(V["messages"]["envelope"], CONV)
    writer = Writer(ben(), 0, NO_HASH, {RESIDENT: (1, first.hash)})
    event = write_event(CONV, opened(), writer, "recovered", NOW, os.urandom)
    here = as_ben()
    here.learn(keys(V["wrapsets"]["start"]), NOW)
    lines = here.read([{"seq": 1, **V["messages"]["envelope"]}, {"seq": 2, **event.as_json()}])
    assert ["", ""] == [line.reason for line in lines]
    assert lines[1].body is not None
    assert ("event", "recovered", NOW) == tuple(lines[1].body[name] for name in ("k", "t", "at"))


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"\0\0\0\x02{}".ljust(255, b"\0") + b"\x01",
        b"\0\0\0\x02{}".ljust(1024, b"\0"),
        b"\0\0\xff\xff".ljust(256, b"\0"),
        encoding.pad(b"[]"),
        encoding.pad(b"no json"),
        encoding.pad(b"\xff"),
        encoding.pad(b"[" * 16_000),
    ],
)
def test_14_a_message_that_is_no_padded_body_is_refused(spoilt: bytes) -> None:
    epoch = opened()
    key = crypto.hkdf(epoch.ck, lp("wb1/k/msg", CONV, 1, RESIDENT))
    aad = lp("wb1/msg", CONV, 1, RESIDENT, 1, NO_HASH)
    sealed = crypto.seal(key, bytes(12), aad, spoilt)
    message = replace(read_envelope(V["messages"]["envelope"], CONV), iv=sealed.iv, ct=sealed.ct)
    with pytest.raises(Refused) as refused:
        read_body(message, epoch)
    assert "shape" == refused.value.code
