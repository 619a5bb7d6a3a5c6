"""How are the test vectors of wb1 made? ``python -m tests.vectors.make_vectors``

Everything is fixed (keys, ivs, ephemeral keys, signatures by RFC 6979), so the file comes out
the same each time. Another implementation that signs or wraps at random compares all but
signatures, ``enc`` and the ``ct`` of wraps, and checks that it verifies and opens those given.
Bytes are hex; what travels (manifest, wrapset, envelope, bundle) is the JSON of docs/wb1.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tests.securechat.client.crypto import (
    CODE_KDF,
    MEMBER_KDF,
    bundle_aad,
    code_keys,
    find_nonce,
    hkdf,
    indices_bytes,
    member_keys,
    proves,
    seal,
    sha256,
    stretch,
)
from tests.securechat.client.encoding import RESIDENT, b64, first_letters, lp, pad
from tests.securechat.client.envelope import (
    as_body,
    draft_aad,
    message_key,
    seal_draft,
    seal_photo,
)
from tests.securechat.client.member import root_kek
from tests.securechat.client.resident import code_parts
from tests.vectors import cast, refusals

FILE: Final = Path(__file__).with_name("wb1.json")


def _encodings() -> dict[str, Any]:
    parts: list[list[bytes | str | int]] = [
        [],
        ["", b""],
        ["wb1/loc", bytes(16)],
        ["é", 1, b"\xff"],
        [0, 2**53 - 1],
    ]
    names = {bytes: "bytes", str: "text", int: "number"}
    typed = [
        "abandon",
        " Été! ",
        "Œuvre",
        "straße",
        "de",
        "éÉe\u0301E",
        "ʼt-Zand",
        "ﬁets",
        "İstan",
    ]
    return {
        "lp": [
            {
                "parts": [
                    {names[type(one)]: one.hex() if isinstance(one, bytes) else one} for one in row
                ],
                "out": lp(*row).hex(),
            }
            for row in parts
        ],
        "b64": {
            "good": [
                {"bytes": raw.hex(), "text": b64(raw)}
                for raw in (b"", b"\0", b"\xff\xef", bytes(16), cast.fixed("b64", 32))
            ],
            "bad": ["AA==", "AB", "A", "+w", "/w", "AA\n", "A A", "é", "AAAAAA="],
        },
        "pad": {
            "good": [
                _padded(length) for length in (0, 1, 252, 253, 1020, 1021, 4092, 4093, 16384)
            ],
            "bad": [
                {"why": "shorter than 4 bytes", "padded": "000000"},
                {"why": "a length that does not fit", "padded": "00000100" + "00" * 252},
                {"why": "not one of the sizes", "padded": "00000001" + "61" + "00" * 250},
                {"why": "a larger size than needed", "padded": "00000001" + "61" + "00" * 1019},
                {"why": "a byte that is not zero", "padded": "00000001" + "6162" + "00" * 250},
            ],
        },
        "words": [{"typed": one, "letters": first_letters(one)} for one in typed],
    }


def _padded(length: int) -> dict[str, Any]:
    out = pad(b"a" * length)
    return {"letters_a": length, "size": len(out), "sha256": sha256(out).hex()}


def _keys() -> dict[str, Any]:
    site_salt = cast.fixed("site salt")
    code = code_keys(cast.CODE_INDICES, site_salt)
    salt, password = cast.fixed("salt"), "Cafe\u0301 zonder slot 7"
    kek, login = member_keys(password, salt)
    kem, sig = cast.RESIDENT_KEM, cast.RESIDENT_SIG
    parts = code_parts(code, cast.CONV, kem, sig, cast.fixed("iv code", 12))
    return {
        "hkdf": {
            "ikm": "0b" * 22,
            "info": lp("wb1/kek").hex(),
            "out32": hkdf(b"\x0b" * 22, lp("wb1/kek")).hex(),
            "out16": hkdf(b"\x0b" * 22, lp("wb1/kek"), 16).hex(),
        },
        "code": {
            "kdf": CODE_KDF,
            "indices": cast.CODE_INDICES,
            "indices_bytes": indices_bytes(cast.CODE_INDICES).hex(),
            "site_salt": site_salt.hex(),
            "root": stretch(cast.CODE_INDICES, lp("wb1/code", site_salt)).hex(),
            "locator": code.locator.hex(),
            "auth": code.auth.hex(),
            "kek": code.kek.hex(),
            "locator_hash": code.locator_hash.hex(),
            "auth_hash": code.auth_hash.hex(),
            "bundle_aad": bundle_aad("resident", cast.CONV, kem.public, sig.public).hex(),
            "bundle_text": lp(kem.jwk(), sig.jwk()).hex(),
            "bundle": parts["bundle"],
        },
        "member": {
            "kdf": MEMBER_KDF,
            "password": password,
            "salt": salt.hex(),
            "kek": kek.hex(),
            "login": login.hex(),
            "bundle": _member_bundle(kek),
        },
        "root": {
            "org": cast.ORG.hex(),
            "indices": cast.ROOT_INDICES,
            "kek": root_kek(cast.ROOT_INDICES, cast.ORG).hex(),
            "aad": cast.ROOT.aad().hex(),
            "sealed": cast.ROOT.sealed(cast.ROOT_INDICES, cast.fixed("iv root", 12)).as_json(),
            "pin": cast.ROOT.pin.hex(),
        },
    }


def _member_bundle(kek: bytes) -> dict[str, str]:
    ben = cast.BEN
    aad = bundle_aad("member", ben.id, ben.kem.public, ben.sig.public)
    return seal(kek, cast.fixed("iv ben", 12), aad, lp(ben.kem.jwk(), ben.sig.jwk())).as_json()


def _cast() -> dict[str, Any]:
    return {
        owner: {
            "kem": {"jwk": json.loads(kem.jwk()), "public": kem.public.hex()},
            "sig": {"jwk": json.loads(sig.jwk()), "public": sig.public.hex()},
        }
        for owner, (kem, sig) in cast.OWNERS.items()
    } | {"ids": {"anna": cast.ANNA.id.hex(), "ben": cast.BEN.id.hex(), "cas": cast.CAS.id.hex()}}


def _team() -> dict[str, Any]:
    return {
        "now": cast.NOW,
        "pin": cast.ROOT.pin.hex(),
        "root_sig": cast.ROOT.sig.public.hex(),
        "cert": cast.CERT.as_json(),
        "cert_signed": cast.CERT.signed.hex(),
        "manifest": cast.MANIFEST.as_json(),
        "manifest_signed": cast.MANIFEST.signed.hex(),
        "manifest_hash": cast.MANIFEST.hash.hex(),
        "refused": list(refusals.manifests()),
    }


def _wrapsets() -> dict[str, Any]:
    start = cast.wrapset()
    to = {cast.CAS.id: cast.CAS.kem.public}
    later = cast.wrapset(to, by=(cast.BEN.id, cast.BEN.sig))
    stripped = {
        **start.as_json(),
        "recipients": [
            one.as_json()
            if one.to == cast.BEN.id
            else {"to": b64(one.to), "digest": b64(one.digest)}
            for one in start.recipients
        ],
    }
    return {
        "conv": cast.CONV.hex(),
        "ck": cast.CK.hex(),
        "commit": start.commit.hex(),
        "start": start.as_json(),
        "start_signed": start.signed.hex(),
        "start_hash": start.hash.hex(),
        "start_as_ben_gets_it": stripped,
        "later_for_cas": later.as_json(),
        "later_hash": later.hash.hex(),
        "refused_by_ben": list(refusals.wrapsets()),
        "may_not_start": list(refusals.starts()),
    }


def _messages() -> dict[str, Any]:
    body = as_body({"k": "text", "t": "Goeiedag, ik zit met iets.", "at": cast.NOW, "seen": {}})
    first = cast.message(body)
    return {
        "body": body.decode(),
        "k_msg": message_key(cast.CK, cast.CONV, 1, RESIDENT).hex(),
        "aad": first.aad.hex(),
        "envelope": first.as_json(),
        "signed": first.signed.hex(),
        "hash": first.hash.hex(),
        "chains": list(refusals.chains()),
    }


def _others() -> dict[str, Any]:
    blob_id, key = cast.fixed("blob"), cast.fixed("fk", 32)
    jpeg = b"\xff\xd8\xff\xe0" + cast.fixed("jpeg", 32) + b"\xff\xd9"
    iv = cast.fixed("iv blob", 12)
    blob = seal_photo(cast.CONV, blob_id, key, iv, jpeg)
    draft = (cast.CONV, 1, cast.CAS.id, cast.fixed("draft"))
    body = as_body({"k": "text", "t": "Zullen we bellen?", "at": cast.NOW, "seen": {}})
    nonce = find_nonce("dGVzdA", cast.CONV, 12)
    return {
        "photo": {
            "id": blob_id.hex(),
            "jpeg": jpeg.hex(),
            "key": key.hex(),
            "iv": iv.hex(),
            "size": len(blob),
            "hash": sha256(blob).hex(),
            "refused": list(refusals.photos(blob_id)),
        },
        "draft": {
            "draft": draft[3].hex(),
            "author": cast.CAS.id.hex(),
            "body": body.decode(),
            "aad": draft_aad(*draft).hex(),
            "sealed": seal_draft(draft, cast.CK, cast.fixed("iv draft", 12), body).as_json(),
        },
        "pow": {
            "challenge": "dGVzdA",
            "bits": 12,
            "nonce": nonce,
            "too_little": next(n for n in range(nonce) if not proves("dGVzdA", cast.CONV, n, 12)),
        },
    }


def everything() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "Test vectors of docs/wb1.md, made by tests/vectors/make_vectors.py",
        "cast": _cast(),
        **_encodings(),
        **_keys(),
        "team": _team(),
        "wrapsets": _wrapsets(),
        "messages": _messages(),
        **_others(),
    }


def as_text() -> str:
    """The file as it is written."""
    return json.dumps(everything(), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text())
