"""Does recovery open what the vectors hold, and make what an independent client opens?"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.securechat.client import crypto, encoding
from tests.securechat.client.manifest import read_cert, read_manifest
from tests.securechat.client.member import root_kek
from tests.securechat.client.trust import Trust
from tests.vectors import make_vectors
from wijkbot.recovery.keys import Keys, Pair, make_keys, open_keys
from wijkbot.recovery.member import (
    Account,
    MemberKeys,
    close_member,
    first_manifest,
    make_member,
    next_manifest,
    open_member,
)
from wijkbot.recovery.root import Root, certify, make_root, open_root, seal_root
from wijkbot.securechat.bundle import MEMBER_KDF, Sealed, read_bundle
from wijkbot.securechat.encoding import Refused
from wijkbot.securechat.manifest import accept, accept_next

V: dict[str, Any] = json.loads(Path(make_vectors.FILE).read_text())
NOW = V["team"]["now"]
WORDS = tuple(V["root"]["indices"])
ORG = bytes.fromhex(V["root"]["org"])


def public(owner: str) -> tuple[bytes, bytes]:
    given = V["cast"][owner]
    return bytes.fromhex(given["kem"]["public"]), bytes.fromhex(given["sig"]["public"])


def vector_root() -> Root:
    return open_root(read_bundle(V["root"]["sealed"]), ORG, public("root"), WORDS)


def test_twelve_words_open_the_root_of_the_vectors() -> None:
    assert V["root"]["pin"] == vector_root().pin.hex()


def test_eleven_right_words_open_nothing() -> None:
    wrong = (*WORDS[:-1], WORDS[-1] ^ 1)
    with pytest.raises(Refused) as refused:
        open_root(read_bundle(V["root"]["sealed"]), ORG, public("root"), wrong)
    assert "key" == refused.value.code


def test_a_sealed_root_opens_for_its_own_organisation_only() -> None:
    with pytest.raises(Refused):
        open_root(read_bundle(V["root"]["sealed"]), bytes(16), public("root"), WORDS)


def test_a_root_made_here_opens_in_another_client() -> None:
    root = make_root(ORG)
    made = seal_root(root, WORDS, os.urandom)
    kem, sig = root.keys.kem.public, root.keys.sig.public
    aad = crypto.bundle_aad("root", ORG, kem, sig)
    opened = crypto.open_bundle(
        root_kek(WORDS, ORG), crypto.Sealed(made.iv, made.ct), aad, kem, sig
    )
    assert [kem, sig] == [one.public for one in opened]
    with pytest.raises(ValueError, match="twelve"):
        seal_root(root, WORDS[:7], os.urandom)


def test_a_password_opens_the_member_of_the_vectors() -> None:
    given, ben = V["member"], bytes.fromhex(V["cast"]["ids"]["ben"])
    account = Account(
        bytes.fromhex(given["salt"]), given["kdf"], b"", read_bundle(given["bundle"])
    )
    assert public("ben")[1] == (
        open_member(account, ben, public("ben"), given["password"]).keys.sig.public
    )
    with pytest.raises(Refused):
        open_member(account, ben, public("ben"), given["password"] + " ")


def test_13_a_weaker_way_to_stretch_a_password_is_refused() -> None:
    member = make_member(os.urandom)
    weak = replace(close_member(member, "lang genoeg", os.urandom), kdf="argon2id-1m-1")
    with pytest.raises(Refused) as refused:
        open_member(weak, member.id, (b"", b""), "lang genoeg")
    assert "shape" == refused.value.code


def test_a_member_made_here_opens_in_another_client() -> None:
    member = make_member(os.urandom)
    account = close_member(member, "Cafe\u0301 zonder slot 7", os.urandom)
    kek, login = crypto.member_keys("Caf\u00e9 zonder slot 7", account.salt)
    kem, sig = member.keys.kem.public, member.keys.sig.public
    aad = crypto.bundle_aad("member", member.id, kem, sig)
    sealed = crypto.Sealed(account.bundle.iv, account.bundle.ct)
    assert (MEMBER_KDF, login) == (account.kdf, account.login)
    assert kem == crypto.open_bundle(kek, sealed, aad, kem, sig)[0].public


def bundle_of(text: bytes, keys: Keys) -> Sealed:
    """A bundle that says to hold ``keys``, and holds ``text``."""
    aad = crypto.bundle_aad("member", ORG, keys.kem.public, keys.sig.public)
    made = crypto.seal(bytes(32), bytes(12), aad, text)
    return Sealed(made.iv, made.ct)


def jwk(pair: Pair, **other: str) -> bytes:
    return json.dumps(json.loads(crypto.Pair(pair.private).jwk()) | other).encode()


def test_a_bundle_with_other_things_inside_is_refused() -> None:
    keys, other = make_keys(), make_keys()
    whose = (keys.kem.public, keys.sig.public)
    kem, sig = jwk(keys.kem, ext="true"), jwk(keys.sig)
    opened = open_keys(bytes(32), bundle_of(encoding.lp(kem, sig), keys), "member", ORG, whose)
    assert whose == (opened.kem.public, opened.sig.public)
    for text in (
        encoding.lp(kem, jwk(other.sig)),
        encoding.lp(kem, jwk(keys.sig, crv="P-384")),
        encoding.lp(kem, jwk(keys.sig, kty="OKP")),
        encoding.lp(kem, b"{}"),
        encoding.lp(kem, b"[]"),
        encoding.lp(kem, b"no json"),
        encoding.lp(kem) + bytes(4) + sig,
        encoding.lp(kem),
        b"",
    ):
        with pytest.raises(Refused) as refused:
            open_keys(bytes(32), bundle_of(text, keys), "member", ORG, whose)
        assert "key" == refused.value.code


def test_a_private_key_never_shows() -> None:
    member = MemberKeys(ORG, make_keys())
    assert "Pair(…)" in repr(member)
    assert repr(Pair(member.keys.kem.private)) == "Pair(…)"


def test_a_team_made_here_is_believed_by_server_and_client() -> None:
    root, anna, ben = vector_root(), make_member(os.urandom), make_member(os.urandom)
    cert = certify(root, anna.id, anna.keys.sig.public, NOW + 1000)
    listed = [anna.listed("Anna Voorbeeld", "coordinator")]
    team, sig = os.urandom(16), root.keys.sig.public
    first = first_manifest(ORG, team, root.keys.kem.public, anna, listed, NOW)
    second = next_manifest(first, anna, [ben.listed("Ben Verzonnen", "worker"), *listed], NOW)
    accept(first, cert, sig, NOW)
    accept_next([first], second, cert, sig, NOW)
    tab = Trust(root.pin)
    for manifest in (first, second):
        tab.accept(read_manifest(manifest.as_json()), read_cert(cert.as_json()), sig, NOW)
    assert tab.current is not None
    assert encoding.b64(second.hash) == encoding.b64(tab.current.hash)
