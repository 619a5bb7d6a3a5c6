"""How are valid keys, manifests, wrapsets and envelopes made for a test?

Everything is JSON as a client would send it; what a test wants otherwise it passes or replaces.
"""

from __future__ import annotations

import json as json_text
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wijkbot.securechat.encoding import NO_HASH, RECOVERY, RESIDENT, b64, lp, unb64
from wijkbot.securechat.envelope import read_envelope
from wijkbot.securechat.manifest import read_manifest
from wijkbot.securechat.points import Signer, sha256

Json = dict[str, Any]

NOW = 1_790_000_000
"""A moment in September 2026."""

DAY = 86_400
SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def new_id() -> bytes:
    return os.urandom(16)


@dataclass(frozen=True)
class Pair:
    """A private key and its public point of 65 bytes."""

    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public(self) -> bytes:
        form = serialization.PublicFormat.UncompressedPoint
        return self.private.public_key().public_bytes(serialization.Encoding.X962, form)

    def sign(self, signed: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass(frozen=True)
class Person:
    """A participant with both pairs of keys; the resident when no id is given."""

    id: bytes = RESIDENT
    name: str = ""
    role: str = "worker"
    kem: Pair = field(default_factory=Pair)
    sig: Pair = field(default_factory=Pair)

    @property
    def signer(self) -> Signer:
        return Signer(self.id, self.sig.public)

    @property
    def row(self) -> Json:
        return {
            "id": b64(self.id),
            "name": self.name,
            "role": self.role,
            "kem": b64(self.kem.public),
            "sig": b64(self.sig.public),
        }


def member(name: str, role: str = "worker") -> Person:
    return Person(new_id(), name, role)


@dataclass(frozen=True)
class Root:
    """The keys of an organisation, and the id of its one team."""

    sig: Pair = field(default_factory=Pair)
    recovery: Pair = field(default_factory=Pair)
    org: bytes = field(default_factory=new_id)
    team: bytes = field(default_factory=new_id)

    def cert(self, who: Person, not_after: int = NOW + 365 * DAY, label: str = "") -> Json:
        signed = lp(
            "wb1/cert", self.org, who.id, who.sig.public, label or "coordinator", not_after
        )
        return {
            "org": b64(self.org),
            "member": b64(who.id),
            "sig": b64(who.sig.public),
            "not_after": not_after,
            "signature": b64(self.sig.sign(signed)),
        }

    def manifest(self, by: Person, members: Sequence[Person], **other: Any) -> Json:
        """A manifest of these members, in order, unless ``other`` says something else."""
        json: Json = {
            "org": b64(self.org),
            "team": b64(self.team),
            "version": 1,
            "issued": NOW,
            "expires": NOW + 90 * DAY,
            "prev_hash": b64(NO_HASH),
            "recovery_kem": b64(self.recovery.public),
            "members": [who.row for who in sorted(members, key=lambda who: who.id)],
            "by": b64(by.id),
        }
        return sign_manifest({**json, **other}, by)


def sign_manifest(json: Mapping[str, Any], by: Person) -> Json:
    """The same manifest, signed by this person over what it says now."""
    rows: list[bytes | str] = []
    for row in json["members"]:
        rows += [unb64(row["id"]), row["name"], row["role"], unb64(row["kem"]), unb64(row["sig"])]
    signed = lp(
        "wb1/manifest", unb64(json["org"]), unb64(json["team"]), json["version"], json["issued"],
        json["expires"], unb64(json["prev_hash"]), unb64(json["recovery_kem"]),
        len(json["members"]), *rows,
    )  # fmt: skip
    return {**json, "signature": b64(by.sig.sign(signed))}


@dataclass(frozen=True)
class Team:
    """An organisation with a coordinator, a worker and a trainee, and its first manifest."""

    root: Root = field(default_factory=Root)
    coordinator: Person = field(default_factory=lambda: member("Coördinator", "coordinator"))
    worker: Person = field(default_factory=lambda: member("Werker"))
    trainee: Person = field(default_factory=lambda: member("Stagiair", "trainee"))

    @property
    def people(self) -> tuple[Person, ...]:
        return (self.coordinator, self.worker, self.trainee)

    @property
    def readers(self) -> tuple[Person, ...]:
        return (self.coordinator, self.worker)

    def manifest(self, **other: Any) -> Json:
        return self.root.manifest(self.coordinator, self.people, **other)

    def cert(self) -> Json:
        return self.root.cert(self.coordinator)


def hkdf(key: bytes, info: bytes, length: int = 32) -> bytes:
    return HKDF(hashes.SHA256(), length, bytes(32), info).derive(key)


def commit_of(key: bytes, conv: bytes, e: int) -> bytes:
    return hkdf(key, lp("wb1/commit", conv, e))


def starting(manifest: Json, resident: Person) -> dict[bytes, bytes]:
    """Whom an epoch starts for, each with the key to wrap for."""
    read = read_manifest(manifest)
    keys = {who.id: who.kem for who in read.readers}
    return {**keys, RESIDENT: resident.kem.public, RECOVERY: read.recovery_kem}


def wrapset(
    conv: bytes, by: Person, manifest: Json, to: Mapping[bytes, bytes], key: bytes, e: int = 1
) -> Json:
    """The key of an epoch for these, with real wraps."""
    commit, manifest_hash = commit_of(key, conv, e), read_manifest(manifest).hash
    recipients = []
    for recipient, kem in sorted(to.items()):
        info = lp("wb1/wrap", conv, e, recipient, kem, by.id, commit)
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), kem)
        sealed = SUITE.encrypt(key, point, info)
        recipients.append({
            "to": b64(recipient), "kem": b64(kem), "enc": b64(sealed[:65]), "ct": b64(sealed[65:]),
        })  # fmt: skip
    json: Json = {
        "e": e,
        "by": b64(by.id),
        "commit": b64(commit),
        "manifest_hash": b64(manifest_hash),
        "recipients": recipients,
    }
    return sign_wrapset(json, conv, by)


def sign_wrapset(json: Mapping[str, Any], conv: bytes, by: Person) -> Json:
    """The same wrapset, signed by this person over what it says now."""
    digests: list[bytes] = []
    for row in json["recipients"]:
        parts = [unb64(row[name]) for name in ("kem", "enc", "ct")]
        digests += [unb64(row["to"]), sha256(lp(*parts))]
    signed = lp(
        "wb1/wrapset", conv, json["e"], unb64(json["by"]), unb64(json["commit"]),
        unb64(json["manifest_hash"]), *digests,
    )  # fmt: skip
    return {**json, "signature": b64(by.sig.sign(signed))}


def pad(body: bytes) -> bytes:
    size = len(body) + 4
    whole = next((one for one in (256, 1024, 4096) if size <= one), -(-size // 4096) * 4096)
    return len(body).to_bytes(4, "big") + body + bytes(whole - size)


def envelope(
    conv: bytes,
    by: Person,
    key: bytes,
    text: str = "hallo",
    *,
    e: int = 1,
    n: int = 1,
    prev: bytes = NO_HASH,
) -> Json:
    """A sealed and signed message."""
    body = json_text.dumps({"k": "text", "t": text, "at": NOW, "seen": {}}).encode()
    aad = lp("wb1/msg", conv, e, by.id, n, prev)
    iv = os.urandom(12)
    k_msg = hkdf(key, lp("wb1/k/msg", conv, e, by.id))
    ct = AESGCM(k_msg).encrypt(iv, pad(body), aad)
    signed = lp("wb1/msgsig", aad, iv, sha256(ct))
    return {
        "e": e,
        "by": b64(by.id),
        "n": n,
        "prev": b64(prev),
        "iv": b64(iv),
        "ct": b64(ct),
        "signature": b64(by.sig.sign(signed)),
    }


def hash_of(envelope_json: Json, conv: bytes) -> bytes:
    return read_envelope(envelope_json, conv).hash
