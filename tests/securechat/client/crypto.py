"""How are keys made, things signed, sealed and wrapped? (docs/wb1.md sections 1, 3, 4 and 8)"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.securechat.client.encoding import Refused, b64, lp, unb64

CODE_KDF: Final = "pbkdf2-sha256-600000"
MEMBER_KDF: Final = "argon2id-64m-3"
SUITE: Final = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_ECDSA: Final = ec.ECDSA(hashes.SHA256())
# RFC 6979, so that test vectors come out the same each time; a verifier sees no difference
_SIGNING: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@dataclass(frozen=True, slots=True)
class Sealed:
    """``{"iv", "ct"}``."""

    iv: bytes
    ct: bytes

    def as_json(self) -> dict[str, str]:
        """As it travels."""
        return {"iv": b64(self.iv), "ct": b64(self.ct)}


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key on P-256 and its public half as 65 bytes."""

    private: ec.EllipticCurvePrivateKey

    @property
    def public(self) -> bytes:
        """The uncompressed point."""
        return self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    def jwk(self) -> bytes:
        """The private key as JSON."""
        secret = self.private.private_numbers().private_value.to_bytes(32, "big")
        point = self.public
        return json.dumps(
            {
                "kty": "EC",
                "crv": "P-256",
                "x": b64(point[1:33]),
                "y": b64(point[33:]),
                "d": b64(secret),
            }
        ).encode()


def make_pair() -> Pair:
    """A fresh pair."""
    return Pair(ec.generate_private_key(ec.SECP256R1()))


def pair_of(secret: int) -> Pair:
    """The pair of a given private number."""
    return Pair(ec.derive_private_key(secret, ec.SECP256R1()))


def pair_from_jwk(raw: bytes, public: bytes) -> Pair:
    """The pair written as JWK; Refused("bundle") when it is not the one of ``public``."""
    try:
        jwk = json.loads(raw)
    except ValueError as broken:
        raise Refused("bundle", "not a JWK") from broken
    if not isinstance(jwk, dict) or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise Refused("bundle", "not a JWK of P-256")
    pair = pair_of(int.from_bytes(unb64(jwk.get("d"), 32), "big"))
    if pair.public != public:
        raise Refused("bundle", "another key")
    return pair


def point(public: bytes) -> ec.EllipticCurvePublicKey:
    """The public key of 65 bytes, or Refused("point")."""
    if len(public) != 65 or public[0] != 4:
        raise Refused("point", "not an uncompressed point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError as broken:
        raise Refused("point", "not on the curve") from broken


def sign(pair: Pair, signed: bytes) -> bytes:
    """``r ‖ s``."""
    r, s = decode_dss_signature(pair.private.sign(signed, _SIGNING))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public: bytes, signed: bytes, signature: bytes) -> None:
    """Return, or raise Refused("signature")."""
    if len(signature) != 64:
        raise Refused("signature", "not 64 bytes")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        point(public).verify(encode_dss_signature(r, s), signed, _ECDSA)
    except InvalidSignature as wrong:
        raise Refused("signature", "of somebody else, or of other bytes") from wrong


def hkdf(ikm: bytes, info: bytes, length: int = 32) -> bytes:
    """RFC 5869 with SHA-256 and a salt of 32 zero bytes."""
    return HKDF(hashes.SHA256(), length, bytes(32), info).derive(ikm)


def sha256(raw: bytes) -> bytes:
    """The hash of all hashes here."""
    return hashlib.sha256(raw).digest()


def seal(key: bytes, iv: bytes, aad: bytes, text: bytes) -> Sealed:
    """AES-256-GCM; ``iv`` is fresh for every call."""
    return Sealed(iv, AESGCM(key).encrypt(iv, text, aad))


def unseal(key: bytes, sealed: Sealed, aad: bytes) -> bytes:
    """What was sealed, or Refused("opening")."""
    try:
        return AESGCM(key).decrypt(sealed.iv, sealed.ct, aad)
    except (InvalidTag, ValueError) as wrong:
        raise Refused("opening", "another key, or other bytes") from wrong


def wrap(public: bytes, info: bytes, text: bytes) -> tuple[bytes, bytes]:
    """``enc, ct`` of HPKE."""
    both = SUITE.encrypt(text, point(public), info)
    return both[:65], both[65:]


def unwrap(pair: Pair, info: bytes, enc: bytes, ct: bytes) -> bytes:
    """What was wrapped, or Refused("opening")."""
    try:
        return SUITE.decrypt(enc + ct, pair.private, info)
    except (InvalidTag, ValueError) as wrong:
        raise Refused("opening", "another key, or other bytes") from wrong


def indices_bytes(indices: tuple[int, ...]) -> bytes:
    """The numbers of words, two bytes each."""
    return b"".join(index.to_bytes(2, "big") for index in indices)


def stretch(indices: tuple[int, ...], salt: bytes) -> bytes:
    """PBKDF2 over the numbers of words."""
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, 600_000).derive(indices_bytes(indices))


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """What seven words give."""

    locator: bytes
    auth: bytes
    kek: bytes

    @property
    def locator_hash(self) -> bytes:
        """What the server keeps of the locator."""
        return sha256(lp("wb1/loc", self.locator))

    @property
    def auth_hash(self) -> bytes:
        """What the server keeps of the rest."""
        return sha256(self.auth)


def code_keys(indices: tuple[int, ...], site_salt: bytes) -> CodeKeys:
    """Locator, proof and key of a return code."""
    root = stretch(indices, lp("wb1/code", site_salt))
    return CodeKeys(
        hkdf(root, lp("wb1/locator"), 16),
        hkdf(root, lp("wb1/auth")),
        hkdf(root, lp("wb1/kek")),
    )


def member_keys(password: str, salt: bytes) -> tuple[bytes, bytes]:
    """``kek, login`` of a member's password."""
    master = Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=64 * 1024).derive(
        unicodedata.normalize("NFC", password).encode()
    )
    return hkdf(master, lp("wb1/kek")), hkdf(master, lp("wb1/login"))


def bundle_aad(kind: str, owner: bytes, kem: bytes, sig: bytes) -> bytes:
    """What a bundle is bound to; ``owner`` is a conversation, a member or an organisation."""
    return lp("wb1/bundle", kind, owner, kem, sig)


def open_bundle(kek: bytes, sealed: Sealed, aad: bytes, kem: bytes, sig: bytes) -> list[Pair]:
    """The wrap pair and the signing pair of a bundle, or Refused."""
    raw, parts = unseal(kek, sealed, aad), []
    while raw:
        length = int.from_bytes(raw[:4], "big")
        parts.append(raw[4 : 4 + length])
        raw = raw[4 + length :]
    if len(parts) != 2:
        raise Refused("bundle", "not two keys")
    return [pair_from_jwk(parts[0], kem), pair_from_jwk(parts[1], sig)]


def find_nonce(challenge: str, conv: bytes, bits: int) -> int:
    """The first number that proves the work."""
    nonce = 0
    while not proves(challenge, conv, nonce, bits):
        nonce += 1
    return nonce


def proves(challenge: str, conv: bytes, nonce: int, bits: int) -> bool:
    """Does ``nonce`` prove so much work?"""
    digest = sha256(lp("wb1/pow", challenge, conv, nonce))
    return int.from_bytes(digest, "big") >> (256 - bits) == 0
